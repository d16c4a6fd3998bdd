"""The losses, one file a family: each gives its elements and their mask, and `total` alone reduces them."""

from spsnet.losses.adversarial import DiscriminatorTerms, compute_discriminator_loss, compute_generator_loss
from spsnet.losses.camera import compute_camera_loss
from spsnet.losses.feature import compute_forecast_loss
from spsnet.losses.joints import (
    compute_distance_loss,
    compute_joint_loss,
    compute_keypoint_distance_loss,
    compute_keypoint_loss,
    compute_velocity_loss,
)
from spsnet.losses.mask import compute_mask_loss
from spsnet.losses.param import ParamTerms, compute_param_loss
from spsnet.losses.regularization import compute_shape_size_loss, compute_six_d_loss
from spsnet.losses.silhouette import ProjectedFaces, compute_silhouettes, project_faces
from spsnet.losses.smpl import compute_pose_distance_loss, compute_pose_loss, compute_shape_loss
from spsnet.losses.surface import build_coarse_body
from spsnet.losses.total import LossTerm, TotalLoss, compute_total_loss, join_terms

__all__ = [
    "DiscriminatorTerms",
    "LossTerm",
    "ParamTerms",
    "ProjectedFaces",
    "TotalLoss",
    "build_coarse_body",
    "compute_camera_loss",
    "compute_discriminator_loss",
    "compute_distance_loss",
    "compute_forecast_loss",
    "compute_generator_loss",
    "compute_joint_loss",
    "compute_keypoint_distance_loss",
    "compute_keypoint_loss",
    "compute_mask_loss",
    "compute_param_loss",
    "compute_pose_distance_loss",
    "compute_pose_loss",
    "compute_shape_loss",
    "compute_shape_size_loss",
    "compute_silhouettes",
    "compute_six_d_loss",
    "compute_total_loss",
    "compute_velocity_loss",
    "join_terms",
    "project_faces",
]
