"""The model that ships: landmarks of BlazePose `heavy`, the SPS network on a learned stem, plain losses."""

from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.training.loop import LoopConfig
from spsnet.training.recipe import TrainingRecipe

STEPS = 8000


def make_recipe() -> TrainingRecipe:
    """About an hour on one core."""
    features = FeatureConfig(use_confidence=False)
    network = NetworkConfig(
        feature_width=features.width,
        stem_width=256,
        stem_layers=2,
        hidden=512,
        regressor_activation="leaky_relu",
        regressor_dropout=0.0,
        attention_scale="sqrt_d",
    )
    return TrainingRecipe(
        name="default",
        version="0.1",
        encoder="blazepose-heavy",
        features=features,
        network=network,
        loop=LoopConfig(steps=STEPS, batch=32, learning_rate=1e-3),
    )
