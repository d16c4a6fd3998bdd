"""Single pictures for training: more people, poses and places than windows show; four in a row share one person."""

from spsnet.synthesis.scenes import FrameConfig
from spsnet.training.recipe import SynthesisRecipe


def make_recipe() -> SynthesisRecipe:
    """62,000 pictures."""
    frames = FrameConfig(windows=62_000, frames=1, person_windows=4, windows_per_shard=500, seed=12)
    return SynthesisRecipe(name="frames", frames=frames)
