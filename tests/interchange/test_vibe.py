from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from interchange.made_results import FRAMES, HEIGHT, VERTICES, WIDTH, dump, make_motion, make_vibe, rewrite
from spsnet.geometry import project_points
from spsnet.interchange import read_results
from spsnet.records import UserError


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_every_array_comes_back(tmp_path: Path, compress: Any) -> None:
    content = make_vibe()
    people = read_results(dump(tmp_path / "vibe_output.pkl", content, compress), "vibe", vertices=True)
    assert [person.person for person in people] == ["1", "2"]
    for person, truth in zip(people, content.values(), strict=True):
        np.testing.assert_array_equal(person.pose_rad, truth["pose"])
        np.testing.assert_array_equal(person.shape, truth["betas"])
        np.testing.assert_array_equal(person.frame_index, truth["frame_ids"])
        np.testing.assert_array_equal(person.box_xys_px, truth["bboxes"][:, :3])
        place = person.translation_m
        assert place is not None
        assert person.joints_m is not None
        assert person.vertices_m is not None
        np.testing.assert_allclose(person.joints_m - place[:, None], truth["joints3d"], atol=1e-5)
        np.testing.assert_allclose(person.vertices_m - place[:, None], truth["verts"], atol=1e-5)
        assert (person.body, person.joint_set) == ("smpl", "spin49")
        assert (person.focal_px, person.center_px) == (WIDTH, (WIDTH / 2, HEIGHT / 2))


def test_the_body_is_seen_where_the_crop_camera_puts_it(tmp_path: Path) -> None:
    """A point at the body's own depth: x = s (X + tx) of the box, half a box wide either way."""
    content = make_vibe()
    point = np.array([0.3, -0.5, 0.0])
    for person in read_results(dump(tmp_path / "a.pkl", content), "vibe"):
        truth = content[int(person.person)]
        scale, inside, boxes = truth["pred_cam"][:, :1], truth["pred_cam"][:, 1:], truth["bboxes"]
        expected = boxes[:, :2] + boxes[:, 2:3] / 2 * scale * (point[:2] + inside)
        assert person.translation_m is not None
        assert person.focal_px is not None
        seen = project_points((point + person.translation_m)[:, None], person.focal_px, np.array(person.center_px))
        np.testing.assert_allclose(seen[:, 0], expected, atol=1e-2)


def test_a_place_by_hand(tmp_path: Path) -> None:
    """1000 × 500; s b / W = 0.5 × 400 / 1000 = 0.2; depth 2 × 1000 / (0.2 × 1000) = 10 m, 1 m to the right."""
    content = {7: {key: np.asarray(value)[:1] for key, value in make_vibe()[1].items() if value is not None}}
    content[7]["pred_cam"] = np.array([[0.5, 0.0, 0.0]], np.float32)
    content[7]["orig_cam"] = np.array([[0.2, 0.4, 1.0, 0.0]], np.float32)
    content[7]["bboxes"] = np.array([[600.0, 250, 400, 400]])
    (person,) = read_results(dump(tmp_path / "a.pkl", content), "vibe")
    assert (person.person, person.focal_px, person.center_px) == ("7", 1000, (500, 250))
    assert person.translation_m is not None
    np.testing.assert_allclose(person.translation_m, [[1, 0, 10]], rtol=1e-6)


def test_meshes_are_read_where_wanted_and_joints_where_the_version_writes_them(tmp_path: Path) -> None:
    content = make_vibe()
    for person in content.values():
        del person["joints3d"]
    people = read_results(dump(tmp_path / "a.pkl", content), "vibe")
    assert all(person.vertices_m is None and person.joints_m is None for person in people)


def test_what_is_written_is_read_by_joblib_and_by_us(tmp_path: Path) -> None:
    people = read_results(dump(tmp_path / "a.pkl", make_vibe()), "vibe", vertices=True)
    motion = make_motion("12", vertices_m=people[0].vertices_m, joints_m=people[0].joints_m, joint_set="spin49")
    path = rewrite(motion, tmp_path / "b.pkl", "vibe")
    (written,) = joblib.load(path).items()
    assert written[0] == 12
    assert written[1].keys() == make_vibe()[1].keys()
    for key, value in make_vibe()[1].items():
        assert value is None or written[1][key].shape == value.shape
    (read,) = read_results(path, "vibe", vertices=True)
    assert read.fps is None
    for field in ("pose_rad", "shape", "translation_m", "box_xys_px", "joints_m", "vertices_m", "frame_index"):
        np.testing.assert_allclose(getattr(read, field), getattr(motion, field), rtol=1e-5, atol=2e-6, err_msg=field)
    assert (read.person, read.focal_px, read.center_px, read.body) == ("12", motion.focal_px, motion.center_px, "smpl")


def change(key: str, value: Any) -> Callable[[dict[int, Any]], object]:
    return lambda content: content[1].update({key: value})


BROKEN: list[tuple[Callable[[dict[int, Any]], object], str]] = [
    (lambda content: content[1].pop("orig_cam"), r"person 1, has no 'orig_cam'"),
    (change("pose", np.zeros((FRAMES, 69))), r"person 1, 'pose' should be numbers of shape \(any, 72\)"),
    (change("pose", np.zeros((0, 72))), r"person 1, 'pose' holds no frame"),
    (change("pose", np.full((FRAMES, 72), np.nan)), r"person 1, 'pose' is not finite in 216 of 216"),
    (change("betas", np.zeros((2, 10))), rf"person 1, 'betas' should be numbers of shape \({FRAMES}, 10\)"),
    (change("bboxes", np.zeros((FRAMES, 4))), r"person 1, 'bboxes' should hold positive scales"),
    (change("orig_cam", np.full((FRAMES, 4), -1.0)), r"person 1, 'orig_cam' should hold positive scales"),
    (change("pred_cam", np.arange(9.0).reshape(3, 3) + 1), r"person 1, 'orig_cam' does not follow from 'pred_cam'"),
    (change("frame_ids", np.array([3, 3, 4])), r"person 1, 'frame_ids' should be rising whole numbers"),
    (change("frame_ids", np.array([0, 1.5, 4])), r"person 1, 'frame_ids' should be rising whole numbers"),
    (change("joints3d", np.zeros((FRAMES, 24, 3))), r"person 1, 'joints3d' should be numbers of shape"),
    (change("verts", np.zeros((FRAMES, VERTICES))), r"person 1, 'verts' should be numbers of shape"),
    (change("pose", [np.zeros(72), np.zeros(3)]), r"person 1, 'pose' holds arrays of unequal shapes"),
    (change("betas", "none"), r"person 1, 'betas' should be numbers"),
    (lambda content: content.update({1: [1, 2]}), r"person 1, should be a table of arrays, is list of 2"),
    (lambda content: content.clear(), r"is empty"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_broken_files_are_refused(tmp_path: Path, damage: Callable[[dict[int, Any]], object], message: str) -> None:
    content = make_vibe()
    damage(content)
    path = dump(tmp_path / "vibe_output.pkl", content)
    with pytest.raises(UserError, match=message) as caught:
        read_results(path, "vibe", vertices=True)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).endswith("; give the vibe_output.pkl that VIBE's demo wrote")


def test_files_that_are_no_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a\.pkl: should be people by track number, is list of 2; give the vibe_out"):
        read_results(dump(tmp_path / "a.pkl", [1, 2]), "vibe")
    path = dump(tmp_path / "a.pkl", make_vibe())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"a\.pkl: not a readable pickle of arrays .*; get the file again"):
        read_results(path, "vibe")
