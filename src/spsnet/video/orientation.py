"""The container's display matrix: how stored pictures are turned and mirrored to stand upright."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Int32, UInt8


@dataclass(frozen=True, kw_only=True)
class Orientation:
    """What makes a stored picture upright: first mirror it left to right, then turn it."""

    turn_deg: int = 0
    """Clockwise: 0, 90, 180 or 270."""
    mirrored: bool = False

    def __post_init__(self) -> None:
        """Check that the turn is a quarter."""
        if self.turn_deg not in (0, 90, 180, 270):
            raise ValueError(f"Orientation.turn_deg should be 0, 90, 180 or 270, got {self.turn_deg}")

    @classmethod
    def from_display_matrix(cls, matrix: Int32[np.ndarray, "9"]) -> "Orientation":
        r"""Read the turn from a container's display matrix.

            p' = a p + c q + x        q' = b p + d q + y        matrix = [a b u  c d v  x y w]

        Convention:
            p to the right, q down, so the angle of (a, b) is a clockwise turn; a negative determinant is a mirror.
            A phone held upright stores [0 1 0  -1 0 0  height 0 1]: a quarter turn clockwise. Turns between the
            quarters are rounded to the nearest.

        Source:
            ISO/IEC 14496-12, track header box; fixed-point scale drops out.
        """
        a, b, c, d = (float(matrix[i]) for i in (0, 1, 3, 4))
        mirrored = a * d - b * c < 0
        if mirrored:
            a, b = -a, -b
        quarters = round(math.degrees(math.atan2(b, a)) / 90)
        return cls(turn_deg=quarters * 90 % 360, mirrored=mirrored)

    def compute_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (height, width) if self.turn_deg in (90, 270) else (width, height)

    def apply(self, image: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "upright_height upright_width 3"]:
        """Mirror and turn a stored picture; the same array where there is nothing to do."""
        if self.mirrored:
            image = cv2.flip(image, 1)
        if self.turn_deg:
            image = cv2.rotate(image, _CV2_TURNS[self.turn_deg])
        return image


_CV2_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
