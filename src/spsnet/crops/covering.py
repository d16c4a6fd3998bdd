"""Cover other people in a person's crop, so that the encoder has only one to choose from.

With two overlapping people BlazePose mixes their limbs or sees the wrong one. Where the other one stands is known from
the frame before; blurred over, it no longer attracts anything. Measured on a clip with a second person pasted into it,
the landmarks against those of the clean clip (docs/encoders.md).
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float

_HIPS_AND_SHOULDERS = (11, 12, 24, 23)
"""BlazePose-33, in order round the trunk."""
_HEAD = slice(0, 11)
_HEAD_RADIUS = 0.32
_BONES = (
    (0.35, ((11, 12), (11, 23), (12, 24), (23, 24))),
    (0.36, ((23, 25), (24, 26))),
    (0.25, ((25, 27), (26, 28), (27, 31), (28, 32))),
    (0.22, ((11, 13), (12, 14), (13, 15), (14, 16))),
)
"""Thickness over the trunk's length, and the bones that have it."""
_BLUR_PX = 61


def cover_people(
    crop: Float[np.ndarray, "size size 3"],
    own_px: Float[np.ndarray, "33 2"] | None,
    others_px: Sequence[Float[np.ndarray, "33 2"]],
) -> bool:
    """Fill the bodies of other people, in place, with the blurred surroundings; what our own body hides stays.

    Args:
        crop: Picture in [0, 1].
        own_px: Where the person's own landmarks are thought to be, crop pixels; None if nobody knows.
        others_px: Those of everybody else; they may lie outside the crop.

    Returns:
        Whether anything was covered.
    """
    covered = np.zeros(crop.shape[:2], np.uint8)
    for landmarks_px in others_px:
        _paint_body(covered, landmarks_px, 1)
    if own_px is not None and covered.any():
        _paint_body(covered, own_px, 0)
    mask: Bool[np.ndarray, "size size"] = covered.view(bool)
    if not mask.any():
        return False
    kept = np.where(mask, 0, np.float32(1))
    colors = cv2.blur(crop * kept[..., None], (_BLUR_PX, _BLUR_PX))
    weights = cv2.blur(kept, (_BLUR_PX, _BLUR_PX))
    crop[mask] = colors[mask] / np.maximum(weights[mask], 1e-3)[:, None]
    return True


def _paint_body(mask: np.ndarray, landmarks_px: Float[np.ndarray, "33 2"], value: int) -> None:
    """Draw trunk, limbs and head of a person, as thick as people are."""
    size = mask.shape[0]
    low, high = landmarks_px.min(0), landmarks_px.max(0)
    if (high < 0).any() or (low > size).any():
        return
    points = np.clip(landmarks_px, -4 * size, 5 * size)
    shoulders, hips = points[[11, 12]].mean(0), points[[23, 24]].mean(0)
    trunk = max(float(np.linalg.norm(shoulders - hips)), 0.25 * float((high - low).max()))
    pixels = points.astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(pixels[list(_HIPS_AND_SHOULDERS)]), value)
    for thickness, bones in _BONES:
        for start, end in bones:
            cv2.line(mask, pixels[start].tolist(), pixels[end].tolist(), value, max(1, round(thickness * trunk)))
    center = points[_HEAD].mean(0).astype(int)
    cv2.circle(mask, center.tolist(), max(1, round(_HEAD_RADIUS * trunk)), value, -1)
