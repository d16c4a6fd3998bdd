"""Rendered windows for training: 6 frames each, every window another person, look, place and camera."""

from spsnet.synthesis.frames import FrameConfig
from spsnet.training.recipe import SynthesisRecipe


def make_recipe() -> SynthesisRecipe:
    """6,300 pictures."""
    return SynthesisRecipe(name="frames", frames=FrameConfig(windows=1050, frames=6, seed=1))
