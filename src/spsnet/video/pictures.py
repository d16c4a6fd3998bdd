"""A folder of pictures, or one picture, as a film."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from spsnet.records import FilmInfo, Frame, UserError

PICTURE_SUFFIXES = frozenset(
    {".bmp", ".jpeg", ".jpg", ".jp2", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"},
)


def list_pictures(folder: Path) -> list[Path]:
    """List the pictures of a folder in natural order (`2.png` before `10.png`), hidden files left out.

    Raises:
        UserError: If there are none.
    """
    files = [file for file in folder.iterdir() if not file.name.startswith(".") and file.is_file()]
    pictures = [file for file in files if file.suffix.lower() in PICTURE_SUFFIXES]
    if not pictures:
        count = f"{len(files)} file{'s' if len(files) > 1 else ''}"
        found = f"{count}, none of them a picture" if files else "no files"
        raise UserError(f"{folder}: the folder holds {found}; put .jpg or .png pictures directly in it")
    return sorted(pictures, key=lambda file: (_split_numbers(file.name), file.name))


class PictureFilm:
    """Pictures of one size shown one after the other at a fixed rate.

    EXIF orientation is applied to each picture; gray, 16-bit and transparent ones become 8-bit RGB. A picture that
    cannot be decoded is left out, its number with it.
    """

    def __init__(self, path: Path, pictures: Sequence[Path], *, fps: float) -> None:
        """Find the first readable picture, for the size.

        Args:
            path: What the user named: the folder or the picture.
            pictures: Files in film order.
            fps: Frames per second.

        Raises:
            UserError: If none of the pictures can be decoded.
        """
        self._pictures = tuple(pictures)
        self._fps = float(fps)
        self._warnings: tuple[str, ...] = ()
        for index, file in enumerate(self._pictures):
            image = _decode_picture(file)
            if image is not None:
                self._first_index = index
                height, width = image.shape[:2]
                break
        else:
            single = path in self._pictures
            what = "this is not a picture that" if single else f"none of the {len(self._pictures)} pictures in it"
            raise UserError(f"{path}: {what} can be decoded; open and save it as .png or .jpg in a picture editor")
        self._info = FilmInfo(
            path=path,
            width=width,
            height=height,
            fps=self._fps,
            frame_count=len(self._pictures),
            rotation_deg=0,
        )

    @property
    def info(self) -> FilmInfo:
        """Size of the first readable picture; `rotation_deg` is 0, each picture's own EXIF turn being applied."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the latest complete reading found wrong."""
        return self._warnings

    def frames(self) -> Iterator[Frame]:
        """Read the pictures in order.

        Raises:
            UserError: If a picture differs in size from the first, naming it.
        """
        warnings: list[str] = []
        for index, file in enumerate(self._pictures):
            image = _decode_picture(file)
            if image is None:
                warnings.append(f"{file.name} could not be decoded and was left out")
                continue
            height, width = image.shape[:2]
            if (width, height) != (self._info.width, self._info.height):
                first = self._pictures[self._first_index].name
                raise UserError(
                    f"{file}: the picture is {width}×{height}, {first} is {self._info.width}×{self._info.height}; "
                    "all pictures of a folder should have one size, move the others out"
                )
            yield Frame(index=index, time_s=(index - self._first_index) / self._fps, image_rgb=image)
        self._warnings = tuple(warnings)


def _split_numbers(name: str) -> list[tuple[int, int, str]]:
    """Split a name into numbers and text, so that sorting puts 2 before 10."""
    parts = re.findall(r"\d+|\D+", name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _decode_picture(file: Path) -> UInt8[np.ndarray, "height width 3"] | None:
    """Decode a picture to upright 8-bit RGB; None where it is broken.

    Raises:
        UserError: If the file may not be read.
    """
    try:
        data = np.frombuffer(file.read_bytes(), dtype=np.uint8)
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror or error})") from error
    if data.size == 0:
        return None
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
