"""L_3D and L_2D: joints in space, in the picture, and how they move."""

from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.losses.total import LossTerm, replace_missing

_LEAST_DISTANCE_M = 1e-3
_LEAST_DISTANCE_2D = 0.01


def compute_joint_loss(
    predicted_m: Float[Tensor, "batch time joints 3"],
    target_m: Float[Tensor, "batch time joints 3"],
    valid_mask: Bool[Tensor, "batch time joints"],
    *,
    root: tuple[int, ...],
) -> LossTerm:
    r"""Squared difference of 3D joints, root-aligned.

        e = ((X − mean X_root) − (X̂ − mean X̂_root))²

    Convention:
        Metres, so elements are m²: a joint 10 cm off along x has elements (0.01, 0, 0).

    Args:
        predicted_m: Joints of the predicted body, camera axes.
        target_m: Labels; anything, NaN too, where not valid.
        valid_mask: True for labelled joints. A frame with a missing root joint does not count.
        root: Joints whose mean is the root: (0,) for the pelvis of SMPL 24, the two hips for LSP 14.

    Source:
        SPS-Net, eq. 4.
    """
    predicted, target, mask = _align_to_root(predicted_m, target_m, valid_mask, root)
    return LossTerm.from_errors((predicted - target) ** 2, mask)


def compute_distance_loss(
    predicted_m: Float[Tensor, "batch time joints 3"],
    target_m: Float[Tensor, "batch time joints 3"],
    valid_mask: Bool[Tensor, "batch time joints"],
    *,
    root: tuple[int, ...],
) -> LossTerm:
    r"""Distance of 3D joints, root-aligned: what MPJPE measures.

        e = √(‖(X − mean X_root) − (X̂ − mean X̂_root)‖² + ε²),   ε = 1 mm

    Convention:
        Metres, an element a joint: 10 cm off is 0.10. A joint that is right costs ε and has no gradient.

    Source:
        Ours; the paper squares (`compute_joint_loss`). Where the encoder took something else for the person the truth
        cannot be known, and squares let such frames outweigh all others.
    """
    predicted, target, mask = _align_to_root(predicted_m, target_m, valid_mask, root)
    return LossTerm.from_errors(((predicted - target).square().sum(-1) + _LEAST_DISTANCE_M**2).sqrt(), mask)


def compute_velocity_loss(
    predicted_m: Float[Tensor, "batch time joints 3"],
    target_m: Float[Tensor, "batch time joints 3"],
    valid_mask: Bool[Tensor, "batch time joints"],
    *,
    root: tuple[int, ...],
) -> LossTerm:
    r"""Squared difference of the joints' displacement from frame to frame, root-aligned.

        e = ((X_{i+1} − X_i) − (X̂_{i+1} − X̂_i))²

    Convention:
        m² per frame interval, N − 1 of them; an interval counts where the joint is valid at both ends.

    Source:
        Ours; not in the paper. Punishes jitter and lag, which the other losses hardly see.
    """
    predicted, target, mask = _align_to_root(predicted_m, target_m, valid_mask, root)
    error = predicted - target
    return LossTerm.from_errors((error[:, 1:] - error[:, :-1]) ** 2, mask[:, 1:] & mask[:, :-1])


def compute_keypoint_loss(
    predicted: Float[Tensor, "batch time keypoints 2"],
    target: Float[Tensor, "batch time keypoints 2"],
    confidence: Float[Tensor, "batch time keypoints"],
) -> LossTerm:
    r"""Squared difference of 2D keypoints times their confidence.

        e = c (x − x̂)²

    Convention:
        Both in the crop's coordinates, [-1, 1], however they were projected (`project_weak_perspective`, or
        `project_points` and `image_to_crop`): half a crop off along x has elements (c, 0). An element counts where its
        confidence is over 0; the mean is over their number, not over the sum of confidences.

    Source:
        SPS-Net, eq. 4.
    """
    mask = confidence > 0
    error = predicted - replace_missing(target, mask)
    return LossTerm.from_errors(confidence[..., None] * error**2, mask)


def compute_keypoint_distance_loss(
    predicted: Float[Tensor, "batch time keypoints 2"],
    target: Float[Tensor, "batch time keypoints 2"],
    confidence: Float[Tensor, "batch time keypoints"],
) -> LossTerm:
    r"""Distance of 2D keypoints times their confidence.

        e = c √(‖x − x̂‖² + ε²),   ε = 0.01

    Convention:
        As `compute_keypoint_loss`, an element a keypoint: half a crop off along x is c.

    Source:
        Ours; the paper squares.
    """
    mask = confidence > 0
    squared = (predicted - replace_missing(target, mask)).square().sum(-1)
    return LossTerm.from_errors(confidence * (squared + _LEAST_DISTANCE_2D**2).sqrt(), mask)


def _align_to_root(
    predicted_m: Float[Tensor, "batch time joints 3"],
    target_m: Float[Tensor, "batch time joints 3"],
    valid_mask: Bool[Tensor, "batch time joints"],
    root: tuple[int, ...],
) -> tuple[Tensor, Tensor, Tensor]:
    """Both joint sets minus their root, and the mask without the frames that have none."""
    indices = list(root)
    target = replace_missing(target_m, valid_mask)
    predicted = predicted_m - predicted_m[:, :, indices].mean(2, keepdim=True)
    target = target - target[:, :, indices].mean(2, keepdim=True)
    return predicted, target, valid_mask & valid_mask[:, :, indices].all(2, keepdim=True)
