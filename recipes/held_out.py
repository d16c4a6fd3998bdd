"""Rendered windows for measuring: motions that training never sees, other people, looks and places."""

from spsnet.synthesis.scenes import FrameConfig
from spsnet.training.recipe import SynthesisRecipe


def make_recipe() -> SynthesisRecipe:
    """64 windows."""
    frames = FrameConfig(windows=64, windows_per_shard=8, seed=14)
    return SynthesisRecipe(name="held_out", frames=frames, motions="held_out")
