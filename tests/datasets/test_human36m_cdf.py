from collections.abc import Callable
from pathlib import Path

import cdflib
import numpy as np
import pytest
from cdflib import cdfwrite
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.made_human36m_cdf import (
    ACTIONS,
    FRAMES,
    NAME,
    find_film,
    find_pose,
    make_joints_mm,
    project,
    write_cdf,
    write_subjects,
    write_take,
)
from spsnet.datasets.human36m import Human36m
from spsnet.datasets.human36m_cdf import JOINTS_OF_32, fit_pinhole
from spsnet.datasets.reader import DatasetReader
from spsnet.records import Clip, UserError
from spsnet.skeletons import get_joint_set

# The names that people who describe the 32 joints give to those that are used, by place.
NAMES_OF_32 = {
    0: "Hip", 1: "RHip", 2: "RKnee", 3: "RFoot", 6: "LHip", 7: "LKnee", 8: "LFoot", 12: "Spine", 13: "Thorax",
    14: "Neck/Nose", 15: "Head", 17: "LShoulder", 18: "LElbow", 19: "LWrist", 25: "RShoulder", 26: "RElbow",
    27: "RWrist",
}  # fmt: skip


def read(raw: Path, name: str = NAME) -> Clip:
    (clip,) = Human36m().read_sequence(raw, "test", name)
    return clip


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Both test subjects, one take each, with 2D and 3D."""
    for name in (NAME, "S11/Walking 1.60457274"):
        write_take(tmp_path, name, make_joints_mm(), project(make_joints_mm()))
    return tmp_path


def test_the_fixture_is_a_real_cdf(raw: Path) -> None:
    with cdflib.CDF(find_pose(raw)) as file:
        assert file.cdf_info().zVariables == ["Pose"]
        np.testing.assert_array_equal(file.varget("Pose"), make_joints_mm())


def test_every_array_comes_back(raw: Path) -> None:
    reader: DatasetReader = Human36m()
    assert reader.list_sequences(raw, "test") == ["S11/Walking 1.60457274", NAME]
    clip = read(raw)
    assert (clip.dataset, clip.name, clip.sequence, clip.fps) == ("human36m", NAME, NAME, 50.0)
    assert (clip.joint_set, clip.keypoint_set, clip.gender) == ("h36m17", "h36m17", "neutral")
    np.testing.assert_array_equal(clip.frame_index, np.arange(FRAMES))
    assert clip.pictures is not None
    assert (clip.pictures.path, clip.pictures.names) == (raw / "S9" / "Videos" / "Walking 1.60457274.mp4", None)
    joints = make_joints_mm()[0].reshape(FRAMES, 32, 3).astype(np.float64)
    pixels = project(make_joints_mm())[0].reshape(FRAMES, 32, 2)
    assert clip.joints_m is not None
    assert clip.keypoints_px is not None
    for place, joint in enumerate(JOINTS_OF_32):
        np.testing.assert_array_equal(clip.joints_m[:, place], joints[:, joint] / 1000)
        np.testing.assert_array_equal(clip.keypoints_px[:, place, :2], pixels[:, joint])
    assert (clip.keypoints_px[..., 2] == 1).all()
    assert clip.valid_mask.all()
    assert [clip.body, clip.box_xys_px] == [None] * 2


def test_the_17_of_32_are_what_their_names_say() -> None:
    ours = get_joint_set("h36m17").joint_names
    words = {"Hip": "hip", "Knee": "knee", "Foot": "ankle", "Shoulder": "shoulder", "Elbow": "elbow", "Wrist": "wrist"}
    trunk = {"Hip": "pelvis", "Spine": "h36m_spine", "Thorax": "neck", "Neck/Nose": "h36m_jaw", "Head": "h36m_head"}
    sides = {"L": "left", "R": "right"}
    theirs = [NAMES_OF_32[joint] for joint in JOINTS_OF_32]
    assert tuple(trunk.get(name) or f"{sides[name[0]]}_{words[name[1:]]}" for name in theirs) == ours


def test_millimetres_become_metres_by_hand(raw: Path) -> None:
    joints = make_joints_mm().reshape(FRAMES, 32, 3)
    joints[2, 6] = (-100, 200, 4000)
    write_take(raw, NAME, joints.reshape(1, FRAMES, 96), project(joints))
    clip = read(raw)
    assert clip.joints_m is not None
    np.testing.assert_allclose(clip.joints_m[2, get_joint_set("h36m17").index("left_hip")], (-0.1, 0.2, 4), atol=1e-12)


def test_the_lens_is_solved_for(raw: Path) -> None:
    camera = read(raw).camera
    assert camera is not None
    assert camera.focal_px == pytest.approx(1144, abs=0.01)
    assert camera.center_px == pytest.approx((512, 515), abs=0.01)
    assert (camera.width, camera.height) == (1000, 1002)


@given(
    focal=st.tuples(st.floats(500, 2000), st.floats(500, 2000)),
    center=st.tuples(st.floats(300, 700), st.floats(300, 700)),
    seed=st.integers(0, 1000),
)
@settings(max_examples=25)
def test_any_pinhole_is_found(focal: tuple[float, float], center: tuple[float, float], seed: int) -> None:
    joints_m = make_joints_mm(seed).reshape(-1, 32, 3).astype(np.float64) / 1000
    pixels = joints_m[..., :2] / joints_m[..., 2:] * focal + center
    camera = fit_pinhole(joints_m, pixels, (1000, 1000), Path("flat.cdf"))
    assert camera.focal_px == pytest.approx(sum(focal) / 2, rel=1e-6)
    assert camera.center_px == pytest.approx(center, rel=1e-6)


def test_distortion_goes_into_the_focal_length() -> None:
    """A barrel like that of the data set's lenses costs a percent, and leaves pixels where they were to 3 px."""
    joints_m = make_joints_mm(frames=500).reshape(-1, 32, 3).astype(np.float64) / 1000
    joints_m[..., 0] += np.random.default_rng(1).uniform(-1, 0.6, (500, 1))
    rays = joints_m[..., :2] / joints_m[..., 2:]
    squared = (rays**2).sum(-1, keepdims=True)
    pixels = 1145 * rays * (1 - 0.2 * squared + 0.25 * squared**2) + 512
    camera = fit_pinhole(joints_m, pixels, (1000, 1002), Path("flat.cdf"))
    assert 1145 * 0.985 < camera.focal_px < 1145
    assert np.median(np.linalg.norm(camera.focal_px * rays + camera.center_px - pixels, axis=-1)) < 3


def test_without_2d_files_there_is_no_camera(raw: Path) -> None:
    find_pose(raw, folder="D2_Positions").unlink()
    clip = read(raw)
    assert [clip.camera, clip.keypoints_px, clip.keypoint_set] == [None] * 3
    assert clip.joints_m is not None


def test_2d_files_of_another_length_count_as_far_as_both_go(raw: Path) -> None:
    write_cdf(find_pose(raw, folder="D2_Positions"), project(make_joints_mm())[:, :5])
    clip = read(raw)
    assert len(clip) == len(clip.joints_m) == len(clip.keypoints_px) == 5  # type: ignore[arg-type]


def test_double_numbers_and_files_without_the_first_axis_are_read_too(raw: Path) -> None:
    expected = read(raw).joints_m
    write_cdf(find_pose(raw), make_joints_mm().astype(np.float64), kind=cdfwrite.CDF.CDF_DOUBLE)
    np.testing.assert_array_equal(read(raw).joints_m, expected)
    write_cdf(find_pose(raw), make_joints_mm()[0])
    np.testing.assert_array_equal(read(raw).joints_m, expected)


def test_protocols_choose_cameras_of_the_test_split_only(tmp_path: Path) -> None:
    write_subjects(tmp_path, (1, 5, 6, 7, 8, 9, 11))
    assert Human36m(protocol=2).list_sequences(tmp_path, "test") == [
        f"S{subject}/{action}.60457274" for subject in (11, 9) for action in ACTIONS
    ]
    assert len(Human36m(protocol=1).list_sequences(tmp_path, "test")) == 2 * 4 * 2 - 1
    for protocol in (1, 2):
        names = Human36m(protocol=protocol).list_sequences(tmp_path, "train")
        assert len(names) == 5 * 4 * 2
        assert {name.split("/")[0] for name in names} == {"S1", "S5", "S6", "S7", "S8"}
    with pytest.raises(ValueError, match=r"has no film 'S1/Walking 1\.60457274'"):
        Human36m().read_sequence(tmp_path, "test", "S1/Walking 1.60457274")
    with pytest.raises(ValueError, match="protocol should be 1 or 2, got 3"):
        Human36m(protocol=3)
    with pytest.raises(ValueError, match=r"Human3\.6M has the splits train, test, not 'val'"):
        Human36m().list_sequences(tmp_path, "val")


def test_the_film_that_is_missing_everywhere_stops_nothing(tmp_path: Path) -> None:
    write_subjects(tmp_path)
    find_film(tmp_path, "S11/Directions.54138969").unlink()
    reader = Human36m(protocol=1)
    names = reader.list_sequences(tmp_path, "test")
    assert "S11/Directions.54138969" not in names
    assert {"S11/Directions.55011271", "S9/Directions.54138969"} < set(names)
    assert all(len(reader.read_sequence(tmp_path, "test", name)) == 1 for name in names)


def test_films_are_not_needed(raw: Path) -> None:
    expected = read(raw)
    (raw / "S9" / "Videos").rename(raw / "S9" / "elsewhere")
    clip = read(raw)
    assert clip.pictures is None
    np.testing.assert_array_equal(clip.joints_m, expected.joints_m)  # type: ignore[arg-type]


def test_any_other_missing_film_is_told(raw: Path) -> None:
    find_film(raw).unlink()
    with pytest.raises(UserError, match=r"Walking 1\.60457274\.mp4: no such film; download and unpack Videos of S9"):
        read(raw)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda path: write_cdf(path, make_joints_mm(), "Position"),
            r"Walking 1\.60457274\.cdf has no 'Pose' but Position; download",
        ),
        (
            lambda path: write_cdf(path, make_joints_mm()[..., :51]),
            r"'Pose' should be of shape \(1, frames, 96\), 32 joints of 3 numbers, it is \(1, 7, 51\); download",
        ),
        (
            lambda path: write_cdf(path, np.concatenate([make_joints_mm()] * 2)),
            r"'Pose' should be of shape \(1, frames, 96\), 32 joints of 3 numbers, it is \(2, 7, 96\); download",
        ),
        (
            lambda path: write_cdf(path, make_joints_mm().astype(np.int32), kind=cdfwrite.CDF.CDF_INT4),
            r"'Pose' should be numbers with a fraction, it is int32; download",
        ),
        (
            lambda path: write_cdf(path, np.where(np.arange(96) == 5, np.nan, make_joints_mm()).astype(np.float32)),
            r"'Pose' is not finite at \[0, 0, 5\]; download",
        ),
        (lambda path: path.write_bytes(b""), r"'Pose' cannot be read \(.* is not a CDF file.*\); download"),
        (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" * 50), r"'Pose' cannot be read \(.*\); download"),
    ],
    ids=["key", "joints", "records", "type", "nan", "empty", "another format"],
)
def test_broken_files_are_refused(raw: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(find_pose(raw))
    with pytest.raises(UserError, match=message):
        read(raw)


@given(share=st.floats(0, 0.98))
@settings(max_examples=60)
def test_a_file_cut_off_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    raw = tmp_path_factory.mktemp("raw")
    for name in (NAME, "S11/Walking 1.60457274"):
        write_take(raw, name, make_joints_mm())
    whole = find_pose(raw).read_bytes()
    find_pose(raw).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(
        UserError, match=r"Walking 1\.60457274\.cdf.* 'Pose'.*; download the poses of that subject again"
    ):
        read(raw)


def test_2d_of_another_take_is_refused(raw: Path) -> None:
    write_cdf(find_pose(raw, folder="D2_Positions"), project(make_joints_mm(seed=5)))
    with pytest.raises(UserError, match=r"D2_Positions.*'Pose' does not show the joints of D3_Positions_mono"):
        read(raw)
    behind = make_joints_mm()
    behind[..., 2::3] *= -1
    write_cdf(find_pose(raw), behind)
    with pytest.raises(UserError, match=r"D2_Positions.*'Pose' does not show the joints of D3_Positions_mono"):
        read(raw)


def test_folders_that_lack_something_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"holds neither S9/MyPoseFeatures nor annotations/Human36M_subject9_data\.json"
    ):
        Human36m().list_sequences(tmp_path, "test")
    write_subjects(tmp_path, (9,))
    with pytest.raises(
        UserError,
        match=r"S11/MyPoseFeatures/D3_Positions_mono holds no pose file of camera 60457274; download and unpack",
    ):
        Human36m().list_sequences(tmp_path, "test")
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "Human36M_subject9_data.json").touch()
    with pytest.raises(UserError, match=r"holds S9/MyPoseFeatures and annotations/Human36M.*; move one of the layouts"):
        Human36m().list_sequences(tmp_path, "test")


def test_without_cdflib_the_extra_is_named(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cdflib", None)
    with pytest.raises(UserError, match=r"takes cdflib; pip install 'spsnet\[datasets\]'"):
        read(raw)
