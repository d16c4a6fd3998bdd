"""L_mask: the projected body against the person's mask (eq. 5)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.losses.total import LossTerm, replace_missing

_LEAST = 1e-4
"""A pixel never costs more than −log of this, 9.2."""


def compute_mask_loss(
    projected: Float[Tensor, "batch size size"],
    target: Float[Tensor, "batch size size"] | Bool[Tensor, "batch size size"],
    valid_mask: Bool[Tensor, " batch"] | Bool[Tensor, "batch size size"],
    *,
    two_sided: bool,
) -> LossTerm:
    r"""Cross-entropy of silhouettes, pixel by pixel.

        e = −m̂ log m                              as written: misses only
        e = −m̂ log m − (1 − m̂) log(1 − m)         two-sided

    with m the projected body's coverage and m̂ the mask, both bent a little off 0 and 1 so that no logarithm is wild:
    m' = ε + (1 − 2 ε) m, ε = 1e-4.

    Convention:
        A pixel of the mask that the body leaves empty costs 9.21, one it half covers 0.69. As written, a body that
        covers the whole picture costs nothing; two-sided, each pixel too many costs up to 9.21.

    Args:
        projected: m, `compute_silhouettes`.
        target: m̂, of the same square of the picture; anything, NaN too, where not valid.
        valid_mask: Frames that have a mask, or single pixels of them: two-sided, the pixels where something stands
            before the person should be left out, since there the mask says nothing of the body.
        two_sided: False for the paper's equation.

    Source:
        SPS-Net, eq. 5, which sums; the second form is ours.
    """
    wanted = replace_missing(target.to(projected.dtype), valid_mask)
    covered = _LEAST + (1 - 2 * _LEAST) * projected
    errors = -wanted * torch.log(covered)
    if two_sided:
        errors = errors - (1 - wanted) * torch.log1p(-covered)
    return LossTerm.from_errors(errors, valid_mask)
