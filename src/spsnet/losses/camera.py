"""L_camera: two windows that share frames should give those frames the same camera (eq. 6)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.losses.total import LossTerm


def compute_camera_loss(
    first_camera: Float[Tensor, "batch time 3"],
    first_root: Float[Tensor, "batch time 3 3"],
    second_camera: Float[Tensor, "batch time 3"],
    second_root: Float[Tensor, "batch time 3 3"],
    first_mask: Bool[Tensor, "batch time"],
    second_mask: Bool[Tensor, "batch time"],
) -> LossTerm:
    r"""Squared difference of the cameras (s, tx, ty, R) that windows S1 and S2, one frame later, give the same frames.

        e = (C¹_{i+1} − C²_i)²,    i = 1 … N − 1,    C = (s, tx, ty, R entry by entry)

    Convention:
        S1 is frames n … n + N − 1, S2 frames n + 1 … n + N of the same video: place i + 1 of S1 and place i of S2 are
        one picture. Twelve elements a shared frame. (s, tx, ty) are compared as they are, so both windows must see a
        frame through the same crop. A frame with s = 0.9 in S1 and 1.0 in S2, and R a quarter turn apart, has elements
        that sum to 0.1² + 4 = 4.01.

    Args:
        first_camera: (s, tx, ty) of S1's frames.
        first_root: R, the root's rotation, of S1's frames.
        second_camera: Of S2's frames.
        second_root: Of S2's frames.
        first_mask: True for frames that exist in S1; a shared frame counts where it exists in both.
        second_mask: In S2.

    Source:
        SPS-Net, eq. 6; R compared as a matrix, and R the root's rotation (method, section 1).
    """
    first = torch.cat([first_camera, first_root.flatten(-2)], dim=-1)
    second = torch.cat([second_camera, second_root.flatten(-2)], dim=-1)
    return LossTerm.from_errors((first[:, 1:] - second[:, :-1]) ** 2, first_mask[:, 1:] & second_mask[:, :-1])
