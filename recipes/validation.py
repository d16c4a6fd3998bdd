"""Rendered windows for choosing between recipes, never for reporting: motions that those spare, other people."""

from spsnet.synthesis.scenes import FrameConfig
from spsnet.training.recipe import SynthesisRecipe


def make_recipe() -> SynthesisRecipe:
    """64 windows."""
    frames = FrameConfig(windows=64, windows_per_shard=8, seed=13)
    return SynthesisRecipe(name="validation", frames=frames, motions="validation")
