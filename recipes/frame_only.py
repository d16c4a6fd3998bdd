"""The model that ships without attention and forecasting: what the temporal modules are measured against."""

from dataclasses import replace
from pathlib import Path

from spsnet.training.recipe import TrainingRecipe, load_recipe


def make_recipe() -> TrainingRecipe:
    """The default recipe, every frame on its own."""
    recipe = load_recipe(Path(__file__).with_name("default.py"), TrainingRecipe)
    network = replace(recipe.network, use_attention=False, use_forecasting=False)
    return replace(recipe, name="frame_only", network=network)
