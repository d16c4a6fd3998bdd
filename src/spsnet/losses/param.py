"""L_param: what the network says of occluded pictures against what it said of the whole ones (eq. 8)."""

from typing import NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.losses.smpl import compute_pose_loss, compute_shape_loss
from spsnet.losses.total import LossTerm, replace_missing


class ParamTerms(NamedTuple):
    """The three parts of L_param, each with a weight of its own."""

    pose: LossTerm
    shape: LossTerm
    camera: LossTerm


def compute_param_loss(
    occluded_rotations: Float[Tensor, "batch time joints 3 3"],
    occluded_shape: Float[Tensor, "batch 10"],
    occluded_camera: Float[Tensor, "batch time 3"],
    original_rotations: Float[Tensor, "batch time joints 3 3"],
    original_shape: Float[Tensor, "batch 10"],
    original_camera: Float[Tensor, "batch time 3"],
    valid_mask: Bool[Tensor, "batch time"],
) -> ParamTerms:
    r"""Squared differences of what the network gives for the covered and for the whole pictures of the same frames.

        e_pose = (R' − R)²        e_shape = (β' − β)²        e_camera = (c' − c)²,   c = (s, tx, ty)

    Convention:
        The original's are constants here: the loss teaches what to say of a covered picture, never to forget what the
        whole one showed. Rotations entry by entry, the root's among them, which is the camera's R, so the camera term
        has (s, tx, ty) alone; both runs must read the camera in the same crop. s' = 0.8 against 0.9 is 0.01.

    Args:
        occluded_rotations: R' of the run on covered pictures.
        occluded_shape: β'.
        occluded_camera: (s, tx, ty)'.
        original_rotations: R of the run on whole pictures, or the truth where it is known.
        original_shape: β.
        original_camera: (s, tx, ty).
        valid_mask: Frames that exist in both runs; a window's shape counts where any of its frames does.

    Source:
        SPS-Net, eq. 8; constants by our choice (method, section 6).
    """
    camera = replace_missing(original_camera.detach(), valid_mask)
    return ParamTerms(
        pose=compute_pose_loss(occluded_rotations, original_rotations.detach(), valid_mask),
        shape=compute_shape_loss(occluded_shape, original_shape.detach(), valid_mask.any(1)),
        camera=LossTerm.from_errors((occluded_camera - camera) ** 2, valid_mask),
    )
