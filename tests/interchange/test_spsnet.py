import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spsnet
from interchange.made_results import FRAMES, HEIGHT, WIDTH, make_motion, make_person, rewrite, save_run
from spsnet.body import load_body
from spsnet.export import load_person
from spsnet.interchange import read_results, write_results
from spsnet.records import UserError


def test_everybody_of_a_run_comes_back(tmp_path: Path) -> None:
    truth = [make_person(1), make_person(7)]
    people = read_results(save_run(tmp_path / "clip", *truth), "spsnet")
    for person, own in zip(people, truth, strict=True):
        assert person.person == str(own.track_id)
        np.testing.assert_array_equal(person.frame_index, own.frame_index)
        np.testing.assert_array_equal(person.pose_rad, own.body.pose_rad.astype(np.float32))
        np.testing.assert_array_equal(person.shape, np.tile(own.body.shape.astype(np.float32), (FRAMES, 1)))
        assert person.translation_m is not None
        assert person.box_xys_px is not None
        assert person.joints_m is not None
        np.testing.assert_array_equal(person.translation_m, own.body.translation_m.astype(np.float32))
        np.testing.assert_array_equal(person.box_xys_px, own.box_xys_px.astype(np.float32))
        np.testing.assert_array_equal(person.joints_m, own.joints_m[:, :24].astype(np.float32))
        assert (person.body, person.joint_set, person.fps) == (load_body().name, "smpl24", 25)
        assert (person.focal_px, person.center_px) == (WIDTH, (WIDTH / 2, HEIGHT / 2))


def test_one_file_is_one_person(tmp_path: Path) -> None:
    folder = save_run(tmp_path / "clip", make_person(1), make_person(7))
    (person,) = read_results(folder / "person_007.npz", "spsnet")
    assert (person.person, person.center_px) == ("7", (WIDTH / 2, HEIGHT / 2))
    (folder / "summary.json").unlink()
    assert read_results(folder / "person_007.npz", "spsnet")[0].center_px is None


def test_what_is_written_is_read_as_a_run_and_by_us(tmp_path: Path) -> None:
    joints = np.random.default_rng(0).normal(size=(FRAMES, 24, 3))
    motion = make_motion("3", joints_m=joints, joint_set="smpl24")
    folder = rewrite(motion, tmp_path / "out" / "clip", "spsnet")
    (person,) = spsnet.load(folder)
    assert person.track_id == 3
    assert person.time_s.tolist() == [0, 0.04, 0.08]
    np.testing.assert_array_equal(person.confidence, [1, 1, 1])
    expected = motion.focal_px * joints[..., :2] / joints[..., 2:] + motion.center_px
    seen = joints[..., 2] > 1e-3
    np.testing.assert_allclose(person.joints_px[seen], expected[seen], rtol=1e-4)
    assert json.loads((folder / "summary.json").read_text())["people"] == [
        {"id": 3, "file": "person_003.npz", "first_frame": 0, "last_frame": 2, "frames": 3}
    ]
    (read,) = read_results(folder, "spsnet")
    for field in ("pose_rad", "shape", "translation_m", "box_xys_px", "joints_m", "frame_index"):
        np.testing.assert_allclose(getattr(read, field), getattr(motion, field), rtol=1e-6, atol=1e-6, err_msg=field)
    assert (read.focal_px, read.center_px, read.fps) == (motion.focal_px, motion.center_px, motion.fps)


def test_the_crop_camera_puts_the_body_into_its_box(tmp_path: Path) -> None:
    """f = 1280, depth 4, box 320 wide: s = 2 × 1280 / (4 × 320) = 2; in the middle of the picture t = s x."""
    motion = make_motion(
        translation_m=np.tile([0.25, -0.5, 4], (FRAMES, 1)),
        box_xys_px=np.tile([WIDTH / 2, HEIGHT / 2, 320], (FRAMES, 1)),
    )
    folder = rewrite(motion, tmp_path / "clip", "spsnet")
    np.testing.assert_allclose(load_person(folder / "person_001.npz").crop_camera[0], [2, 0.5, -1])


@pytest.mark.parametrize(
    "changes",
    [
        {"focal_px": None}, {"center_px": None}, {"box_xys_px": None}, {"fps": None},
        {"translation_m": np.tile([0.0, 0, -4], (FRAMES, 1))},
    ],
)  # fmt: skip
def test_what_is_not_known_is_nan_and_read_as_none(tmp_path: Path, changes: dict[str, Any]) -> None:
    folder = rewrite(make_motion(**changes), tmp_path / "clip", "spsnet")
    person = load_person(folder / "person_001.npz")
    assert np.isnan(person.crop_camera).all() == ("fps" not in changes)
    assert np.isnan(person.time_s).all() == ("fps" in changes)
    (read,) = read_results(folder, "spsnet")
    if "translation_m" not in changes:
        assert all(getattr(read, field) is None for field in changes)


def test_people_that_are_called_by_words_are_numbered(tmp_path: Path) -> None:
    write_results([make_motion("walk"), make_motion("7")], tmp_path / "clip", "spsnet")
    assert [person.person for person in read_results(tmp_path / "clip", "spsnet")] == ["1", "2"]


def write_text(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


def rewrite_npz(without: str = "", **changed: Any) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        with np.load(folder / "person_001.npz") as data:
            arrays = {key: data[key] for key in data.files if key != without}
        np.savez(folder / "person_001.npz", **{**arrays, **changed})

    return damage


BROKEN: list[tuple[Callable[[Path], object], str]] = [
    (lambda folder: (folder / "person_001.npz").unlink(), r"clip: holds no person_\*\.npz; give a folder that `spsnet"),
    (rewrite_npz("pose_rad"), r"person_001\.npz is not a whole person of spsnet \(.*pose_rad.*\); do the run again"),
    (rewrite_npz("fps"), r"person_001\.npz: has no 'fps'; give a folder that `spsnet run` wrote"),
    (rewrite_npz("body"), r"person_001\.npz: has no 'body'; give a folder that `spsnet run` wrote"),
    (rewrite_npz(pose_rad=np.zeros((2, 72))), r"person_001\.npz is not a whole person (.|\n)*do the run again"),
    (rewrite_npz(shape=np.full(10, np.nan)), r"person_001\.npz .*shape should be finite, 10 of 10.*do the run again"),
    (write_text("person_001.npz", "PK"), r"person_001\.npz is not a whole person of spsnet .*do the run again"),
    (write_text("summary.json", "{"), r"summary\.json: 'camera', 'center_px' cannot be read .*; do the run again"),
    (write_text("summary.json", "{}"), r"summary\.json: 'camera', 'center_px' cannot be read .*; do the run again"),
    (write_text("summary.json", '{"camera": {"center_px": [1]}}'), r"summary\.json: 'camera', 'center_px' cannot be"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_broken_runs_are_refused(tmp_path: Path, damage: Callable[[Path], object], message: str) -> None:
    folder = save_run(tmp_path / "clip")
    damage(folder)
    with pytest.raises(UserError, match=message):
        read_results(folder, "spsnet")
