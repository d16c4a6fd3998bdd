"""One picture of a film and what is known of the whole film."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One upright picture (the file's rotation flag already applied) and when it is shown."""

    index: int
    """Number of the frame in the file, from 0, in the order of presentation."""
    time_s: float
    """The file's own presentation time, seconds from the first frame."""
    image_rgb: UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True, kw_only=True)
class FilmInfo:
    """What a film's header says, before its frames are read."""

    path: Path
    width: int
    """Pixels, after rotation."""
    height: int
    """Pixels, after rotation."""
    fps: float
    """Average frames per second by the header."""
    frame_count: int | None
    """By the header, None when it does not say. The frames that can be read may be fewer."""
    rotation_deg: int
    """Clockwise turn that was applied to make the pictures upright: 0, 90, 180, 270."""
