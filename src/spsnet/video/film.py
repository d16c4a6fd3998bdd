"""Open any film: a video file, a folder of pictures, one picture."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from spsnet.records import FilmInfo, Frame, UserError
from spsnet.video.pictures import PICTURE_SUFFIXES, PictureFilm, list_pictures
from spsnet.video.videofile import VideoFile


@runtime_checkable
class Film(Protocol):
    """Pictures in order, readable as often as wanted."""

    @property
    def info(self) -> FilmInfo:
        """What is known before the frames are read."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the latest complete reading found wrong, one sentence each."""

    def frames(self) -> Iterator[Frame]:
        """Read the film from its start; every call gives the same frames with the same indices.

        Frames that cannot be decoded are left out and their numbers with them, so `index` may jump.
        """


def open_film(source: Path | str, *, fps: float = 30.0) -> Film:
    """Open a video file, a folder of pictures or one picture.

    Args:
        source: Path of a file or folder.
        fps: Frames per second of a folder of pictures; a video file brings its own times.

    Raises:
        UserError: If there is nothing there, it cannot be read, or it holds no pictures; says which.
        ValueError: If `fps` is not positive.
    """
    path = Path(source)
    if not fps > 0:
        raise ValueError(f"fps should be positive, got {fps}")
    try:
        exists, is_folder = path.exists(), path.is_dir()
        if is_folder:
            return PictureFilm(path, list_pictures(path), fps=fps)
        if exists:
            _require_content(path)
    except PermissionError as error:
        raise UserError(f"{path}: you have no permission to read it; change its permissions or copy it") from error
    if not exists:
        raise UserError(f"{path}: there is no such file or folder; check the spelling")
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return PictureFilm(path, [path], fps=fps)
    return VideoFile(path)


def is_stream(source: Path | str | int) -> bool:
    """Tell a live source from a path; see `record_stream`.

    Convention:
        `0` and `"0"` are cameras unless a file of that name exists, `"rtsp://host/live"` is an address. Addresses come
        as text: a `Path` has lost its second slash.
    """
    if isinstance(source, int):
        return True
    text = str(source)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text):
        return True
    return text.isdecimal() and not Path(text).exists()


def _require_content(path: Path) -> None:
    """Refuse what is not a file with at least one byte that may be read."""
    if not path.is_file():
        raise UserError(
            f"{path}: this is a device or a pipe, not a film; give a file, a folder of pictures or a camera"
        )
    with path.open("rb") as opened:
        if not opened.read(1):
            raise UserError(f"{path}: the file is empty (0 bytes); copy or download it again")
