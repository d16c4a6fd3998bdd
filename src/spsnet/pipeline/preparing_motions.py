"""AMASS to motion for `--mocap`: its files checked, taken to 30 frames a second by time, cut where captures failed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spsnet.datasets.amass import INFO, list_amass, name_amass, read_amass, write_amass
from spsnet.datasets.motion_clips import FPS, MotionClip, cut_clip
from spsnet.pipeline.settings import Watch, watch_nothing
from spsnet.records import UserError


@dataclass(frozen=True, kw_only=True)
class PreparedMotion:
    """What came of one capture."""

    name: str
    """Path in the archive, without the suffix."""
    clips: int
    """Pieces in which nothing failed; none where it is shorter than a second."""
    seconds: float
    """Of all pieces."""


def prepare_motions(raw: Path, folder: Path, *, watch: Watch = watch_nothing) -> Iterator[PreparedMotion]:
    """Write AMASS's captures again as files of AMASS, small and whole; one that is in the folder already is kept.

    `--mocap` reads either folder and makes the same clips of it; of this one in a fraction of the time.

    Args:
        raw: Holds AMASS's own files at any depth.
        folder: Gets a file for each piece, in the same folders.
        watch: Gets the captures as they pass, to show progress.

    Yields:
        Each capture in turn, once it is on the disk.

    Raises:
        UserError: If there is nothing to read, a file is damaged or cannot be written, or one folder lies in the other.
    """
    own, new = raw.resolve(), folder.resolve()
    if own == new or own in new.parents or new in own.parents:
        raise UserError(f"{folder} and {raw} lie in one another, so motion would be read twice; give another -o")
    paths = list_amass(raw)
    if not paths:
        raise UserError(f"{raw} holds no .npz; {INFO.source}")
    for path in watch(paths, "captures", len(paths)):
        place = folder / path.relative_to(raw).with_suffix("")
        clips = [read_amass(piece) for piece in _find_pieces(place)]
        if not clips:
            clips = cut_clip(read_amass(path, name_amass(path, raw)))
            _write_pieces(clips, place)
        yield PreparedMotion(
            name=path.relative_to(raw).with_suffix("").as_posix(), clips=len(clips), seconds=sum(map(len, clips)) / FPS
        )


def _find_pieces(place: Path) -> list[Path]:
    """What an earlier run left: all pieces of a capture, or none."""
    whole = place.with_name(f"{place.name}.npz")
    if whole.is_file():
        return [whole]
    pieces: list[Path] = []
    while _name_piece(place, len(pieces)).is_file():
        pieces.append(_name_piece(place, len(pieces)))
    return pieces


def _write_pieces(clips: list[MotionClip], place: Path) -> None:
    """The first piece is written last: where it is, all are."""
    if len(clips) == 1:
        write_amass(clips[0], place.with_name(f"{place.name}.npz"))
        return
    for number in reversed(range(len(clips))):
        write_amass(clips[number], _name_piece(place, number))


def _name_piece(place: Path, number: int) -> Path:
    return place.with_name(f"{place.name}.{number + 1:02d}.npz")
