"""Pictures inside the file: squares about people, as JPEG in the text."""

import base64

import cv2
import numpy as np
from jaxtyping import Float, UInt8

_MARGIN = 1.25
"""Of the square around the person."""
_QUALITY = 80


def find_square(points: Float[np.ndarray, "points 2"]) -> tuple[Float[np.ndarray, "2"], float]:
    """Upper left corner and side of the square around points, with room about them.

    Convention:
        Points from (0, 0) to (40, 80): side 100, corner (-30, -10). Never less than 20 pixels.
    """
    low, high = points.min(0), points.max(0)
    side = _MARGIN * max(float((high - low).max()), 16.0)
    return (low + high) / 2 - side / 2, side


def cut_square(
    image: UInt8[np.ndarray, "height width 3"], corner: Float[np.ndarray, "2"], side: float, size_px: int
) -> UInt8[np.ndarray, "size size 3"]:
    """The square as a picture of `size_px`; grey where it leaves the image."""
    scale = size_px / side
    matrix = np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cut = cv2.warpAffine(image, matrix, (size_px, size_px), flags=kind, borderValue=(128, 128, 128))
    return np.asarray(cut, np.uint8)


def encode_picture(image_rgb: UInt8[np.ndarray, "height width 3"], *, quality: int = _QUALITY) -> str:
    """A JPEG as the address of a picture: `data:image/jpeg;base64,…`."""
    encoded = cv2.imencode(".jpg", image_rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode('ascii')}"
