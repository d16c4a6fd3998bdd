import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.made_three_dpw import FRAMES, SHAPES, encode_sequence, make_arrays, write_sequence
from spsnet.body import compute_joints, load_body
from spsnet.datasets.reader import DatasetReader
from spsnet.datasets.three_dpw import ThreeDpw
from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import Clip, UserError

NAME = "courtyard_made_00"
QUARTER = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""x to y, about z."""


def read(raw: Path) -> list[Clip]:
    return ThreeDpw().read_sequence(raw, "test", NAME)


def test_the_fixture_is_a_real_pickle() -> None:
    arrays = make_arrays()
    loaded = pickle.loads(encode_sequence(arrays), encoding="latin1")
    assert list(loaded) == list(arrays)
    np.testing.assert_array_equal(loaded["poses"][1], arrays["poses"][1])
    assert loaded["img_frame_ids"].dtype == np.uint16


def test_every_array_comes_back(tmp_path: Path) -> None:
    arrays = make_arrays()
    write_sequence(tmp_path, arrays)
    reader: DatasetReader = ThreeDpw()
    assert reader.list_sequences(tmp_path, "test") == [NAME]
    clips = reader.read_sequence(tmp_path, "test", NAME)
    assert [clip.name for clip in clips] == [f"{NAME}_0", f"{NAME}_1"]
    for person, clip in enumerate(clips):
        assert (clip.dataset, clip.sequence, clip.fps) == ("3dpw", NAME, 30.0)
        assert clip.gender == ("female", "male")[person]
        np.testing.assert_array_equal(clip.frame_index, np.arange(FRAMES))
        np.testing.assert_array_equal(clip.valid_mask, arrays["campose_valid"][person] == 1)
        assert clip.pictures is not None
        assert clip.pictures.path == tmp_path / "imageFiles" / NAME
        assert clip.pictures.names == tuple(f"image_0000{k}.jpg" for k in range(FRAMES))
        assert clip.camera is not None
        assert (clip.camera.focal_px, clip.camera.center_px) == (1965.0, (540.0, 960.0))
        assert (clip.camera.width, clip.camera.height) == (1080, 1920)
        assert clip.body is not None
        np.testing.assert_array_equal(clip.body.shape, arrays["betas"][person][:10])
        np.testing.assert_array_equal(clip.body.pose_rad[:, 3:], arrays["poses"][person][:, 3:])
        np.testing.assert_allclose(clip.body.pose_rad[:, :3], arrays["poses"][person][:, :3], atol=1e-12)
        np.testing.assert_allclose(clip.body.translation_m, arrays["trans"][person], atol=1e-12)
        assert clip.joint_set == "smpl24"
        assert clip.joints_m is not None
        np.testing.assert_array_equal(clip.joints_m, arrays["jointPositions"][person].reshape(FRAMES, 24, 3))
        assert clip.keypoint_set == "openpose18"
        assert clip.keypoints_px is not None
        np.testing.assert_array_equal(clip.keypoints_px, arrays["poses2d"][person].transpose(0, 2, 1))
    assert [len(shape) for shape in arrays["betas"]] == list(SHAPES)


def test_a_camera_turned_by_a_right_angle_by_hand(tmp_path: Path) -> None:
    """The pelvis of a body whose origin is at (1, 0, 3) and whose rest pelvis is at (0, -0.2, 0)."""
    arrays = make_arrays(frames=1)
    arrays["poses"][0] = np.zeros((1, 72))
    arrays["trans"][0] = np.array([[1.0, 0.0, 3.0]])
    arrays["jointPositions"][0] = np.tile([1.0, -0.2, 3.0], 24)[None]
    arrays["cam_poses"][0, :3, :3] = QUARTER
    arrays["cam_poses"][0, :3, 3] = (0, 0, 1)
    write_sequence(tmp_path, arrays)
    clip = read(tmp_path)[0]
    assert clip.body is not None
    assert clip.joints_m is not None
    np.testing.assert_allclose(clip.joints_m[0, 0], [0.2, 1, 4], atol=1e-12)
    np.testing.assert_allclose(clip.body.translation_m[0], [0.2, 1.2, 4], atol=1e-12)
    np.testing.assert_allclose(clip.body.pose_rad[0, :3], [0, 0, np.pi / 2], atol=1e-12)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_the_body_in_the_camera_has_the_joints_in_the_camera(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Whatever the camera does: posed by the model, pose, shape and translation give the joints, moved as points."""
    arrays = make_arrays(seed=seed)
    rng = np.random.default_rng(seed)
    arrays["cam_poses"][:, :3, :3] = axis_angle_to_matrix(rng.normal(0, 2, (FRAMES, 3)))
    arrays["cam_poses"][:, :3, 3] = rng.normal(0, 3, (FRAMES, 3))
    raw = tmp_path_factory.mktemp("raw")
    write_sequence(raw, arrays, pictures=False)
    for clip in read(raw):
        assert clip.body is not None
        assert clip.joints_m is not None
        rotations = axis_angle_to_matrix(clip.body.pose_rad.reshape(FRAMES, 24, 3))
        joints = compute_joints(load_body(), rotations, clip.body.shape, clip.body.translation_m)
        np.testing.assert_allclose(joints, clip.joints_m, atol=1e-5)


def test_frames_without_a_camera_are_finite_and_not_valid(tmp_path: Path) -> None:
    arrays = make_arrays()
    arrays["campose_valid"] = [np.array([1, 0, 0, 0, 1, 1], np.uint8)] * 2
    arrays["cam_poses"][1] = 0
    arrays["cam_poses"][2] = np.nan
    arrays["trans"][0][3] = np.inf
    write_sequence(tmp_path, arrays)
    clip, other = read(tmp_path)
    assert clip.valid_mask.tolist() == [True, False, False, False, True, True]
    assert clip.joints_m is not None
    assert np.isnan(clip.joints_m).all((1, 2)).tolist() == [False, True, True, True, False, False]
    assert other.joints_m is not None
    assert np.isnan(other.joints_m).all((1, 2)).tolist() == [False, True, True, False, False, False]


def test_a_person_whose_camera_is_nowhere_known(tmp_path: Path) -> None:
    arrays = make_arrays()
    arrays["campose_valid"] = [np.zeros(FRAMES, np.uint8)] * 2
    arrays["cam_poses"][:] = 0
    write_sequence(tmp_path, arrays)
    for clip in read(tmp_path):
        assert not clip.valid_mask.any()
        assert clip.body is not None
        np.testing.assert_array_equal(clip.body.translation_m, np.zeros((FRAMES, 3)))


def test_points_outside_the_picture_are_not_known(tmp_path: Path) -> None:
    arrays = make_arrays()
    arrays["poses2d"][0][2, 0, 5] = 1e6
    arrays["poses2d"][0][3, 1, 5] = -1
    arrays["poses2d"][0][4, 2, 5] = np.nan
    write_sequence(tmp_path, arrays)
    points = read(tmp_path)[0].keypoints_px
    assert points is not None
    np.testing.assert_array_equal(points[2:5, 5], np.zeros((3, 3)))
    np.testing.assert_array_equal(points[2:5, 6], arrays["poses2d"][0][2:5, :, 6])


def test_genders_and_names_may_be_arrays(tmp_path: Path) -> None:
    """numpy strings of Python 2, which come back as bytes."""
    arrays = make_arrays()
    arrays["genders"] = [np.array(b"f"), np.array([b"m"])]
    arrays["sequence"] = np.array(b"courtyard_made_00")
    write_sequence(tmp_path, arrays)
    assert [clip.gender for clip in read(tmp_path)] == ["female", "male"]


def test_pictures_are_not_needed_but_none_may_be_missing(tmp_path: Path) -> None:
    arrays = make_arrays()
    write_sequence(tmp_path, arrays, pictures=False)
    assert read(tmp_path)[0].pictures is None
    write_sequence(tmp_path, arrays)
    (tmp_path / "imageFiles" / NAME / "image_00003.jpg").unlink()
    with pytest.raises(UserError, match=r"image_00003.jpg: no such picture, 1 of 6 are missing; unpack .*imageFiles"):
        read(tmp_path)


def test_folders_that_hold_no_sequences(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"sequenceFiles/test: no such folder; unpack 3DPW's sequenceFiles.zip into"):
        ThreeDpw().list_sequences(tmp_path, "test")
    (tmp_path / "sequenceFiles" / "test").mkdir(parents=True)
    (tmp_path / "sequenceFiles" / "test" / "._a.pkl").touch()
    with pytest.raises(UserError, match=r"test holds no .pkl; unpack"):
        ThreeDpw().list_sequences(tmp_path, "test")
    with pytest.raises(ValueError, match="3dpw has the splits train, validation, test, not 'val'"):
        ThreeDpw().list_sequences(tmp_path, "val")


def drop(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda arrays: arrays.pop(key)


def put(key: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda arrays: arrays.update({key: value})


def put_person(key: str, value: object) -> Callable[[dict[str, Any]], object]:
    def change(arrays: dict[str, Any]) -> None:
        arrays[key] = [arrays[key][0], value]

    return change


BROKEN: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (drop("cam_poses"), r"has no 'cam_poses', so it is no sequence of 3DPW; unpack 3DPW's sequenceFiles.zip again"),
    (drop("trans"), r"has no 'trans'"),
    (put("poses", np.zeros((FRAMES, 72))), r"'poses' should be a list with one element a person"),
    (put("poses", []), r"'poses' should be a list with one element a person"),
    (put("trans", [np.zeros((FRAMES, 3))]), r"'trans' has 1 people, 'poses' 2; unpack"),
    (put_person("poses", np.zeros((FRAMES, 63))), r"'poses' of person 1 should have shape \(6, 72\), it is \(6, 63\)"),
    (put_person("poses2d", np.zeros((FRAMES, 18, 3))), r"'poses2d' of person 1 should have shape \(6, 3, 18\)"),
    (put_person("campose_valid", np.ones(4)), r"'campose_valid' of person 1 should have shape \(6\), it is \(4,\)"),
    (put_person("jointPositions", np.array("x")), r"'jointPositions' of person 1 should be numbers, it is <U1"),
    (put("cam_poses", np.zeros((0, 4, 4))), r"'cam_poses' has no frames"),
    (put("cam_intrinsics", np.zeros((3, 3))), r"'cam_intrinsics' is no camera matrix: \[\[0.0"),
    (put_person("betas", np.zeros(4)), r"'betas' of person 1 should be at least 10 finite numbers, .* shape \(4,\)"),
    (put_person("genders", "x"), r"'genders' of person 1 should be 'm' or 'f', it is 'x'"),
    (put_person("genders", np.arange(2)), r"'genders' of person 1 should be 'm' or 'f', it is \[0, 1\]"),
    (lambda a: a["cam_poses"].__imul__(2), r"'cam_poses' is no rigid motion in frame 0, which 'campose_valid' calls"),
    (lambda a: a["trans"][1].__setitem__(3, np.nan), r"'trans' of person 1 is not finite in frame 3"),
    (
        lambda a: a["jointPositions"][1].__imul__(1000),
        r"'jointPositions' and 'trans' of person 1 are [\d.]+ m apart, they should be of one body in metres",
    ),
]


@pytest.mark.parametrize(("change", "message"), BROKEN)
def test_broken_files_are_refused(tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str) -> None:
    arrays = make_arrays()
    change(arrays)
    path = tmp_path / "sequenceFiles" / "test" / f"{NAME}.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_sequence(arrays))
    with pytest.raises(UserError, match=message) as caught:
        read(tmp_path)
    assert str(path) in str(caught.value)


def test_damaged_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = write_sequence(tmp_path, make_arrays())
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=rf"{NAME}.pkl: not a readable pickle of arrays"):
        read(tmp_path)
    path.write_bytes(pickle.dumps([1, 2], protocol=2))
    with pytest.raises(UserError, match=rf"{NAME}.pkl holds a list, not a sequence of 3DPW; unpack"):
        read(tmp_path)
    path.unlink()
    with pytest.raises(UserError, match=rf"{NAME}.pkl: cannot be read"):
        read(tmp_path)


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("key", ["sequence", "poses", "extra"])
def test_a_pickle_that_runs_code_is_refused_and_runs_nothing(tmp_path: Path, key: str) -> None:
    path = write_sequence(tmp_path, make_arrays())
    sprung = tmp_path / "sprung"
    path.write_bytes(pickle.dumps({**make_arrays(), key: Trap(sprung)}, protocol=2))
    with pytest.raises(UserError, match=rf"{NAME}.pkl: refused, nothing in it was run: it asks for \w+.mkdir"):
        read(tmp_path)
    assert not sprung.exists()
    pickle.loads(path.read_bytes())
    assert sprung.exists()  # the trap is a real one
