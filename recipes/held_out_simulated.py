"""Simulated windows for measuring: held-out motions, landmarks with the measured noise."""

from spsnet.synthesis.scenes import FrameConfig
from spsnet.training.recipe import SynthesisRecipe


def make_recipe() -> SynthesisRecipe:
    """500 windows of 32 frames."""
    frames = FrameConfig(windows=500, frames=32, seed=3)
    return SynthesisRecipe(name="held_out_simulated", frames=frames, rendered=False, motions="held_out")
