"""L_SMPL: pose and shape against their labels (eq. 4)."""

from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.losses.total import LossTerm, replace_missing

_LEAST_DISTANCE = 0.01


def compute_pose_loss(
    predicted_rotations: Float[Tensor, "batch time joints 3 3"],
    target_rotations: Float[Tensor, "batch time joints 3 3"],
    valid_mask: Bool[Tensor, "batch time"],
) -> LossTerm:
    r"""Squared difference of rotation matrices, entry by entry.

        e = (R − R̂)²,    Σ over the nine entries = ‖R − R̂‖² = 4 (1 − cos angle)

    Convention:
        A joint 90 degrees off has entries that sum to 4.

    Source:
        SPS-Net, eq. 4 writes ‖θ − θ̂‖²; compared as matrices, since axis-angle numbers jump by 2π for the same pose.
    """
    target = replace_missing(target_rotations, valid_mask)
    return LossTerm.from_errors((predicted_rotations - target) ** 2, valid_mask)


def compute_pose_distance_loss(
    predicted_rotations: Float[Tensor, "batch time joints 3 3"],
    target_rotations: Float[Tensor, "batch time joints 3 3"],
    valid_mask: Bool[Tensor, "batch time"],
) -> LossTerm:
    r"""Distance of rotation matrices, joint by joint.

        e = √(‖R − R̂‖² + ε²) = √(8 sin²(angle / 2) + ε²),   ε = 0.01

    Convention:
        An element a joint: a joint 90 degrees off is 2, one half a degree off 0.016.

    Source:
        Ours; the paper squares (`compute_pose_loss`). As `compute_distance_loss` is to `compute_joint_loss`.
    """
    target = replace_missing(target_rotations, valid_mask)
    squared = (predicted_rotations - target).square().sum((-1, -2))
    return LossTerm.from_errors((squared + _LEAST_DISTANCE**2).sqrt(), valid_mask)


def compute_shape_loss(
    predicted_shape: Float[Tensor, "batch 10"],
    target_shape: Float[Tensor, "batch 10"],
    valid_mask: Bool[Tensor, " batch"],
) -> LossTerm:
    """Squared difference of shape coefficients, (β − β̂)², of the same body model.

    Source:
        SPS-Net, eq. 4.
    """
    target = replace_missing(target_shape, valid_mask)
    return LossTerm.from_errors((predicted_shape - target) ** 2, valid_mask)
