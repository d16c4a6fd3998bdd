"""L_feature: the forecast against what came (eq. 3)."""

from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.losses.total import LossTerm


def compute_forecast_loss(
    forecast: Float[Tensor, "batch time width"],
    features: Float[Tensor, "batch time width"],
    mask: Bool[Tensor, "batch time"],
    *,
    detach_target: bool = True,
) -> LossTerm:
    r"""Squared difference of each forecast and the next frame's feature.

        e = (f_{i+1} − f'_{i+1})²,    i = 1 … N − 1

    Args:
        forecast: f'_{i+1} at place i (`NetworkOutput.forecast`).
        features: f_i as F saw it (`NetworkOutput.features`).
        mask: True for frames that exist; a pair counts where both do.
        detach_target: Whether f_{i+1} is a constant. With the paper's frozen encoder it is one anyway. With a learned
            stem it is not, and the loss would be smallest for a stem that says the same of every frame.

    Source:
        SPS-Net, eq. 3.
    """
    target = features[:, 1:].detach() if detach_target else features[:, 1:]
    return LossTerm.from_errors((target - forecast[:, :-1]) ** 2, mask[:, 1:] & mask[:, :-1])
