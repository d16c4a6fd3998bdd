"""Kinetics-400: films of YouTube by the list of its annotation, without a person marked in any of them.

There is nothing to read but the films: `list_films` says which there are, and people are found in them as in any film.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from spsnet.datasets.reader import DatasetInfo
from spsnet.records import UserError

INFO = DatasetInfo(
    name="kinetics-400",
    title="Kinetics-400",
    splits=("train", "val", "test"),
    source=(
        "Download k400 with the scripts of https://github.com/cvdfoundation/kinetics-dataset and unpack it; many of "
        "the films are no longer on YouTube itself."
    ),
    licence="The list is CC BY 4.0; the films belong to those who posted them",
    layout=(
        "annotations/train.csv, val.csv, test.csv: label,youtube_id,time_start,time_end,split\n"
        "train/abseiling/0347ZoDXyP0_000095_000105.mp4, …, with a folder for each label or without\n"
        "val/…, test/…"
    ),
)
_COLUMNS = ("youtube_id", "time_start", "time_end")
_ISO_BOX = 8


def list_films(raw: Path, split: str, *, warn: Callable[[str], None] = lambda _: None) -> list[Path]:
    """The films of a split that are on the list and whole on the disk, in the list's order.

    A film is whole if the boxes of its MP4 file end where the file does and one of them is its index (`moov`): that
    finds empty, cut off and mistaken files in a moment. Whether its pictures can be decoded shows when it is read.

    Convention:
        Seconds 95 to 105 of the film 0347ZoDXyP0 are `0347ZoDXyP0_000095_000105.mp4`.

    Args:
        raw: Laid out as `INFO.layout` says.
        split: One of `INFO.splits`.
        warn: Gets a sentence each on films that are missing, damaged, twice there or not on the list.

    Raises:
        UserError: If the list or the folder is missing, the list cannot be read, or not one film of it is there.
        ValueError: If there is no such split.
    """
    if split not in INFO.splits:
        raise ValueError(f"Kinetics-400 has the splits {', '.join(INFO.splits)}, got {split!r}")
    path, folder = raw / "annotations" / f"{split}.csv", raw / split
    names = list(dict.fromkeys(_read_list(path)))
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder; unpack the films of the {split} split there")
    there: dict[str, list[Path]] = {}
    for film in sorted(folder.rglob("*.mp4")):
        there.setdefault(film.name, []).append(film)
    listed = [there[name][0] for name in names if name in there]
    if not listed:
        raise UserError(
            f"{folder} holds none of the {len(names)} films that {path} lists, such as {names[0]}; unpack them there"
        )
    films = [film for film in listed if _is_whole(film)]
    for report in _Report(
        missing=[folder / name for name in names if name not in there],
        damaged=sorted(set(listed) - set(films)),
        doubled=[copies[1] for copies in there.values() if len(copies) > 1],
        unlisted=[there[name][0] for name in there.keys() - set(names)],
        listed=len(names),
    ).describe():
        warn(report)
    if not films:
        raise UserError(
            f"{folder}: all {len(listed)} films in it are damaged, such as {listed[0]}; download them again"
        )
    return films


@dataclass(frozen=True, kw_only=True)
class _Report:
    """What is wrong with a split's films."""

    missing: list[Path]
    damaged: list[Path]
    doubled: list[Path]
    unlisted: list[Path]
    listed: int

    def describe(self) -> Iterator[str]:
        """A sentence on each thing."""
        for films, what in (
            (self.missing, "are not on the disk and were left out"),
            (self.damaged, "are damaged or no MP4 files and were left out; download them again"),
        ):
            if films:
                yield f"{len(films)} of {self.listed} listed films {what}, first {films[0]}"
        if self.doubled:
            yield f"{len(self.doubled)} films are there more than once and were taken once, first {self.doubled[0]}"
        if self.unlisted:
            yield f"{len(self.unlisted)} films are not on the list and were left out, first {min(self.unlisted)}"


def _read_list(path: Path) -> Iterator[str]:
    """File names of the films of a list."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if missing := [column for column in _COLUMNS if column not in (rows.fieldnames or ())]:
                raise UserError(
                    f"{path}: its first line names no column {missing[0]!r}; take the list of Kinetics-400 as it is"
                )
            for row in rows:
                yield _name_film(path, rows.line_num, row)
            if rows.line_num < 2:
                raise UserError(f"{path} lists no film; download it again")
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such file; put the list of Kinetics-400 there") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV ({error}); download it again") from error


def _name_film(path: Path, line: int, row: dict[str, str | None]) -> str:
    youtube_id, *times = (row[column] or "" for column in _COLUMNS)
    if not youtube_id or "/" in youtube_id or not all(time.isdecimal() for time in times):
        raise UserError(
            f"{path}, line {line}: 'youtube_id', 'time_start' and 'time_end' should be an id and whole seconds, they "
            f"are {', '.join(map(repr, (youtube_id, *times)))}; take the list of Kinetics-400 as it is"
        )
    start, end = map(int, times)
    return f"{youtube_id}_{start:06d}_{end:06d}.mp4"


def _is_whole(film: Path) -> bool:
    """Whether a file is MP4 boxes from its first byte to its last, with an index among them."""
    try:
        size, start, has_index = film.stat().st_size, 0, False
        with film.open("rb") as file:
            while start < size:
                file.seek(start)
                head = file.read(2 * _ISO_BOX)
                length, kind = int.from_bytes(head[:4]), head[4:8]
                if start == 0 and kind != b"ftyp":
                    return False
                if length == 1:
                    length = int.from_bytes(head[8:16])
                elif length == 0:
                    length = size - start
                if length < _ISO_BOX:
                    return False
                has_index = has_index or kind == b"moov"
                start += length
    except OSError:
        return False
    return has_index and start == size
