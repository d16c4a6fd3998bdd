"""A whole film's people."""

from dataclasses import dataclass, field

from spsnet.records.cameras import Pinhole
from spsnet.records.frame import FilmInfo
from spsnet.records.motion import PersonMotion


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What `spsnet.recover` gives: the film, its camera and everybody in it."""

    film: FilmInfo
    frame_count: int
    """Frames that could be read."""
    camera: Pinhole
    people: tuple[PersonMotion, ...]
    """By first frame, then by track."""
    body: str
    """Name of the body that the shapes are of."""
    model: str
    """Name and version of the model."""
    warnings: tuple[str, ...] = ()
    """What a user should know before trusting the result, one sentence each."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Time spent in each stage."""
