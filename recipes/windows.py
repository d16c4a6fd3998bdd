"""Rendered windows for training: every one another person, look, place and camera."""

from spsnet.synthesis.scenes import FrameConfig
from spsnet.training.recipe import SynthesisRecipe


def make_recipe() -> SynthesisRecipe:
    """39,600 pictures."""
    frames = FrameConfig(windows=1200, windows_per_shard=20, seed=11)
    return SynthesisRecipe(name="windows", frames=frames)
