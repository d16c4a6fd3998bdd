"""The motion discriminator D: is this sequence of poses one that a person made?"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from spsnet.network.attention import SelfAttention
from spsnet.network.config import AttentionScale


class Discriminator(nn.Module):
    r"""Self-attention over the frames' parameters, mean, FC, sigmoid.

        J_i = [β, θ_i]        M = mean over valid frames of A_D(J)_i        D = sigmoid(FC(M))

    Source:
        SPS-Net, section 3.2: J_i has 82 numbers. `pose_width` and `shape_width` let other choices in, such as 69 and 0.
    """

    def __init__(self, *, pose_width: int = 72, shape_width: int = 10, scale: AttentionScale = "none") -> None:
        super().__init__()
        self.attention = SelfAttention(pose_width + shape_width, scale=scale)
        self.judge = nn.Linear(pose_width + shape_width, 1)

    def forward(
        self,
        pose: Float[Tensor, "batch time pose"],
        shape: Float[Tensor, "batch shape"],
        mask: Bool[Tensor, "batch time"],
    ) -> Float[Tensor, " batch"]:
        """One number in (0, 1) a sequence, 1 for real."""
        joined = self.join(pose, shape, mask)
        return torch.sigmoid(self.judge(average_frames(self.attention(joined, mask), mask)))[:, 0]

    def join(
        self,
        pose: Float[Tensor, "batch time pose"],
        shape: Float[Tensor, "batch shape"],
        mask: Bool[Tensor, "batch time"],
    ) -> Float[Tensor, "batch time joined"]:
        """J_i, 0 where masked."""
        joined = torch.cat([shape[:, None].expand(-1, pose.shape[1], -1), pose], dim=-1)
        return torch.where(mask[..., None], joined, torch.zeros_like(joined))


def average_frames(
    values: Float[Tensor, "batch time width"], mask: Bool[Tensor, "batch time"]
) -> Float[Tensor, "batch width"]:
    """Mean over the frames that exist; 0 for a window that has none."""
    weight = mask.to(values.dtype)[..., None]
    return (weight * values).sum(1) / weight.sum(1).clamp(min=1)
