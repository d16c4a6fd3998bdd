from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spsnet.assets import fetch
from spsnet.cli.main import main
from spsnet.pipeline.preparing import PreparedFilm

WALK = PreparedFilm(
    name="walk.mp4", sha256=64 * "a", people=1, windows=3, seen_frames=90, silhouettes=60, first_shard=0, shards=1
)


def call(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[Path]]:
    """The films that were to be prepared; nothing is."""
    calls: list[list[Path]] = []

    def prepare_films(sources: list[Path], folder: Path, **_: Any) -> Iterator[PreparedFilm]:
        calls.append(list(sources))
        yield WALK

    monkeypatch.setattr("spsnet.pipeline.preparing.prepare_films", prepare_films)
    return calls


def test_each_film_is_told_in_a_line(
    asked: list[list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("prepare", "films", tmp_path / "walk.mp4", "-o", tmp_path / "out") == 0
    said = "walk.mp4: 1 person, 3 windows, seen in 90 of their frames, 60 with a mask\n"
    assert capsys.readouterr().out == said


def test_films_are_files_globs_and_names_of_the_catalogue(asked: list[list[Path]], tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4"):
        (tmp_path / name).touch()
    assert call("prepare", "films", tmp_path / "*.mp4", "footage-sports2d", "c.mp4", "-o", tmp_path / "out") == 0
    assert asked == [[tmp_path / "a.mp4", tmp_path / "b.mp4", fetch("footage-sports2d"), Path("c.mp4")]]


def test_films_for_looking_are_refused_by_their_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("prepare", "films", "footage-sports2d", "footage-pose2sim-multi-cam01", "-o", tmp_path / "out") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "footage-pose2sim-multi-cam01 is for looking only: what training gave is judged on it" in said.err
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_film_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("prepare", "films", tmp_path / "no.mp4", "-o", tmp_path / "out") == 1
    assert f"{tmp_path / 'no.mp4'}: there is no such file or folder" in capsys.readouterr().err


def test_without_windows_there_is_no_sheet(
    asked: list[list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("prepare", "films", "x.mp4", "-o", tmp_path, "--sheet", tmp_path / "sheet.png") == 1
    assert "holds no shards" in capsys.readouterr().err


def test_wrong_arguments_end_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("prepare", "3dpw", "x", "-o", tmp_path) == 2
    assert "films" in capsys.readouterr().err
    assert call("prepare", "films", "-o", tmp_path) == 2
    assert call("prepare", "films", "x.mp4") == 2


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("prepare", "--help") == 0
    assert "Example: spsnet prepare films " in capsys.readouterr().out
