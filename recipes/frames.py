"""Rendered windows for training: 8 frames each, every window another person, look, place and camera."""

from spsnet.synthesis.frames import FrameConfig
from spsnet.training.recipe import SynthesisRecipe


def make_recipe() -> SynthesisRecipe:
    """About 12,000 pictures."""
    return SynthesisRecipe(name="frames", encoder="blazepose-heavy", frames=FrameConfig(windows=1500, frames=8, seed=1))
