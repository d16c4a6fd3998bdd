from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from interchange.made_results import FRAMES, make_amass, make_motion, rewrite, save_npz
from spsnet.body import compute_joints, load_body
from spsnet.geometry import axis_angle_to_matrix
from spsnet.interchange import read_results
from spsnet.records import UserError

TURN = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""AMASS's axes to the level camera's: z up is y down, y is the depth."""


@pytest.mark.parametrize(("joints", "hands", "body"), [(52, (22, 37), "smplh"), (55, (25, 40), "smplx")])
def test_every_array_comes_back(tmp_path: Path, joints: int, hands: tuple[int, int], body: str) -> None:
    truth = make_amass(joints=joints)
    (person,) = read_results(save_npz(tmp_path / "walk_poses.npz", truth), "amass")
    own = truth["poses"].reshape(FRAMES, joints, 3)
    pose = person.pose_rad.reshape(FRAMES, 24, 3)
    np.testing.assert_array_equal(pose[:, 1:22], own[:, 1:22])
    np.testing.assert_array_equal(pose[:, 22:], own[:, hands])
    turned = TURN @ Rotation.from_rotvec(own[:, 0]).as_matrix()
    np.testing.assert_allclose(Rotation.from_rotvec(pose[:, 0]).as_matrix(), turned, atol=1e-7)
    assert person.translation_m is not None
    np.testing.assert_allclose(person.translation_m, truth["trans"] @ TURN.T, atol=1e-7)
    np.testing.assert_array_equal(person.shape, np.tile(truth["betas"][:10], (FRAMES, 1)))
    assert (person.person, person.body, person.focal_px) == ("walk_poses", body, None)
    assert person.fps == float(truth["mocap_framerate" if joints == 52 else "mocap_frame_rate"])


def test_a_place_by_hand(tmp_path: Path) -> None:
    """(1, 5, 0.9), z up: 5 m away, 1 m to the right, 0.9 m above the axis of a camera whose y points down."""
    truth = {**make_amass(), "trans": np.tile([1.0, 5.0, 0.9], (FRAMES, 1))}
    (person,) = read_results(save_npz(tmp_path / "a.npz", truth), "amass")
    assert person.translation_m is not None
    np.testing.assert_allclose(person.translation_m[0], [1, -0.9, 5], atol=1e-12)


def test_what_is_written_is_a_file_of_smpl_h(tmp_path: Path) -> None:
    motion = make_motion(body="smplh")
    path = rewrite(motion, tmp_path / "b.npz", "amass")
    with np.load(path, allow_pickle=False) as written:
        shapes = {key: written[key].shape for key in written.files}
    truth = make_amass()
    assert shapes == {key: np.shape(truth[key]) for key in truth if key != "dmpls"}
    (read,) = read_results(path, "amass")
    for field in ("pose_rad", "shape", "translation_m", "frame_index"):
        np.testing.assert_allclose(getattr(read, field), getattr(motion, field), atol=2e-6, err_msg=field)
    assert (read.body, read.fps) == ("smplh", 25)


def test_our_body_stands_where_it_stood(tmp_path: Path) -> None:
    """In the world: joints of (R, T) seen by the camera are those of the file's root and trans, turned."""
    body = load_body()
    motion = make_motion(body=body.name, shape=np.tile(np.linspace(-2, 2, 10), (FRAMES, 1)))
    path = rewrite(motion, tmp_path / "b.npz", "amass")
    (read,) = read_results(path, "amass")
    assert read.body == body.name
    np.testing.assert_allclose(read.translation_m, motion.translation_m, atol=2e-6)
    with np.load(path) as written:
        root, trans = written["poses"][:, :3], written["trans"]
    in_world = np.concatenate([root, motion.pose_rad[:, 3:]], axis=1)

    def place(pose_rad: np.ndarray, translation_m: Any) -> np.ndarray:
        rotations = axis_angle_to_matrix(pose_rad.reshape(FRAMES, 24, 3).astype(np.float32))
        return compute_joints(body, rotations, motion.shape.astype(np.float32), translation_m)

    np.testing.assert_allclose(place(in_world, trans) @ TURN.T, place(motion.pose_rad, motion.translation_m), atol=1e-5)


def test_missing_frames_are_filled_along_the_shortest_arc(tmp_path: Path) -> None:
    pose = np.zeros((2, 72), np.float32)
    pose[:, 3] = (0.2, 0.6)
    motion = replace(
        make_motion(frames=2, body="smplh"), frame_index=np.array([3, 5]), pose_rad=pose,
        translation_m=np.array([[1, 0, 4], [2, 0, 6]], np.float32),
    )  # fmt: skip
    (read,) = read_results(rewrite(motion, tmp_path / "b.npz", "amass"), "amass")
    assert read.frame_index.tolist() == [0, 1, 2]
    np.testing.assert_allclose(read.pose_rad[:, 3], [0.2, 0.4, 0.6], atol=1e-6)
    assert read.translation_m is not None
    np.testing.assert_allclose(read.translation_m, [[1, 0, 4], [1.5, 0, 5], [2, 0, 6]], atol=1e-6)


def change(key: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda arrays: arrays.update({key: np.array(value)})


BROKEN: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda arrays: arrays.pop("trans"), r"has no 'trans'"),
    (lambda arrays: arrays.pop("mocap_framerate"), r"has no 'mocap_framerate'"),
    (change("mocap_framerate", -1.0), r"'mocap_framerate' should be a positive number of frames per second, is -1"),
    (change("poses", np.zeros((FRAMES, 63))), r"'poses' should be 72, 156 or 165 numbers a frame, is 63"),
    (change("poses", np.zeros((0, 156))), r"'poses' holds no frame"),
    (change("trans", np.zeros((2, 3))), r"'trans' should be numbers of shape \(3, 3\), is float64 of shape \(2, 3\)"),
    (change("betas", np.zeros(8)), r"'betas' should be 10 or more numbers, is 8"),
    (change("betas", np.full(16, np.nan)), r"'betas' is not finite in 16 of 16 elements"),
    (change("poses", "walk"), r"'poses' should be numbers of shape"),
    (change("body_name", ""), r"'body_name' should be the name of one body"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_broken_files_are_refused(tmp_path: Path, damage: Callable[[dict[str, Any]], object], message: str) -> None:
    arrays = make_amass()
    damage(arrays)
    path = save_npz(tmp_path / "walk_poses.npz", arrays)
    with pytest.raises(UserError, match=message) as caught:
        read_results(path, "amass")
    assert str(caught.value).startswith(f"{path}: ")
    assert "; give a motion of AMASS, one whose name ends in _poses.npz" in str(caught.value)
