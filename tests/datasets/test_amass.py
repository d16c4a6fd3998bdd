from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.made_amass import UPRIGHT, make_arrays, write
from reference.tiny_training import write_mocap
from spsnet.body import compute_joints, load_body
from spsnet.datasets.amass import list_amass, read_amass, write_amass, write_amass_folder
from spsnet.datasets.motion_clips import MotionClip
from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import UserError
from spsnet.synthesis.mocap import load_mocap
from spsnet.training.recipe import split_clips


def make_clip(name: str, frames: int = 45, seed: int = 0, scale: float = 1.0) -> MotionClip:
    rng = np.random.default_rng(seed)
    start, end = rng.normal(0, scale, (2, 24, 3))
    weight = np.linspace(0, 1, frames)[:, None, None]
    return MotionClip(
        name=name,
        rotations=axis_angle_to_matrix(start + (end - start) * weight * 0.3).astype(np.float32),
        root_m=rng.normal(0, 2, (frames, 3)).astype(np.float32),
    )


def assert_same(clips: list[MotionClip], expected: list[MotionClip]) -> None:
    assert [clip.name for clip in clips] == [clip.name for clip in expected]
    for clip, other in zip(clips, expected, strict=True):
        np.testing.assert_allclose(clip.rotations, other.rotations, atol=1e-6)
        np.testing.assert_array_equal(clip.root_m, other.root_m)


def test_z_up_becomes_y_up(tmp_path: Path) -> None:
    clip = read_amass(write(tmp_path / "walk_poses.npz", make_arrays()))
    assert (clip.name, len(clip)) == ("walk_poses", 40)
    np.testing.assert_allclose(clip.rotations, np.tile(np.eye(3), (40, 24, 1, 1)), atol=1e-7)
    np.testing.assert_allclose(clip.root_m[[0, 30]], [[1, 0.9, 0], [1, 0.9, -1]], atol=1e-7)


def test_a_heading_there_is_a_heading_here(tmp_path: Path) -> None:
    """A quarter turn about what is up, counted from above, is one here too; the joints move with it."""
    arrays = make_arrays()
    turn = axis_angle_to_matrix(np.array([0, 0, np.pi / 2])) @ axis_angle_to_matrix(np.array(UPRIGHT))
    arrays["poses"][:, :3] = np.full(3, 2 * np.pi / 3 / np.sqrt(3))  # x to y, y to z, z to x
    np.testing.assert_allclose(axis_angle_to_matrix(arrays["poses"][0, :3]), turn, atol=1e-12)
    clip = read_amass(write(tmp_path / "a.npz", arrays))
    np.testing.assert_allclose(clip.rotations[0, 0], axis_angle_to_matrix(np.array([0, np.pi / 2, 0])), atol=1e-6)


def test_a_body_in_both_worlds_is_the_same_body(tmp_path: Path) -> None:
    """Joints in the archive's world, turned to ours, are those of the clip, up to one constant shift."""
    clip = make_clip("a", scale=0.5)
    with np.load(write_and_get(clip, tmp_path / "a.npz")) as data:
        theirs = axis_angle_to_matrix(data["poses"].astype(float).reshape(-1, 52, 3)[:, [*range(22), 22, 37]])
        joints = compute_joints(load_body(), theirs, np.zeros(10), data["trans"].astype(float))
    ours = compute_joints(load_body(), clip.rotations.astype(float), np.zeros(10), clip.root_m.astype(float))
    shift = ours - np.stack([joints[..., 0], joints[..., 2], -joints[..., 1]], axis=-1)
    np.testing.assert_allclose(shift, np.broadcast_to(shift[0, 0], shift.shape), atol=1e-5)


def write_and_get(clip: MotionClip, path: Path) -> Path:
    write_amass(clip, path)
    return path


@pytest.mark.parametrize(("width", "left", "right"), [(156, 22, 37), (165, 25, 40), (72, 22, 23)])
def test_hands_are_the_index_fingers_first_joint(tmp_path: Path, width: int, left: int, right: int) -> None:
    arrays = make_arrays(width=width)
    arrays["poses"][:, 66:] = 0.7  # every finger, the jaw, the eyes
    arrays["poses"][:, 3 * left : 3 * left + 3] = (0.1, 0, 0)
    arrays["poses"][:, 3 * right : 3 * right + 3] = (0, 0.2, 0)
    arrays["poses"][:, 63:66] = (0, 0, 0.3)
    clip = read_amass(write(tmp_path / "a.npz", arrays))
    expected = axis_angle_to_matrix(np.array([[0, 0, 0.3], [0.1, 0, 0], [0, 0.2, 0]]))
    np.testing.assert_allclose(clip.rotations[0, [21, 22, 23]], expected, atol=1e-7)


@pytest.mark.parametrize("key", ["mocap_framerate", "mocap_frame_rate"])
@pytest.mark.parametrize("fps", [120.0, 100.0, 59.94, 25.0])
def test_motion_is_resampled_by_time(tmp_path: Path, key: str, fps: float) -> None:
    """A knee that turns evenly, 1 rad/s, has turned by t after t seconds at any rate."""
    frames = int(2 * fps) + 1
    arrays = make_arrays(frames)
    del arrays["mocap_framerate"]
    arrays[key] = np.array(fps)
    arrays["poses"][:, 12] = np.arange(frames) / fps
    arrays["trans"][:, 2] = np.arange(frames) / fps * 0.5
    clip = read_amass(write(tmp_path / "a.npz", arrays))
    time_s = np.arange(len(clip)) / 30
    assert time_s[-1] <= (frames - 1) / fps + 1e-6 < time_s[-1] + 1 / 30
    knee = axis_angle_to_matrix(np.stack([time_s, 0 * time_s, 0 * time_s], axis=-1))
    np.testing.assert_allclose(clip.rotations[:, 4], knee, atol=1e-6)
    np.testing.assert_allclose(clip.root_m[:, 1], time_s * 0.5, atol=1e-6)


def test_one_frame_is_a_clip(tmp_path: Path) -> None:
    arrays = make_arrays(1)
    arrays["mocap_framerate"] = np.array(120)
    assert len(read_amass(write(tmp_path / "a.npz", arrays))) == 1


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 1e-4, 0.3, 3.0]), st.integers(1, 5))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, seed: int, scale: float, frames: int
) -> None:
    clip = make_clip("archive/train/walk", frames, seed, scale)
    assert_same([read_amass(write_and_get(clip, tmp_path_factory.mktemp("amass") / "other.npz"))], [clip])


def test_half_a_turn_is_read_back(tmp_path: Path) -> None:
    rotations = np.tile(np.diag([1.0, -1.0, -1.0]).astype(np.float32), (30, 24, 1, 1))
    clip = MotionClip(name="a", rotations=rotations, root_m=np.zeros((30, 3), np.float32))
    assert_same([read_amass(write_and_get(clip, tmp_path / "a.npz"))], [clip])


def test_a_written_file_is_one_of_amass(tmp_path: Path) -> None:
    with np.load(write_and_get(make_clip("a"), tmp_path / "a.npz"), allow_pickle=False) as data:
        assert data["poses"].shape == (45, 156)
        assert data["trans"].shape == (45, 3)
        assert data["betas"].shape == (16,)
        assert str(data["gender"]) == "neutral"
        assert float(data["mocap_framerate"]) == 30


def test_a_converted_folder_is_the_archives(tmp_path: Path) -> None:
    """The same clips, pieces in their order, on the same sides of the split, wherever the files are moved."""
    names = ("train/walk/walk_1", "test/walk/walk_1", *(f"train/run/run_{i}" for i in range(14)))
    clips = load_mocap(write_mocap(tmp_path / "mocap", names))
    walk = clips[-1]
    pieces = [
        MotionClip(name=walk.name, rotations=walk.rotations[k:], root_m=walk.root_m[k:] + k) for k in range(1, 12)
    ]
    paths = write_amass_folder([*clips, *pieces], tmp_path / "amass" / "moved")
    assert len(set(paths)) == len(clips) + len(pieces)
    read = load_mocap(tmp_path / "amass")
    assert_same(read, [*clips, *pieces])
    for side, expected in zip(split_clips(read), split_clips([*clips, *pieces]), strict=True):
        assert [clip.name for clip in side] == [clip.name for clip in expected]
        assert len(side) > 0


def test_a_users_files_lie_at_any_depth_beside_the_archives(tmp_path: Path) -> None:
    mocap = write_mocap(tmp_path, ("train/walk/walk_1",))
    write(mocap / "CMU" / "01" / "01_01_poses.npz", make_arrays())
    write(mocap / "CMU" / "01" / "shape.npz", {"betas": np.zeros(16)})
    write(mocap / "CMU" / "01" / "neutral_stagei.npz", {"betas": np.zeros(16)})
    write(mocap / "CMU" / "01" / "short_poses.npz", make_arrays(20))
    names = [clip.name for clip in load_mocap(mocap)]
    assert names == ["amass/CMU/01/01_01_poses", "cmu_expmap/train/walk/walk_1"]
    assert [path.name for path in list_amass(mocap)] == ["01_01_poses.npz", "short_poses.npz"]


def test_a_users_clip_is_cut_where_the_capture_failed(tmp_path: Path) -> None:
    arrays = make_arrays(100)
    arrays["poses"][60:, 9] = 1.5
    write(tmp_path / "a.npz", arrays)
    assert [(clip.name, len(clip)) for clip in load_mocap(tmp_path)] == [("amass/a", 60), ("amass/a", 40)]


def test_the_same_capture_twice_is_refused(tmp_path: Path) -> None:
    mocap = write_mocap(tmp_path, ("train/walk/walk_1",))
    write_amass_folder(load_mocap(mocap), mocap / "amass")
    with pytest.raises(UserError, match=r"walk_1\.npz is cmu_expmap/train/walk/walk_1, which an archive .*; move one"):
        load_mocap(mocap)


def change(**changes: np.ndarray | None) -> Callable[[Path], None]:
    """Other arrays in the file; None leaves one out."""

    def damage(path: Path) -> None:
        arrays = {**make_arrays(), **changes}
        write(path, {key: value for key, value in arrays.items() if value is not None})

    return damage


def write_object(path: Path) -> None:
    np.savez(path, allow_pickle=True, **{**make_arrays(), "poses": np.array([{}], dtype=object)})  # type: ignore[arg-type]


def write_text(path: Path) -> None:
    path.write_text("<html>log in to download</html>")


def write_half(path: Path) -> None:
    content = write(path, make_arrays()).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def write_one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros((3, 156)))


def write_flipped(path: Path) -> None:
    content = bytearray(write(path, make_arrays()).read_bytes())
    content[5000] ^= 255
    path.write_bytes(content)


NAN = np.full((40, 3), np.nan)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (write_text, r"is not a whole npz archive .*; download the file again"),
        (write_half, r"is not a whole npz archive .*; download the file again"),
        (write_flipped, r"'poses' cannot be read \(Bad CRC.*; download the file again"),
        (write_one_array, r"is no npz archive but one array; take the files of AMASS"),
        (write_object, r"'poses' cannot be read \(Object arrays.*; download the file again"),
        (change(poses=None), r"has no 'poses', so it is no motion of AMASS; move it out of the folder"),
        (change(trans=None), r"has no 'trans', so it is no motion of AMASS; move it out of the folder"),
        (change(poses=np.zeros((40, 66))), r"'poses' should be frames of 156 .* its shape is \(40, 66\); take"),
        (change(poses=np.zeros((0, 156))), r"'poses' should be frames of 156 .* its shape is \(0, 156\); take"),
        (change(poses=np.full((40, 156), "x")), r"'poses' should be numbers, it is <U1; download"),
        (change(trans=np.zeros((39, 3))), r"'trans' should be of shape \(40, 3\) .*, it is \(39, 3\); download"),
        (change(trans=NAN), r"'trans' is not finite at \[0, 0\]; leave the file out"),
        (
            change(mocap_framerate=None),
            r"has neither 'mocap_framerate' nor 'mocap_frame_rate'; write the rate of",
        ),
        (change(mocap_framerate=np.array(0.0)), r"'mocap_framerate' should be one number .*, it is 0\.0; write"),
        (change(mocap_framerate=np.array([60.0, 60.0])), r"'mocap_framerate' should be one number .*; write"),
        (change(clip_name=np.array(3)), r"'clip_name' should be one text, it is int64 of \(\); write it again"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "01_01_poses.npz"
    damage(path)
    with pytest.raises(UserError, match=r"01_01_poses\.npz:? " + message):
        read_amass(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a\.npz: no such file; give an npz of AMASS"):
        read_amass(tmp_path / "a.npz")


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file/a\.npz cannot be written: .*; free some space or choose -o"):
        write_amass(make_clip("a"), tmp_path / "file" / "a.npz")


def test_a_folder_is_written_once_and_nothing_outside_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the clip '\.\./a' would be written outside .*; leave its archive out"):
        write_amass_folder([make_clip("../a")], tmp_path / "amass")
    write_amass_folder([make_clip("a")], tmp_path / "amass")
    with pytest.raises(UserError, match=r"amass holds \.npz files already; choose an empty folder"):
        write_amass_folder([make_clip("b")], tmp_path / "amass")
