"""Pictures of what was made and what the encoder saw of it, to be looked at."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from spsnet.records import Observation
from spsnet.synthesis.frames import Exposure

_LEFT_BGR, _RIGHT_BGR, _ABSENT_BGR = (60, 140, 255), (255, 160, 40), (128, 128, 128)
_OUTLINE_BGR = (255, 255, 255)


class ContactSheet:
    """Keeps the first frame of the first windows and lays them out: as drawn, and occluded beside it."""

    def __init__(self, columns: int = 5, rows: int = 8) -> None:
        self._columns, self._room = columns, columns * rows
        self._pictures: list[UInt8[np.ndarray, "height width 3"]] = []

    def add(self, _window: int, frame: int, exposure: Exposure) -> None:
        """Take a picture in, with the landmarks drawn: left orange, right blue, grey where nobody was seen.

        The outline of what is seen of the person is white.
        """
        if frame or len(self._pictures) >= self._room:
            return
        clean = _draw_landmarks(exposure.image_rgb, exposure.seen)
        outlines, _ = cv2.findContours(
            exposure.rendered.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(clean, outlines, -1, _OUTLINE_BGR, 1)
        self._pictures.append(np.hstack([clean, _draw_landmarks(exposure.occluded_rgb, exposure.occluded)]))

    def save(self, path: Path) -> None:
        """Write a PNG; nothing if no picture came."""
        if not self._pictures:
            return
        blank = np.full_like(self._pictures[0], 255)
        missing = -len(self._pictures) % self._columns
        cells = [*self._pictures, *[blank] * missing]
        rows = [np.hstack(cells[i : i + self._columns]) for i in range(0, len(cells), self._columns)]
        encoded = cv2.imencode(".png", np.vstack(rows))[1]
        path.write_bytes(encoded.tobytes())


def _draw_landmarks(image_rgb: UInt8[np.ndarray, "height width 3"], seen: Observation) -> np.ndarray:
    picture = np.ascontiguousarray(image_rgb[..., ::-1])
    for i, (x, y) in enumerate(seen.landmarks_px[:, :2]):
        is_left = i in (1, 2, 3, 7, 9) or (i > 10 and i % 2 == 1)
        color = _ABSENT_BGR if seen.presence < 0.5 else _LEFT_BGR if is_left else _RIGHT_BGR
        cv2.circle(picture, (round(float(x)), round(float(y))), 2, color, -1, cv2.LINE_AA)
    return picture
