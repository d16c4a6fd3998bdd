"""The losses, one file a family: each gives its elements and their mask, and `total` alone reduces them."""

from spsnet.losses.feature import compute_forecast_loss
from spsnet.losses.joints import compute_joint_loss, compute_keypoint_loss, compute_velocity_loss
from spsnet.losses.regularization import compute_shape_size_loss, compute_six_d_loss
from spsnet.losses.smpl import compute_pose_loss, compute_shape_loss
from spsnet.losses.total import LossTerm, TotalLoss, compute_total_loss

__all__ = [
    "LossTerm",
    "TotalLoss",
    "compute_forecast_loss",
    "compute_joint_loss",
    "compute_keypoint_loss",
    "compute_pose_loss",
    "compute_shape_loss",
    "compute_shape_size_loss",
    "compute_six_d_loss",
    "compute_total_loss",
    "compute_velocity_loss",
]
