"""A picture fitted into a network's input, and the boxes back out of it."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8


@dataclass(frozen=True, kw_only=True)
class Letterbox:
    """Scale and shift: p_input = scale * p_image + offset."""

    scale: tuple[float, float]
    """Along x and y; they differ by rounding to whole pixels, or where the picture is stretched."""
    offset: tuple[float, float]
    """Pixels of the input left of and above the picture."""
    image_size: tuple[int, int]
    """Width and height of the picture in its own pixels."""

    def to_image(self, points: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """Points of the input, in pixels, to the picture's own pixels."""
        return (points - np.array(self.offset)) / np.array(self.scale)

    def boxes_to_image(
        self, boxes_xyxy: Float[np.ndarray, "boxes 4"]
    ) -> tuple[Float[np.ndarray, "boxes 4"], np.ndarray]:
        """Boxes of the input in the picture's pixels, clipped to it, and which of them still have an area."""
        boxes = self.to_image(boxes_xyxy.reshape(-1, 2, 2)).clip(0, self.image_size).reshape(-1, 4)
        return boxes, ((boxes[:, 2:] - boxes[:, :2]) > 1).all(axis=1)


def fit_image(
    image_rgb: UInt8[np.ndarray, "height width 3"], width: int, height: int, *, centered: bool = False
) -> tuple[UInt8[np.ndarray, "{height} {width} 3"], Letterbox]:
    """Resize a picture to fit into width × height, its aspect kept, the rest black.

    Convention:
        1920 × 1080 into 640 × 640 is scaled by a third: 360 rows of picture, 280 black ones below.

    Args:
        image_rgb: The picture.
        width: Of the network's input, pixels.
        height: Of the network's input, pixels.
        centered: Black on both sides instead of right and below.
    """
    have_height, have_width = image_rgb.shape[:2]
    scale = min(width / have_width, height / have_height)
    new_width = min(max(round(have_width * scale), 1), width)
    new_height = min(max(round(have_height * scale), 1), height)
    left, top = ((width - new_width) // 2, (height - new_height) // 2) if centered else (0, 0)
    fitted = np.zeros((height, width, 3), np.uint8)
    interpolation = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    inside = fitted[top : top + new_height, left : left + new_width]
    inside[:] = cv2.resize(image_rgb, (new_width, new_height), interpolation=interpolation)
    return fitted, Letterbox(
        scale=(new_width / have_width, new_height / have_height),
        offset=(float(left), float(top)),
        image_size=(have_width, have_height),
    )
