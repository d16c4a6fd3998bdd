"""`spsnet run` and the same things from Python, on a second of real film."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

import spsnet
from end_to_end.conftest import FRAMES, SIZE, Encode, Run
from spsnet.assets import find_home
from spsnet.cli.main import main
from spsnet.geometry import project_points
from spsnet.pipeline import recover as main_path
from spsnet.pipeline.reporting import REPORT_DATA_FILE, REPORT_FILE, remake_report
from spsnet.pipeline.results import OVERLAY_FILE, SUMMARY_FILE, load_summary
from spsnet.pipeline.settings import RunSettings
from spsnet.records import UserError
from spsnet.video import compute_sha256, open_film

WOMAN_PX = np.array([[285.0, 135.0], [340.0, 262.0]])
"""Left and right, top and bottom of where she walks in the small film."""


@dataclass(frozen=True)
class Walk:
    """The small film and what a run on defaults made of it."""

    film: Path
    result: Path

    def load(self) -> dict[str, np.ndarray]:
        with np.load(self.result / "person_001.npz", allow_pickle=False) as data:
            return dict(data)


@pytest.fixture(scope="module")
def walk(encode: Encode, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    folder = tmp_path_factory.mktemp("walk")
    film = encode(folder / "walk.mp4", FRAMES)
    assert main(["run", str(film), "-o", str(folder / "out")]) == 0
    return Walk(film, folder / "out" / "walk")


# What is written.


def test_the_folder_holds_what_is_promised_and_nothing_else(walk: Walk) -> None:
    people = [f"person_{number:03d}.npz" for number in range(1, len(load_summary(walk.result)["people"]) + 1)]
    names = sorted(path.name for path in walk.result.iterdir())
    assert names == [OVERLAY_FILE, *people, REPORT_FILE, REPORT_DATA_FILE, SUMMARY_FILE]
    assert [path.name for path in walk.result.parent.iterdir()] == ["walk"]


def test_summary(walk: Walk) -> None:
    summary = json.loads((walk.result / SUMMARY_FILE).read_text())
    assert summary["spsnet"] == spsnet.__version__
    told = summary["input"]
    assert told["sha256"] == compute_sha256(walk.film)
    assert told["bytes"] == walk.film.stat().st_size
    assert (told["width"], told["height"], told["fps"], told["frames"]) == (*SIZE, 30.0, FRAMES)
    for part in ("model", "encoder", "detector"):
        assert summary[part]["name"]
        assert len(summary[part]["sha256"]) == 64
    stages = {"load", "decode", "detect", "track", "encode", "network", "refine", "draw", "write", "report"}
    assert stages <= set(summary["seconds"])
    assert summary["person_frames"] == sum(person["frames"] for person in summary["people"])
    rate = summary["person_frames"] / summary["seconds_total"]
    assert summary["person_frames_per_second"] == pytest.approx(rate, rel=0.01)
    assert summary["peak_memory_mb"] is None or summary["peak_memory_mb"] > 50
    assert summary["warnings"] == []
    for person in summary["people"]:
        with np.load(walk.result / person["file"]) as data:
            assert data["frame_index"][[0, -1]].tolist() == [person["first_frame"], person["last_frame"]]
            assert len(data["frame_index"]) == person["frames"]


def test_archive(walk: Walk) -> None:
    person = walk.load()
    time, joints = len(person["frame_index"]), 24 + 17
    wanted = {
        "track_id": ((), "i"), "frame_index": ((time,), "i"), "time_s": ((time,), "f"), "box_xys_px": ((time, 3), "f"),
        "confidence": ((time,), "f"), "filled_mask": ((time,), "b"), "pose_rad": ((time, 72), "f"),
        "shape": ((10,), "f"), "crop_camera": ((time, 3), "f"), "translation_m": ((time, 3), "f"),
        "focal_px": ((), "f"), "joints_m": ((time, joints, 3), "f"), "joints_px": ((time, joints, 2), "f"),
        "joint_names": ((joints,), "U"), "keypoints_px": ((time, 33, 3), "f"), "body": ((), "U"), "model": ((), "U"),
        "fps": ((), "f"),
    }  # fmt: skip
    assert {key: (value.shape, value.dtype.kind) for key, value in person.items()} == wanted
    assert all(np.isfinite(value).all() for value in person.values() if value.dtype.kind == "f")
    assert person["time_s"] == pytest.approx(person["frame_index"] / 30, abs=1e-4)
    assert ((person["confidence"] >= 0) & (person["confidence"] <= 1)).all()
    assert person["fps"] == 30
    assert person["focal_px"] == SIZE[0]
    assert len(set(person["joint_names"][24:].tolist())) == 17


def test_joints_in_the_picture_are_those_in_space_seen_by_the_camera(walk: Walk) -> None:
    person = walk.load()
    center = np.array(SIZE) / 2
    projected = project_points(person["joints_m"].astype(np.float64), float(person["focal_px"]), center)
    assert np.abs(projected - person["joints_px"]).max() < 0.05
    from_crop = person["crop_camera"][:, 1:] / person["crop_camera"][:, :1]
    side, middle = person["box_xys_px"][:, 2:], person["box_xys_px"][:, :2]
    depth = 2 * person["focal_px"] / (person["crop_camera"][:, :1] * side)
    assert depth[:, 0] == pytest.approx(person["translation_m"][:, 2], rel=1e-4)
    across = from_crop + (middle - center) * depth / person["focal_px"]
    assert across == pytest.approx(person["translation_m"][:, :2], abs=1e-3)


def test_the_woman_is_one_track_and_the_body_is_on_her(walk: Walk) -> None:
    people = [np.load(path) for path in sorted(walk.result.glob("person_*.npz"))]
    hers = [
        person
        for person in people
        if (np.abs(np.median(person["joints_px"][:, 0], axis=0) - WOMAN_PX.mean(0)) < (60, 40)).all()
    ]
    (person,) = hers
    assert len(person["frame_index"]) >= 0.9 * FRAMES
    names = person["joint_names"].tolist()
    head, ankles = (person["joints_px"][:, [names.index(name) for name in part]] for part in (["head"], ["left_ankle"]))
    height = np.median(person["keypoints_px"][:, [29, 30], 1].mean(1) - person["keypoints_px"][:, 0, 1])
    assert 80 < height < 130
    assert (ankles[..., 1] - head[..., 1] > 0.5 * height).all()
    limbs = {"left_shoulder": 11, "right_shoulder": 12, "left_knee": 25, "right_knee": 26, "left_elbow": 13}
    body = person["joints_px"][:, [24 + names[24:].index(name) for name in limbs]]
    distance = np.linalg.norm(body - person["keypoints_px"][:, list(limbs.values()), :2], axis=-1)
    assert np.median(distance) < 0.03 * height


def test_overlay(walk: Walk) -> None:
    film, overlay = open_film(walk.film), open_film(walk.result / OVERLAY_FILE)
    shown = list(overlay.frames())
    assert [frame.time_s for frame in shown] == pytest.approx([frame.time_s for frame in film.frames()], abs=1e-4)
    assert overlay.info.height == SIZE[1]
    assert overlay.info.width > SIZE[0] + 50, "the side view is beside the picture"
    person = walk.load()
    first = next(film.frames()).image_rgb.astype(int)
    changed = np.abs(shown[0].image_rgb[:, : SIZE[0]].astype(int) - first).max(-1) > 40
    x, y = person["joints_px"][0, 0].round().astype(int)
    assert changed[y, x], "something is drawn where the body's middle is"
    assert not changed[:, :100].any(), "and nothing where nobody is"


def test_report(walk: Walk) -> None:
    told = json.loads((walk.result / REPORT_DATA_FILE).read_text(encoding="utf-8"))
    people = load_summary(walk.result)["people"]
    assert told["film"] == {
        "name": "walk.mp4", "width": SIZE[0], "height": SIZE[1], "fps": 30.0, "frames": FRAMES,
        "model": load_summary(walk.result)["model"]["name"], "warnings": [],
    }  # fmt: skip
    assert [person["person"] for person in told["people"]] == [person["id"] for person in people]
    assert [person["frames"] for person in told["people"]] == [person["frames"] for person in people]
    assert all(0 < person["off_percent"] < 15 for person in told["people"])
    page = (walk.result / REPORT_FILE).read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 4 * len(people)
    assert all(finding["remedy"] in page for finding in told["findings"])


def test_a_report_can_be_made_anew(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "out" / "film"
    before = (folder / REPORT_DATA_FILE).read_text(encoding="utf-8")
    for name in (REPORT_FILE, REPORT_DATA_FILE):
        (folder / name).unlink()
    remake_report(folder, tmp_path / "film.mp4")
    again = json.loads((folder / REPORT_DATA_FILE).read_text(encoding="utf-8"))
    assert again["findings"] == json.loads(before)["findings"]
    assert (folder / REPORT_FILE).read_text(encoding="utf-8").count("data:image/jpeg;base64,") > 0
    remake_report(folder, tmp_path / "gone.mp4")
    assert "data:image" not in (folder / REPORT_FILE).read_text(encoding="utf-8")


def test_two_runs_agree(finished: Path, run: Run) -> None:
    again = run(finished / "film.mp4").load()
    with np.load(finished / "out" / "film" / "person_001.npz") as before:
        assert sorted(again) == sorted(before)
        assert all(np.array_equal(again[key], before[key]) for key in before)


# What can be chosen.


def test_done_before_is_left_as_it_is(finished: Path, run: Run, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    mark = tmp_path / "out" / "film" / "mark"
    mark.touch()
    outcome = run(tmp_path / "film.mp4")
    assert (outcome.code, outcome.said) == (0, "")
    assert outcome.told.endswith("film: done before, left as it is; --force does it again\n")
    assert mark.exists()
    outcome = run(tmp_path / "film.mp4", "--force")
    assert outcome.code == 0
    assert not mark.exists()
    assert not (tmp_path / "out" / "film" / OVERLAY_FILE).exists()


def test_another_film_of_the_same_name_is_not_taken_for_it(
    finished: Path, run: Run, encode: Encode, tmp_path: Path
) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    (tmp_path / "other").mkdir()
    other = encode(tmp_path / "other" / "film.mp4", 1)
    outcome = run(other)
    assert outcome.code == 1
    assert f"{other}: " in outcome.said
    assert "already holds the result of" in outcome.said
    assert "choose another folder with -o, or replace it with --force" in outcome.said
    shutil.copy(other, tmp_path / "film.mp4")
    summary = tmp_path / "out" / "film" / SUMMARY_FILE
    summary.write_text(summary.read_text().replace(str(finished), str(tmp_path)))
    assert "already holds the result of this file before it changed" in run(tmp_path / "film.mp4").said
    shutil.copy(finished / "film.mp4", other)
    assert run(other).code == 0, "the same content elsewhere is the same film"
    (tmp_path / "film.mp4").unlink()
    assert "there is no such file" in run(tmp_path / "film.mp4").said


def test_several_in_turn_one_of_them_bad(run: Run, encode: Encode, tmp_path: Path) -> None:
    (tmp_path / "b.mp4").write_text("no film")
    (tmp_path / "other").mkdir()
    for name in ("a.mp4", "c.mp4", "other/c.mp4"):
        encode(tmp_path / name, 1)
    outcome = run(tmp_path / "?.mp4", tmp_path / "a.mp4", tmp_path / "other" / "c.mp4", "--force")
    assert outcome.code == 1
    assert outcome.results == ["a", "c"]
    bad, taken, last = outcome.said.splitlines()
    assert "b.mp4: this is not a video file" in bad
    assert (
        f"other/c.mp4: its result would take the place of that of {tmp_path / 'c.mp4'}; run it with another -o" in taken
    )
    assert last.startswith("spsnet: 2 of 4 inputs could not be done: ")
    assert load_summary(outcome.out / "c")["input"]["path"] == str(tmp_path / "c.mp4")
    assert len(outcome.told.splitlines()) == 4


def test_a_folder_of_pictures_and_a_picture(run: Run, pictures: list[np.ndarray], tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    for number in range(2):
        cv2.imwrite(str(tmp_path / "frames" / f"{number}.png"), pictures[number][..., ::-1])
    outcome = run(tmp_path / "frames", tmp_path / "frames" / "1.png", overlay=True)
    assert outcome.code == 0
    assert outcome.results == ["1", "frames"]
    for name, count in {"1": 1, "frames": 2}.items():
        summary = load_summary(outcome.out / name)
        assert summary["input"]["frames"] == summary["people"][0]["frames"] == count
        assert len(summary["input"]["sha256"]) == 64
        assert len(list(open_film(outcome.out / name / OVERLAY_FILE).frames())) == count
    assert run(tmp_path / "frames").told.endswith("--force does it again\n")


def test_as_many_people_as_are_wanted(run: Run, encode: Encode, pictures: list[np.ndarray], tmp_path: Path) -> None:
    def draw_twins(number: int, width: int, height: int) -> np.ndarray:
        """The woman, and once more half as large."""
        woman = pictures[number + 5][120:270, 200:360]
        picture = cv2.resize(woman, (width, height))
        picture[height // 2 :, : width // 3] = cv2.resize(woman, (width // 3, height - height // 2))
        return picture

    film = encode(tmp_path / "film.mp4", 4, draw=draw_twins)
    assert len(run(film).summary["people"]) == 2
    outcome = run(film, "--force", "--people", "1")
    assert len(outcome.summary["people"]) == 1
    assert outcome.load()["box_xys_px"][0, 0] > SIZE[0] / 3


def test_smoothing_without_refinement(run: Run, encode: Encode, tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", 8)

    def measure_jitter(*words: str) -> float:
        outcome = run(film, "--force", "--no-refine", *words)
        assert outcome.code == 0
        assert "refine" not in outcome.summary["seconds"]
        return float(np.abs(np.diff(outcome.load()["joints_m"], 2, axis=0)).mean())

    raw, smooth, automatic = (measure_jitter(*words) for words in (["--smooth", "none"], ["--smooth", "0.1"], []))
    assert smooth < automatic < raw


def test_focal_length_moves_the_body_away(run: Run, encode: Encode, tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", 2)
    near, far = (run(film, "--force", "--focal-px", focal).load() for focal in ("480", "960"))
    assert (near["focal_px"], far["focal_px"]) == (480, 960)
    ratio = far["translation_m"][:, 2] / near["translation_m"][:, 2]
    assert ratio == pytest.approx(2, rel=0.25)


def test_the_faster_encoder_is_named_and_warned_of(run: Run, encode: Encode, tmp_path: Path) -> None:
    outcome = run(encode(tmp_path / "film.mp4", 1), "--encoder", "full")
    assert outcome.code == 0
    assert outcome.summary["encoder"]["name"] == "blazepose-full"
    (warning,) = outcome.summary["warnings"]
    assert warning.startswith("the model was trained on blazepose-heavy; with blazepose-full it is faster")


# From Python.


def test_recover_gives_what_run_writes(finished: Path) -> None:
    recovery = spsnet.recover(finished / "film.mp4")
    written = spsnet.load(finished / "out" / "film")
    assert recovery.frame_count == 4
    assert [person.track_id for person in recovery.people] == [person.track_id for person in written]
    for found, read in zip(recovery.people, written, strict=True):
        assert np.array_equal(found.joints_m.astype(np.float32), read.joints_m)
        assert np.array_equal(found.time_s, read.time_s)


def test_recover_takes_settings(finished: Path) -> None:
    recovery = spsnet.recover(str(finished / "film.mp4"), RunSettings(people=1, refine=False, focal_px=700.0))
    assert len(recovery.people) == 1
    assert recovery.people[0].focal_px == recovery.camera.focal_px == 700


def test_load_model() -> None:
    head = spsnet.load_model(str(main_path.find_default_model()))
    prediction = head.predict(np.zeros((3, head.config.features.width), np.float32))
    assert prediction.rotations.shape == (3, 24, 3, 3)


def test_load_refuses_what_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not the result of a run: it has no summary\.json"):
        spsnet.load(tmp_path)


# Nothing phones home.

_WATCHED = """
import sys
def refuse(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess", "os.posix_spawn")):
        sys.stderr.write(f"{event} {arguments}\\n")
        raise SystemExit(3)
sys.addaudithook(refuse)
from spsnet.cli.main import main
sys.exit(main())
"""


def test_no_connection_is_made(encode: Encode, tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", 1)
    environment = {"SPSNET_HOME": str(find_home().absolute()), "HOME": str(tmp_path / "home"), "PATH": ""}
    words = ["run", str(film), "-o", str(tmp_path / "out"), "--model", str(main_path.find_default_model())]
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "home").exists(), "and nothing is written into the home folder"
