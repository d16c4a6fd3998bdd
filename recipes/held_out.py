"""Rendered windows for measuring: motions that training never sees, other people, looks and places."""

from spsnet.synthesis.frames import FrameConfig
from spsnet.training.recipe import SynthesisRecipe


def make_recipe() -> SynthesisRecipe:
    """48 windows of 32 frames."""
    frames = FrameConfig(windows=48, frames=32, windows_per_shard=8, seed=2)
    return SynthesisRecipe(name="held_out", frames=frames, held_out=True)
