"""Forecasting F: from a frame's feature to the next frame's."""

from jaxtyping import Float
from torch import Tensor, nn

from spsnet.network.layers import make_two_layers


class Forecasting(nn.Module):
    """f_i ↦ f'_{i+1}: two layers of the features' own width.

    Source:
        SPS-Net, section 3.1 and eq. 3 (its loss is `spsnet.losses.compute_forecast_loss`).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = make_two_layers(width)

    def forward(self, features: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """The forecast of each frame's successor, at the frame's own place: out[i] speaks of frame i + 1."""
        return self.layers(features)
