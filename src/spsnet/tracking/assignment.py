"""Which detection is which track."""

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment

from spsnet.geometry import compute_iou


def assign_boxes(
    tracks_xyxy: Float[np.ndarray, "tracks 4"], detections_xyxy: Float[np.ndarray, "detections 4"], minimum_iou: float
) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
    """Pair boxes one to one so that the sum of their IoU is greatest; pairs under `minimum_iou` do not count.

    Returns:
        Indices of tracks and of detections.

    Source:
        SORT (Bewley et al. 2016), section 3.3: IoU cost, Hungarian assignment, a minimum IoU.
    """
    iou = compute_iou(tracks_xyxy, detections_xyxy)
    iou[iou < minimum_iou] = 0
    rows, columns = linear_sum_assignment(iou, maximize=True)
    paired = iou[rows, columns] > 0
    return rows[paired], columns[paired]


def compute_overlap(
    inner_xyxy: Float[np.ndarray, "inner 4"], outer_xyxy: Float[np.ndarray, "outer 4"]
) -> Float[np.ndarray, "inner outer"]:
    """Part of each inner box's area that lies in each outer box.

    Convention:
        (0, 0, 2, 2) lies half in (1, 0, 9, 9).
    """
    a, b = inner_xyxy[:, None], outer_xyxy[None]
    shared = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None).prod(-1)
    return shared / np.maximum(compute_areas(inner_xyxy)[:, None], 1e-12)


def compute_areas(boxes_xyxy: Float[np.ndarray, "boxes 4"]) -> Float[np.ndarray, " boxes"]:
    """Width times height."""
    return (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(axis=1)
