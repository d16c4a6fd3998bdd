"""The model that ships: BlazePose `heavy`'s landmarks in 2D and 3D and the person's widths, all losses of the paper."""

from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.synthesis.motions import MotionConfig
from spsnet.training.batching import BatchConfig
from spsnet.training.loop import LoopConfig
from spsnet.training.objective import LossWeights, ObjectiveConfig
from spsnet.training.recipe import TrainingRecipe

WEIGHTS = LossWeights(
    pose=1.0,
    shape=1.0,
    joints=4.0,
    keypoints=1.0,
    velocity=25.0,
    forecast=0.5,
    mask=0.05,
    camera=0.1,
    adversarial=0.01,
    param_pose=1.0,
    param_shape=0.05,
    param_camera=0.1,
)


def make_recipe() -> TrainingRecipe:
    """See docs/training.md for what each choice was measured against."""
    features = FeatureConfig(kind="world", use_widths=True)
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
        version="0.4",
        encoder="blazepose-heavy",
        features=features,
        network=network,
        objective=ObjectiveConfig(weights=WEIGHTS, errors="distance", joints_teach_shape=False, again_share=0.2),
        loop=LoopConfig(steps=4500, batch=16, lead_steps=2000, learning_rate=1e-3, keep="last"),
        batch=BatchConfig(rendered_share=0.3, stills=128, simulated_stills=512),
        motion=MotionConfig(upper_share=0.25, limb_share=0.5),
    )
