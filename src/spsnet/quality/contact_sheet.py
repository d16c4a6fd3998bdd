"""A few pictures of each person: cut out of drawn frames as these pass."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from spsnet.pages.pictures import cut_square, encode_picture
from spsnet.quality.findings import Finding
from spsnet.records import PersonMotion

_PLACES = (0.1, 0.37, 0.63, 0.9)
"""Share of a person's frames before each picture."""
_SIZE_PX = 224
_QUALITY = 72


class SheetPicture(NamedTuple):
    """One picture, ready for the page."""

    time_s: float
    frame_index: int
    source: str
    """Address with the picture in it."""


class ContactSheet:
    """Knows which frames it wants and keeps their pictures."""

    def __init__(self, people: Sequence[PersonMotion], findings: Sequence[Finding]) -> None:
        """Choose four frames a person: spread over its time, two of them moved to its first problems."""
        self._wanted: dict[int, list[tuple[PersonMotion, int]]] = {}
        self._pictures: dict[int, list[SheetPicture]] = {person.track_id: [] for person in people}
        for person in people:
            own = [finding for finding in findings if person.track_id in finding.person_ids]
            for row in choose_rows(person, own):
                self._wanted.setdefault(int(person.frame_index[row]), []).append((person, row))

    @property
    def last_frame(self) -> int:
        """Number of the last frame that is wanted; -1 where none is."""
        return max(self._wanted, default=-1)

    def wants(self, frame_index: int) -> bool:
        """Whether somebody is to be shown in this frame."""
        return frame_index in self._wanted

    def take(self, frame_index: int, picture_rgb: UInt8[np.ndarray, "height width 3"], scale: float) -> None:
        """Cut out who is wanted.

        Args:
            frame_index: Number in the film.
            picture_rgb: The frame with bodies drawn, without a side view.
            scale: Its size over the film's.
        """
        for person, row in self._wanted.get(frame_index, ()):
            x, y, side = person.box_xys_px[row].astype(np.float64) * scale
            cut = cut_square(picture_rgb, np.array([x, y]) - side / 2, side, _SIZE_PX)
            source = encode_picture(cut, quality=_QUALITY)
            self._pictures[person.track_id].append(SheetPicture(float(person.time_s[row]), frame_index, source))

    def get_pictures(self, track_id: int) -> list[SheetPicture]:
        """Of one person, by time; fewer than wanted where frames could not be read."""
        return sorted(self._pictures.get(track_id, []))


def choose_rows(person: PersonMotion, findings: Sequence[Finding]) -> list[int]:
    """Frames to show, counted from the person's first.

    Convention:
        Ten frames and no finding: 1, 3, 6, 8. A finding in frames 4 to 6: 1, 5, 6, 8.
    """
    last = len(person) - 1
    rows = [round(share * last) for share in _PLACES]
    free = set(range(len(rows)))
    for finding in findings[: len(rows) // 2]:
        middle = sum(finding.stretches[0].frames) / 2
        row = int(np.argmin(np.abs(person.frame_index - middle)))
        nearest = min(free, key=lambda i: abs(rows[i] - row))
        rows[nearest] = row
        free.remove(nearest)
    return sorted(set(rows))
