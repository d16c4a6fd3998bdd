"""The paper's training on BlazePose's shared feature (d = 1152), which everybody can make."""

from dataclasses import replace
from pathlib import Path

from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.training.recipe import TrainingRecipe, load_recipe


def make_recipe() -> TrainingRecipe:
    """Everything else as in `paper.py`."""
    recipe = load_recipe(Path(__file__).with_name("paper.py"), TrainingRecipe)
    features = FeatureConfig(kind="vector")
    return replace(
        recipe,
        name="paper_blazepose",
        encoder="blazepose-heavy",
        features=features,
        network=NetworkConfig(feature_width=features.width),
    )
