"""Self-attention A: what each frame gathers from all frames of the window."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from spsnet.network.config import AttentionScale
from spsnet.network.layers import make_two_layers

_NO_WEIGHT = -1e30
"""Logit of a masked frame: far enough down for a weight of exactly 0, finite so that an empty window gives no NaN."""


class SelfAttention(nn.Module):
    r"""One head of self-attention whose values are the features themselves.

        w_il = q_i · k_l        a_il = softmax over l        h_i = f_i + Σ_l a_il f_l

    Convention:
        No position enters: reordering the frames reorders the output alike. A frame may attend to itself.

    Source:
        SPS-Net, eq. 1 and 2. `scale="sqrt_d"` divides the logits by √d, which eq. 1 does not.
    """

    def __init__(self, width: int, *, scale: AttentionScale = "none") -> None:
        super().__init__()
        self.query = make_two_layers(width)
        self.key = make_two_layers(width)
        self.factor = 1.0 if scale == "none" else width**-0.5

    def compute_weights(
        self, features: Float[Tensor, "batch time width"], mask: Bool[Tensor, "batch time"]
    ) -> Float[Tensor, "batch time time"]:
        """The a_il: rows sum to 1, columns of masked frames are 0."""
        logits = self.query(features) @ self.key(features).transpose(-1, -2) * self.factor
        return torch.softmax(logits.masked_fill(~mask[:, None, :], _NO_WEIGHT), dim=-1)

    def forward(
        self, features: Float[Tensor, "batch time width"], mask: Bool[Tensor, "batch time"]
    ) -> Float[Tensor, "batch time width"]:
        """h_i for every frame; masked frames (mask False) get no weight. Their features must be finite."""
        return features + self.compute_weights(features, mask) @ features
