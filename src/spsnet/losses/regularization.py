"""Small losses that need no label."""

from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.geometry import matrix_to_six_d
from spsnet.losses.total import LossTerm


def compute_shape_size_loss(shape: Float[Tensor, "batch 10"], valid_mask: Bool[Tensor, " batch"]) -> LossTerm:
    """β²: keeps the shape near the average where nothing says otherwise. Not in the paper."""
    return LossTerm.from_errors(shape**2, valid_mask)


def compute_six_d_loss(
    six_d: Float[Tensor, "batch time joints 6"],
    rotations: Float[Tensor, "batch time joints 3 3"],
    mask: Bool[Tensor, "batch time"],
) -> LossTerm:
    """Distance of regressed 6D numbers from the rotation they stand for.

        e = (a − six_d(R))²

    Gram-Schmidt forgets length and slant, so nothing else keeps them from drifting to where its gradient is flat or
    wild. The rotation is held fixed: only length and slant are punished. Not in the paper.
    """
    return LossTerm.from_errors((six_d - matrix_to_six_d(rotations).detach()) ** 2, mask)
