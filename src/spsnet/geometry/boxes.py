"""Axis-aligned boxes and square crop regions."""

import numpy as np
from jaxtyping import Float

from spsnet.geometry._array import Array


def compute_iou(
    left_xyxy: Float[np.ndarray, "left 4"], right_xyxy: Float[np.ndarray, "right 4"]
) -> Float[np.ndarray, "left right"]:
    """Area of intersection over area of union, every box with every box.

    Convention:
        (0, 0, 2, 2) and (1, 0, 3, 2) share 2 of 6: 1/3.
    """
    a, b = left_xyxy[:, None], right_xyxy[None]
    overlap = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None)
    intersection = overlap.prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - intersection
    return intersection / np.maximum(union, 1e-12)


def box_to_square(boxes_xyxy: Float[np.ndarray, "*batch 4"], scale: float) -> Float[np.ndarray, "*batch 3"]:
    """Centre and side of the square about each box, its longer edge times `scale`.

    Convention:
        (0, 0, 10, 20) with scale 1.25 gives (5, 10, 25).
    """
    center = (boxes_xyxy[..., :2] + boxes_xyxy[..., 2:]) / 2
    side = (boxes_xyxy[..., 2:] - boxes_xyxy[..., :2]).max(-1, keepdims=True) * scale
    return np.concatenate([center, side], -1)


def square_to_box(squares_xys: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 4"]:
    """Left, top, right, bottom of squares given by centre and side."""
    half = squares_xys[..., 2:] / 2
    return np.concatenate([squares_xys[..., :2] - half, squares_xys[..., :2] + half], -1)


def image_to_crop(
    points_px: Float[Array, "*batch points 2"], box_xys_px: Float[Array, "*batch 3"]
) -> Float[Array, "*batch points 2"]:
    """Image pixels to the crop's coordinates, [-1, 1] over the square, y down."""
    return (points_px - box_xys_px[..., None, :2]) * (2 / box_xys_px[..., None, 2:])


def crop_to_image(
    points: Float[Array, "*batch points 2"], box_xys_px: Float[Array, "*batch 3"]
) -> Float[Array, "*batch points 2"]:
    """The inverse of `image_to_crop`."""
    return points * (box_xys_px[..., None, 2:] / 2) + box_xys_px[..., None, :2]
