import json
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.walker import SIZE, SeeingEncoder, draw_walker
from reference import (
    made_amass,
    made_human36m_cdf,
    made_human36m_json,
    made_instavariety,
    made_kinetics,
    made_mpi_inf_3dhp,
    made_penn_action,
    made_posetrack18,
    made_three_dpw,
)
from reference.command_line import assert_refused, call
from reference.made_windows import make_windows
from spsnet.assets import fetch
from spsnet.datasets.catalogue import CATALOGUE, make_reader
from spsnet.datasets.prepared import PreparedClip, PreparedClips, name_film
from spsnet.datasets.shards import load_windows, save_shard
from spsnet.pipeline import preparing, preparing_clips, preparing_windows
from spsnet.pipeline.window_folder import PreparedFilm
from spsnet.records import BodyParameters, Clip

WALK = PreparedFilm(
    name="walk.mp4", sha256=64 * "a", people=1, windows=3, seen_frames=90, silhouettes=60, first_shard=0, shards=1
)


def refuse(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command says that was called with wrong arguments, without the box about it."""
    assert call(*words) == 2
    return " ".join(capsys.readouterr().err.replace("│", " ").split())


# Data sets that are read as clips.


def write_3dpw(raw: Path) -> None:
    made_three_dpw.write_sequence(raw, made_three_dpw.make_arrays(), pictures=False)


def write_mpi_inf_3dhp(raw: Path) -> None:
    made_mpi_inf_3dhp.write_test(raw, made_mpi_inf_3dhp.make_test(), pictures=False)
    made_mpi_inf_3dhp.write_train(raw, made_mpi_inf_3dhp.make_train())


def write_human36m(raw: Path) -> None:
    made_human36m_cdf.write_subjects(raw)


def write_human36m_json(raw: Path) -> None:
    for subject in (9, 11):
        made_human36m_json.write_subject(raw, subject, made_human36m_json.make_files(subject))
    (raw / "images").rename(raw / "elsewhere")


def write_penn_action(raw: Path) -> None:
    made_penn_action.write(raw, "0001", made_penn_action.make_label(train=0))
    made_penn_action.write(raw, "0002", made_penn_action.make_label(train=1))


def write_posetrack18(raw: Path) -> None:
    made_posetrack18.write_film(raw, made_posetrack18.make_film())


def write_instavariety(raw: Path) -> None:
    labels = made_instavariety.make_labels()
    made_instavariety.write(raw, made_instavariety.make_features(labels, train=False), split="test", name="tag")


def write_synthetic(raw: Path) -> None:
    save_shard(raw, 0, {"blazepose-heavy": make_windows(2, 5)})


@dataclass(frozen=True, kw_only=True)
class Case:
    """A data set with its options, and what is said of it at the end."""

    name: str
    write: Callable[[Path], None]
    words: tuple[str, ...] = ()
    options: tuple[tuple[str, object], ...] = ()
    split: str = "test"
    said: str


CASES = [
    Case(name="3dpw", write=write_3dpw, said="1 film, 2 people, 12 frames"),
    Case(name="mpi-inf-3dhp", write=write_mpi_inf_3dhp, said="1 film, 1 person, 5 frames"),
    Case(
        name="mpi-inf-3dhp",
        write=write_mpi_inf_3dhp,
        words=("--split", "train", "--universal"),
        options=(("universal", True),),
        split="train",
        said="2 films, 2 people, 10 frames",
    ),
    Case(name="human36m", write=write_human36m, said="4 films, 4 people, 28 frames"),
    Case(
        name="human36m",
        write=write_human36m_json,
        words=("--protocol", "1"),
        options=(("protocol", 1),),
        said="15 films, 15 people, 75 frames",
    ),
    Case(
        name="penn-action",
        write=write_penn_action,
        words=("--swap-sides",),
        options=(("swap_sides", True),),
        said="1 film, 1 person, 5 frames",
    ),
    Case(
        name="posetrack18",
        write=write_posetrack18,
        words=("--fps", "30"),
        options=(("fps", 30.0),),
        split="val",
        said="1 film, 2 people, 7 frames",
    ),
    Case(name="instavariety", write=write_instavariety, said="1 film, 1 person, 3 frames"),
    Case(name="synthetic", write=write_synthetic, split="all", said="2 films, 2 people, 10 frames"),
]


def assert_same(clip: Clip, expected: Clip) -> None:
    for field in fields(Clip):
        value, other = getattr(clip, field.name), getattr(expected, field.name)
        if isinstance(value, BodyParameters):
            for part in fields(BodyParameters):
                np.testing.assert_array_equal(getattr(value, part.name), getattr(other, part.name))
        elif isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, other)
        else:
            assert value == other, field.name


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join([case.name, *case.words]))
def test_every_data_set_is_prepared_without_its_pictures(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    case.write(raw)
    words = ("prepare", case.name, raw, "-o", out, "--annotation-only", *case.words)
    assert call(*words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"{out}: {case.name}, {case.split} split: {case.said}, not looked at"
    clips = PreparedClips(out)
    assert (clips.index.dataset, clips.index.split, clips.index.encoder) == (case.name, case.split, None)
    assert [line.split(": ")[0] for line in lines[:-1]] == list(clips.index.sequences)
    recorded = {**CATALOGUE[case.name].options, **dict(case.options)}
    assert clips.index.options == {k: v for k, v in recorded.items() if k not in ("pictures", "encoder")}
    reader = make_reader(case.name, dict(case.options))
    expected = [clip for name in clips.index.sequences for clip in reader.read_sequence(raw, case.split, name)]
    for prepared, clip in zip(clips, expected, strict=True):
        assert prepared.sightings == ()
        assert_same(prepared.clip, clip)
    assert call(*words) == 0
    assert capsys.readouterr().out.splitlines() == lines


@pytest.fixture
def eye(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (preparing_clips, preparing_windows):
        monkeypatch.setattr(module, "load_encoder", lambda *_, **__: SeeingEncoder())
    monkeypatch.setattr(preparing, "fetch", lambda _: Path(__file__))
    monkeypatch.setattr("spsnet.assets.fetch_all", lambda *_, **__: [])


def write_walk(raw: Path, frames: int = 9, train: int = 0) -> None:
    """Penn Action's pictures show the walker, and its 13 points lie on the walker's corners."""
    label = made_penn_action.make_label(frames, train=train)
    left, corner = 60.0 + 3 * np.arange(frames)[:, None], np.arange(13) % 4
    label["x"], label["y"] = left + 24 * (corner % 2), np.zeros((frames, 1)) + 100 + 60 * (corner // 2)
    made_penn_action.write(raw, "0001", label, frames)
    for number in range(frames):
        cv2.imwrite(str(raw / "frames" / "0001" / f"{number + 1:06d}.jpg"), draw_walker(number, *SIZE))


@pytest.mark.usefixtures("eye")
def test_people_in_pictures_are_seen_where_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_walk(raw)
    assert call("prepare", "penn-action", raw, "-o", out) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0001: 1 person, 9 frames, seen in 9",
        f"{out}: penn-action, test split: 1 film, 1 person, 9 frames, seen in 9 by blazepose-heavy",
    ]
    (prepared,) = PreparedClips(out)
    (seen,) = prepared.sightings
    np.testing.assert_array_equal(seen.frame_index, np.arange(9))
    np.testing.assert_allclose(seen.landmarks_px[:, :, 0].min(1), 60 + 3 * np.arange(9), atol=2)
    assert prepared.size_px == SIZE


@pytest.mark.usefixtures("eye")
def test_a_cut_off_run_goes_on_where_it_was(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_walk(raw)
    made_penn_action.write(raw, "0002", made_penn_action.make_label(train=0), pictures=3)
    assert call("prepare", "penn-action", raw, "-o", out) == 1
    written = name_film(out, 0).stat().st_mtime_ns
    made_penn_action.write(raw, "0002", made_penn_action.make_label(train=0))
    assert call("prepare", "penn-action", raw, "-o", out) == 0
    assert name_film(out, 0).stat().st_mtime_ns == written
    assert [prepared.clip.name for prepared in PreparedClips(out)] == ["0001", "0002"]


@pytest.mark.usefixtures("eye")
@pytest.mark.parametrize("words", [(), ("--pictures", "chosen")])
def test_pictures_of_records_are_written_beside_the_clips_or_where_it_is_said(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_instavariety(Path("raw"))
    assert call("prepare", "instavariety", "raw", "-o", "out", *words) == 0
    (prepared,) = PreparedClips(Path("out"))
    assert prepared.clip.pictures is not None
    folder = tmp_path / (words[1] if words else "out/pictures")
    assert prepared.clip.pictures.path == folder / "test" / "tag.000"  # from wherever it is looked at
    assert (prepared.clip.pictures.path / "000002.jpg").is_file()
    assert PreparedClips(Path("out")).index.options == {}


@pytest.mark.usefixtures("eye")
def test_labelled_pictures_become_windows_to_train_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_walk(raw, frames=20, train=1)
    words = ("prepare", "penn-action", raw, "-o", out, "--windows", "--swap-sides")
    for _ in range(2):
        assert call(*words) == 0
        assert capsys.readouterr().out.splitlines() == [
            "0001: 1 person, 1 windows, seen in 20 of their frames, 20 with a mask",
            f"{out}: penn-action, train split: 1 film, 1 person, 1 window; use it with --films {out}",
        ]
    windows = load_windows(out)
    assert not windows.labelled.any()
    assert windows.keypoints_px is not None
    assert (windows.keypoints_px[0, :20, 11, 2] > 0).any()  # a shoulder
    index = json.loads((out / "index.json").read_text())
    assert (index["dataset"], index["split"], index["options"]) == ("penn-action", "train", {"swap_sides": True})
    assert_refused(capsys, "holds windows made another way", *words[:-1])


def test_windows_bring_along_what_was_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_synthetic(tmp_path / "raw")
    assert call("prepare", "synthetic", tmp_path / "raw", "-o", tmp_path / "out") == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.endswith("synthetic, all split: 2 films, 2 people, 10 frames, seen in 10 by blazepose-heavy")
    clips: list[PreparedClip] = list(PreparedClips(tmp_path / "out"))
    expected = make_windows(2, 5).seen.landmarks_px
    for prepared, landmarks in zip(clips, expected, strict=True):
        np.testing.assert_array_equal(prepared.sightings[0].landmarks_px, landmarks)
    words = ("prepare", "synthetic", tmp_path / "raw", "-o", tmp_path / "other", "--encoder", "other")
    assert_refused(capsys, "was seen by blazepose-heavy, not by other", *words)


def test_two_ways_of_reading_are_not_mixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_human36m(tmp_path / "raw")
    words = ("prepare", "human36m", tmp_path / "raw", "-o", tmp_path / "out", "--annotation-only")
    assert call(*words) == 0
    capsys.readouterr()
    assert_refused(capsys, "holds something else; delete it, or take another folder", *words, "--protocol", "1")


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_a_pickle_that_runs_code_is_refused_and_runs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, sprung = tmp_path / "raw", tmp_path / "sprung"
    path = made_three_dpw.write_sequence(raw, made_three_dpw.make_arrays())
    path.write_bytes(pickle.dumps(made_three_dpw.make_arrays() | {"extra": Trap(sprung)}, protocol=2))
    words = ("prepare", "3dpw", raw, "-o", tmp_path / "out", "--annotation-only")
    assert_refused(capsys, f"{path}: refused, nothing in it was run: it asks for", *words)
    assert not sprung.exists()
    pickle.loads(path.read_bytes())
    assert sprung.exists()  # the trap is a real one


def test_without_pictures_the_remedy_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_3dpw(tmp_path / "raw")
    assert_refused(
        capsys, "or prepare with --annotation-only", "prepare", "3dpw", tmp_path / "raw", "-o", tmp_path / "o"
    )


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if entry.info.name != "films"])
def test_an_empty_folder_is_refused_in_a_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "raw").mkdir()
    assert_refused(capsys, str(tmp_path / "raw"), "prepare", name, tmp_path / "raw", "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


# Motion.


def test_amass_is_told_in_captures_clips_and_minutes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    made_amass.write(raw / "CMU" / "01_01_poses.npz", made_amass.make_arrays(90))
    made_amass.write(raw / "CMU" / "01_02_poses.npz", made_amass.make_arrays(20))
    assert call("prepare", "amass", raw, "-o", out) == 0
    assert capsys.readouterr().out.splitlines() == [
        "CMU/01_01_poses: 1 clip, 3.0 s",
        "CMU/01_02_poses: 0 clips, 0.0 s",
        f"{out}: amass: 2 captures, 1 clip, 0.1 minutes; use it with --mocap {out}",
    ]


# Films.


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
    words = ("prepare", "films", "footage-sports2d", "footage-pose2sim-multi-cam01", "-o", tmp_path / "out")
    assert_refused(
        capsys, "footage-pose2sim-multi-cam01 is for looking only: what training gave is judged on it", *words
    )
    assert not (tmp_path / "out").exists()


def test_a_missing_film_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("prepare", "films", tmp_path / "no.mp4", "-o", tmp_path / "out")
    assert_refused(capsys, f"{tmp_path / 'no.mp4'}: there is no such file or folder", *words)


def test_without_windows_there_is_no_sheet(
    asked: list[list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("prepare", "films", "x.mp4", "-o", tmp_path, "--sheet", tmp_path / "sheet.png") == 1
    assert "holds no shards" in capsys.readouterr().err


def test_listed_films_are_prepared_and_others_told(
    asked: list[list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_kinetics.write_list(tmp_path, made_kinetics.ROWS)
    films = [made_kinetics.write_film(tmp_path / "train" / name) for name in made_kinetics.NAMES[:2]]
    films[1].write_bytes(films[1].read_bytes()[:-1])
    assert call("prepare", "kinetics-400", tmp_path, "-o", tmp_path / "out") == 0
    assert asked == [films[:1]]
    said = capsys.readouterr()
    assert said.out.startswith("walk.mp4: 1 person, 3 windows")
    assert [line.split(" films ")[0] for line in said.err.splitlines()] == ["warning: 1 of 3 listed"] * 2


# Arguments.


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nothing", "raw"), "there is no data set 'nothing'; known are 3dpw, mpi-inf-3dhp"),
        (("3dpw", "raw", "--protocol", "1"), "--protocol: does not belong to 3dpw, only to human36m"),
        (("films", "a.mp4", "--universal"), "--universal: does not belong to films, only to mpi-inf-3dhp"),
        (("human36m", "raw", "--swap-sides"), "--swap-sides: does not belong to human36m, only to penn-action"),
        (("3dpw", "raw", "--pictures", "p"), "--pictures: does not belong to 3dpw, only to instavariety"),
        (("3dpw", "raw", "--encoder", "p"), "--encoder: does not belong to 3dpw, only to synthetic"),
        (("3dpw", "raw", "--split", "val"), "--split: 3dpw has no split 'val'; there is train, validation, test"),
        (("amass", "raw", "--split", "test"), "--split: amass has no split 'test'; there is none"),
        (("films", "a.mp4", "--annotation-only"), "--annotation-only: films gives windows, not annotated clips"),
        (("3dpw", "raw", "--sheet", "s.png"), "--sheet: 3dpw gives clips, of which there is no sheet"),
        (("films", "a.mp4", "--windows"), "--windows: does not belong to films, only to 3dpw, mpi-inf-3dhp, human36m"),
        (("synthetic", "raw", "--windows"), "--windows: does not belong to synthetic, only to 3dpw"),
        (("3dpw", "raw", "--windows", "--annotation-only"), "--windows: windows are made of pictures; leave out"),
        (("3dpw", "raw", "other"), "3dpw is one folder, 2 are given"),
        (("posetrack18", "raw", "--fps", "0"), "fps should be positive, got 0.0"),
        (("human36m", "raw", "--protocol", "3"), "--protocol"),
    ],
)
def test_what_does_not_belong_to_a_data_set_is_refused(
    words: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refuse(capsys, "prepare", *words, "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_wrong_arguments_end_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("films", "-o", "out"), ("films", "x.mp4"), ()):
        assert "Usage: spsnet prepare" in refuse(capsys, "prepare", *words)


def test_the_list_says_all_there_is_to_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("prepare", "--list") == 0
    said = capsys.readouterr().out
    words = " ".join(said.split())
    for name, entry in CATALOGUE.items():
        assert f"{name}: {entry.info.title}" in said
        for text in (entry.info.source, entry.info.licence, entry.gives, entry.describe_command()):
            assert " ".join(text.split()) in words
        for line in entry.info.layout.splitlines():
            assert line in said


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("prepare", "--help") == 0
    said = capsys.readouterr().out
    assert "Example: spsnet prepare films " in said
    assert "Example: spsnet prepare 3dpw " in said


def test_the_index_says_what_was_prepared(tmp_path: Path) -> None:
    write_posetrack18(tmp_path / "raw")
    assert call("prepare", "posetrack18", tmp_path / "raw", "-o", tmp_path / "out", "--annotation-only") == 0
    assert json.loads((tmp_path / "out" / "index.json").read_text()) == {
        "format": "spsnet-clips",
        "dataset": "posetrack18",
        "split": "val",
        "encoder": None,
        "options": {"fps": 25.0},
        "sequences": [made_posetrack18.FILM],
    }
