"""Windows for measuring in which every person is cut by the border, passed by, or among other people."""

from spsnet.synthesis.scenes import FrameConfig
from spsnet.training.recipe import SynthesisRecipe


def make_recipe() -> SynthesisRecipe:
    """64 windows."""
    frames = FrameConfig(
        windows=64,
        windows_per_shard=8,
        truncated_share=0.5,
        crowd_share=0.4,
        passing_share=0.4,
        always_troubled=True,
        seed=15,
    )
    return SynthesisRecipe(name="held_out_hard", frames=frames, motions="held_out")
