"""Rendered windows for choosing between models, never for reporting: motions of the training side, other people."""

from spsnet.synthesis.scenes import FrameConfig
from spsnet.training.recipe import SynthesisRecipe


def make_recipe() -> SynthesisRecipe:
    """32 windows."""
    frames = FrameConfig(windows=32, windows_per_shard=8, seed=13)
    return SynthesisRecipe(name="validation", frames=frames)
