"""From predictions to numbers: unreduced, in millimetres; `average` and its like are the only reductions."""

from spsnet.metrics.ground import (
    Ground,
    compute_foot_skate,
    compute_ground_penetration,
    find_contacts,
    fit_ground,
)
from spsnet.metrics.intervals import Estimate, estimate_by_joint, estimate_difference, estimate_mean
from spsnet.metrics.joints import compute_mpjpe, compute_pa_mpjpe
from spsnet.metrics.reduction import average, average_by_frame, average_by_joint, average_by_sequence
from spsnet.metrics.smoothness import (
    compute_acceleration_error,
    compute_jitter,
    convert_to_mm_frame2,
    convert_to_mm_s2,
    mask_accelerations,
)
from spsnet.metrics.surface import compute_pve
from spsnet.metrics.thresholds import AUC_THRESHOLDS_MM, PCK_THRESHOLD_MM, compute_auc, compute_pck
from spsnet.metrics.tracking import IdentifiedBoxes, TrackingScores, collect_boxes, compute_tracking_scores

__all__ = [
    "AUC_THRESHOLDS_MM",
    "PCK_THRESHOLD_MM",
    "Estimate",
    "Ground",
    "IdentifiedBoxes",
    "TrackingScores",
    "average",
    "average_by_frame",
    "average_by_joint",
    "average_by_sequence",
    "collect_boxes",
    "compute_acceleration_error",
    "compute_auc",
    "compute_foot_skate",
    "compute_ground_penetration",
    "compute_jitter",
    "compute_mpjpe",
    "compute_pa_mpjpe",
    "compute_pck",
    "compute_pve",
    "compute_tracking_scores",
    "convert_to_mm_frame2",
    "convert_to_mm_s2",
    "estimate_by_joint",
    "estimate_difference",
    "estimate_mean",
    "find_contacts",
    "fit_ground",
    "mask_accelerations",
]
