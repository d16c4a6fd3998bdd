from collections.abc import Callable
from pathlib import Path

import pytest

from reference.made_kinetics import HEAD, NAMES, ROWS, write_film, write_list
from spsnet.datasets.kinetics import INFO, list_films
from spsnet.records import UserError


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A whole split: one film in its label's folder with a space, one with an underscore, one without a folder."""
    write_list(tmp_path, ROWS)
    for folder, name in zip(("abseiling", "air drumming", "."), NAMES, strict=True):
        write_film(tmp_path / "train" / folder / name)
    return tmp_path


def list_with_warnings(raw: Path) -> tuple[list[str], list[str]]:
    warnings: list[str] = []
    films = list_films(raw, "train", warn=warnings.append)
    assert all(film.is_file() for film in films)
    return [film.name for film in films], warnings


def test_every_listed_film_is_found_in_the_lists_order(raw: Path) -> None:
    assert list_with_warnings(raw) == (NAMES, [])
    assert list_films(raw, "train")[0] == raw / "train" / "abseiling" / NAMES[0]


def test_films_off_the_disk_are_counted(raw: Path) -> None:
    (raw / "train" / "abseiling" / NAMES[0]).unlink()
    names, warnings = list_with_warnings(raw)
    assert names == NAMES[1:]
    assert warnings == [
        f"1 of 3 listed films are not on the disk and were left out, first {raw / 'train' / NAMES[0]}",
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"\x00\x00\x00\x04free",
        lambda data: data + b"\x00\x00\x00",
        lambda data: data.replace(b"moov", b"free"),
        lambda data: b"<html>Video unavailable</html>" * 30,
    ],
)
def test_films_that_are_not_whole_are_counted(raw: Path, change: Callable[[bytes], bytes]) -> None:
    film = raw / "train" / NAMES[2]
    film.write_bytes(change(film.read_bytes()))
    names, warnings = list_with_warnings(raw)
    assert names == NAMES[:2]
    assert warnings == [
        f"1 of 3 listed films are damaged or no MP4 files and were left out; download them again, first {film}"
    ]


def test_boxes_with_long_lengths_or_to_the_end_are_whole(raw: Path) -> None:
    film = raw / "train" / NAMES[2]
    data = film.read_bytes()
    film.write_bytes(data + b"\x00\x00\x00\x01free" + (20).to_bytes(8) + b"abcd" + b"\x00\x00\x00\x00mdat rest")
    assert list_with_warnings(raw) == (NAMES, [])


def test_films_twice_there_and_off_the_list_are_counted(raw: Path) -> None:
    write_film(raw / "train" / "z" / NAMES[0])
    write_film(raw / "train" / "z" / "other_000001_000011.mp4")
    (raw / "train" / "z" / "notes.txt").write_text("no film")
    names, warnings = list_with_warnings(raw)
    assert names == NAMES
    assert warnings == [
        f"1 films are there more than once and were taken once, first {raw / 'train' / 'z' / NAMES[0]}",
        f"1 films are not on the list and were left out, first {raw / 'train' / 'z' / 'other_000001_000011.mp4'}",
    ]


def test_a_film_twice_on_the_list_is_one(raw: Path) -> None:
    write_list(raw, [*ROWS, ROWS[0]])
    assert list_with_warnings(raw) == (NAMES, [])


def test_a_list_without_labels_will_do(raw: Path) -> None:
    write_list(raw, [row.split(",", 1)[1] for row in ROWS[:2]], head="youtube_id,time_start,time_end,split")
    assert [film.name for film in list_films(raw, "train")] == NAMES[:2]


@pytest.mark.parametrize(
    ("rows", "head", "message"),
    [
        (ROWS, "label,youtube_id,time_end,split", r"its first line names no column 'time_start'; take the list"),
        ([], HEAD, r"train.csv lists no film; download it again"),
        (["a,id,1.5,10,train"], HEAD, r"train.csv, line 2: .* whole seconds, they are 'id', '1.5', '10'; take"),
        (["a,id"], HEAD, r"train.csv, line 2: .*, they are 'id', '', ''"),
        (["a,../id,1,2,train"], HEAD, r"train.csv, line 2: .* should be an id"),
        (['a,"id,1,2,train'], HEAD, r"train.csv cannot be read as CSV"),
    ],
)
def test_lists_that_are_none_are_refused(raw: Path, rows: list[str], head: str, message: str) -> None:
    write_list(raw, rows, head)
    with pytest.raises(UserError, match=message):
        list_films(raw, "train")


def test_what_is_missing_altogether_is_said(raw: Path) -> None:
    (raw / "annotations" / "train.csv").write_bytes(b"\xff\xfe\x00label")
    with pytest.raises(UserError, match=r"train.csv cannot be read as CSV \(.*\); download it again"):
        list_films(raw, "train")
    with pytest.raises(UserError, match=r"val.csv: there is no such file; put the list of Kinetics-400 there"):
        list_films(raw, "val")
    write_list(raw, ROWS).rename(raw / "annotations" / "val.csv")
    with pytest.raises(UserError, match=r"val: there is no such folder; unpack the films of the val split there"):
        list_films(raw, "val")
    (raw / "val").mkdir()
    with pytest.raises(UserError, match=rf"val holds none of the 3 films that .*val.csv lists, such as {NAMES[0]}"):
        list_films(raw, "val")
    (raw / "val" / NAMES[1]).write_bytes(b"")
    with pytest.raises(UserError, match=rf"val: all 1 films in it are damaged, such as .*{NAMES[1]}; download them"):
        list_films(raw, "val")
    with pytest.raises(ValueError, match="Kinetics-400 has the splits train, val, test, got 'all'"):
        list_films(raw, "all")
    assert INFO.name == "kinetics-400"
