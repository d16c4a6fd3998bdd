"""Non-maximum suppression."""

import numpy as np
from jaxtyping import Float, Int

from spsnet.geometry import compute_iou


def suppress_overlaps(
    boxes_xyxy: Float[np.ndarray, "boxes 4"], confidence: Float[np.ndarray, " boxes"], maximum_iou: float
) -> Int[np.ndarray, " kept"]:
    """Indices of the boxes kept, best first: each that overlaps no better kept one by more than `maximum_iou`.

    Convention:
        Two equal boxes keep the better; boxes with an IoU of exactly `maximum_iou` are both kept.
    """
    order = np.argsort(-confidence, kind="stable")
    overlaps = compute_iou(boxes_xyxy[order], boxes_xyxy[order]) > maximum_iou
    kept_mask = np.ones(len(order), bool)
    for i in range(len(order)):
        if kept_mask[i]:
            kept_mask[i + 1 :] &= ~overlaps[i, i + 1 :]
    return order[kept_mask]
