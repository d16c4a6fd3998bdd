"""From predictions to numbers: unreduced, in millimetres; `average` and its like are the only reductions."""

from spsnet.metrics.joints import compute_mpjpe, compute_pa_mpjpe
from spsnet.metrics.reduction import average, average_by_frame, average_by_joint
from spsnet.metrics.smoothness import compute_acceleration_error, compute_jitter, mask_accelerations
from spsnet.metrics.surface import compute_pve

__all__ = [
    "average",
    "average_by_frame",
    "average_by_joint",
    "compute_acceleration_error",
    "compute_jitter",
    "compute_mpjpe",
    "compute_pa_mpjpe",
    "compute_pve",
    "mask_accelerations",
]
