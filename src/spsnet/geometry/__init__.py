"""Rotations, projections, boxes and alignment, in array-API code where gradients are needed."""

from spsnet.geometry.alignment import Similarity, apply_similarity, fit_similarity
from spsnet.geometry.boxes import box_to_square, compute_iou, crop_to_image, image_to_crop, square_to_box
from spsnet.geometry.differences import compute_second_difference
from spsnet.geometry.filters import (
    bridge_rotations,
    bridge_vectors,
    project_to_rotations,
    smooth_rotations,
    smooth_vectors,
)
from spsnet.geometry.projection import (
    crop_camera_to_translation,
    project_points,
    project_weak_perspective,
    translation_to_crop_camera,
)
from spsnet.geometry.rotations import (
    axis_angle_to_matrix,
    cross,
    geodesic_angle,
    identity_like,
    interpolate_rotations,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    matrix_to_six_d,
    quaternion_to_axis_angle,
    quaternion_to_matrix,
    rotation_between,
    six_d_to_matrix,
    skew,
    transpose,
)

__all__ = [
    "Similarity",
    "apply_similarity",
    "axis_angle_to_matrix",
    "box_to_square",
    "bridge_rotations",
    "bridge_vectors",
    "compute_iou",
    "compute_second_difference",
    "crop_camera_to_translation",
    "crop_to_image",
    "cross",
    "fit_similarity",
    "geodesic_angle",
    "identity_like",
    "image_to_crop",
    "interpolate_rotations",
    "matrix_to_axis_angle",
    "matrix_to_quaternion",
    "matrix_to_six_d",
    "project_points",
    "project_to_rotations",
    "project_weak_perspective",
    "quaternion_to_axis_angle",
    "quaternion_to_matrix",
    "rotation_between",
    "six_d_to_matrix",
    "skew",
    "smooth_rotations",
    "smooth_vectors",
    "square_to_box",
    "translation_to_crop_camera",
    "transpose",
]
