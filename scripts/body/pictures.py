"""A plain painter for looking at bodies while they are built: shaded triangles, far to near."""

from collections.abc import Sequence

import cv2
import numpy as np

_SKIN_BGR = np.array([176.0, 196.0, 224.0])
_LIGHT = np.array([0.35, 0.5, 0.8]) / np.linalg.norm([0.35, 0.5, 0.8])


def paint_mesh(
    vertices: np.ndarray,
    faces: np.ndarray,
    *,
    turn_rad: float = 0.0,
    height_px: int = 480,
    width_px: int = 300,
    span_m: float = 2.1,
    center_m: tuple[float, float] = (0.0, 0.0),
    marks: np.ndarray | None = None,
) -> np.ndarray:
    """Paint one mesh (y up, facing +z) seen from the front after a turn about the vertical.

    Args:
        vertices: (V, 3) metres.
        faces: (F, 3) outward, counter-clockwise.
        turn_rad: Turn of the body about +y; π/2 shows its right side.
        height_px: Height of the picture.
        width_px: Width of the picture.
        span_m: Metres shown over the height.
        center_m: Point (x, y) shown at the centre.
        marks: (N, 3) points to dot in red, or None.

    Returns:
        (height_px, width_px, 3) uint8, BGR.
    """
    cosine, sine = np.cos(turn_rad), np.sin(turn_rad)
    turn = np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])
    turned = vertices @ turn.T
    scale = height_px / span_m

    def to_pixels(points: np.ndarray) -> np.ndarray:
        across = (points[:, 0] - center_m[0]) * scale + width_px / 2
        down = height_px / 2 - (points[:, 1] - center_m[1]) * scale
        return np.stack([across, down], axis=1)

    corners = turned[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    shade = 0.35 + 0.65 * np.clip(normals @ _LIGHT, 0.0, 1.0)
    order = np.argsort(corners[:, :, 2].mean(axis=1))
    order = order[normals[order, 2] > 0.0]
    picture = np.full((height_px, width_px, 3), 255, np.uint8)
    pixels = np.round(to_pixels(turned) * 16).astype(np.int32)
    for face in order:
        colour = tuple(float(c) for c in _SKIN_BGR * shade[face])
        cv2.fillConvexPoly(picture, pixels[faces[face]], colour, cv2.LINE_AA, shift=4)
    if marks is not None:
        for x, y in np.round(to_pixels(marks @ turn.T) * 16).astype(int):
            cv2.circle(picture, (int(x), int(y)), 40, (0, 0, 255), -1, cv2.LINE_AA, shift=4)
    return picture


def tile_pictures(pictures: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Lay equal pictures out in rows of `columns`, the last row filled up with white."""
    blank = np.full_like(pictures[0], 255)
    padded = list(pictures) + [blank] * (-len(pictures) % columns)
    rows = [np.hstack(padded[start : start + columns]) for start in range(0, len(padded), columns)]
    return np.vstack(rows)
