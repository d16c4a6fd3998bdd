"""Fusion: one feature out of what a frame gathered and what its predecessor forecast."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class Fusion(nn.Module):
    r"""A shared FC(d, 1) scores h_i and f'_i; their softmax weighs the sum.

        F_i = α h_i + (1 − α) f'_i,    (α, 1 − α) = softmax(v·h_i + c, v·f'_i + c)
        F_1 = h_1

    Convention:
        The first frame has no forecast, nor has a frame whose predecessor is masked.

    Source:
        SPS-Net, section 3.1. The bias c cancels; it is kept because the paper says FC.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(
        self,
        gathered: Float[Tensor, "batch time width"],
        forecast: Float[Tensor, "batch time width"],
        mask: Bool[Tensor, "batch time"],
    ) -> Float[Tensor, "batch time width"]:
        """F_i for every frame.

        Args:
            gathered: h_i.
            forecast: f'_{i+1} at place i, as `Forecasting` gives it.
            mask: True for frames that exist. Forecasts must be finite where it is False too.
        """
        weight = self.compute_weights(gathered, forecast, mask)
        return weight[..., :1] * gathered + weight[..., 1:] * _delay(forecast)

    def compute_weights(
        self,
        gathered: Float[Tensor, "batch time width"],
        forecast: Float[Tensor, "batch time width"],
        mask: Bool[Tensor, "batch time"],
    ) -> Float[Tensor, "batch time 2"]:
        """α and 1 − α of every frame; 1 and 0 where there is no forecast."""
        has_forecast = torch.cat([torch.zeros_like(mask[:, :1]), mask[:, :-1]], dim=1)[..., None]
        weight = torch.softmax(torch.cat([self.score(gathered), self.score(_delay(forecast))], dim=-1), dim=-1)
        return torch.where(has_forecast, weight, weight.new_tensor([1.0, 0.0]))


def _delay(forecast: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch time width"]:
    """What was forecast of each frame, at its own place; 0 for the first."""
    return torch.cat([torch.zeros_like(forecast[:, :1]), forecast[:, :-1]], dim=1)
