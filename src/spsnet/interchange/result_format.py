"""What there is to know of a format of results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from spsnet.export import Scene
from spsnet.records import PredictedMotion


@runtime_checkable
class Reader(Protocol):
    """Reads a file of results."""

    def __call__(self, path: Path, *, vertices: bool) -> list[PredictedMotion]:
        """Every person in it, meshes only where wanted."""
        ...


@dataclass(frozen=True, kw_only=True)
class ResultFormat:
    """A format of results: its reader, its writer, and what it has room for."""

    name: str
    """As `--from` and `--to` call it."""
    title: str
    suffix: str
    """Of the files; empty where results are a folder."""
    keeps: frozenset[str]
    """Fields of `PredictedMotion` that a file written by us holds, beside person, frames, pose and shape."""
    needs: frozenset[str] = frozenset()
    """Fields without which there is nothing to write."""
    body: str | None
    """The body that its readers take a shape for; None where the file names it."""
    joint_sets: frozenset[str] = frozenset()
    """Joints that a file written by us holds."""
    numbered: bool = True
    """Frames have numbers, so that a motion may begin late and have holes."""
    one_shape: bool = False
    """A file has one shape for all frames."""
    find_lens: Callable[[tuple[float, float]], float] | None = None
    """The focal length that its readers take, from the picture's centre, where the file has none of its own."""
    remarks: tuple[str, ...] = ()
    """What else is left out, whatever the motion holds."""
    unread: tuple[str, ...] = ()
    """What files of the system hold that the reader leaves there."""
    single: bool = False
    """A file holds one person: several are written into a folder."""
    together: bool = False
    """A file holds everybody; a folder holds a file a person, and one with everybody, called `scene`."""
    one_frame: bool = False
    """A file shows one frame."""
    extra: tuple[str, str] | None = None
    """The library that writing needs, and the extra of ours that installs it."""
    read: Reader | None = None
    """None: files of it are written only."""
    write: Callable[[Sequence[PredictedMotion], Path], None] | None = None
    write_bodies: Callable[[Scene, Path], None] | None = None
    """In place of `write` where a file holds bodies in motion, not parameters."""
