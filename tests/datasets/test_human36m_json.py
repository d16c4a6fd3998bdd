from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.made_human36m_json import FRAMES, HOLE, NAME, find_file, make_files, make_room_mm, see, write_subject
from spsnet.datasets.human36m import Human36m
from spsnet.datasets.reader import DatasetReader
from spsnet.geometry import axis_angle_to_matrix, project_points
from spsnet.records import Clip, UserError
from spsnet.skeletons import get_joint_set

# Joints as those who pass this layout around list them.
THEIR_NAMES = (
    "Pelvis R_Hip R_Knee R_Ankle L_Hip L_Knee L_Ankle Torso Neck Nose Head L_Shoulder L_Elbow L_Wrist R_Shoulder "
    "R_Elbow R_Wrist"
)
LEGS_SWAPPED = [0, 4, 5, 6, 1, 2, 3, *range(7, 17)]


def read(raw: Path, name: str = NAME, protocol: int = 2) -> Clip:
    (clip,) = Human36m(protocol=protocol).read_sequence(raw, "test", name)
    return clip


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for subject in (9, 11):
        write_subject(tmp_path, subject, make_files(subject))
    return tmp_path


@pytest.mark.parametrize("name", [NAME, "s_11_act_02_subact_02_ca_04"])
def test_every_array_comes_back(raw: Path, name: str) -> None:
    reader: DatasetReader = Human36m()
    assert reader.list_sequences(raw, "test") == [
        f"s_{subject:02d}_act_02_subact_{take:02d}_ca_04" for subject in (9, 11) for take in (1, 2)
    ]
    clip = read(raw, name)
    assert (clip.dataset, clip.name, clip.sequence, clip.fps) == ("human36m", name, name, 50.0)
    assert (clip.joint_set, clip.keypoint_set, clip.gender) == ("h36m17", "h36m17", "neutral")
    np.testing.assert_array_equal(clip.frame_index, np.arange(FRAMES))
    assert clip.pictures is not None
    assert clip.pictures.path == raw / "images" / name
    assert clip.pictures.names == tuple(f"{name}_{frame + 1:06d}.jpg" for frame in range(FRAMES))
    assert clip.camera is not None
    assert (clip.camera.focal_px, clip.camera.center_px) == (1144.0, (512.5, 515.5))
    assert (clip.camera.width, clip.camera.height) == (1000, 1002)
    room = make_room_mm(900 + 20 + 1 if name == NAME else 1100 + 20 + 2)[:, LEGS_SWAPPED]
    x, y, z = np.moveaxis(room, -1, 0)
    assert clip.joints_m is not None
    np.testing.assert_allclose(clip.joints_m, np.stack([x, 1500 - z, y + 4000], axis=-1) / 1000, atol=1e-12)
    assert clip.keypoints_px is not None
    np.testing.assert_allclose(clip.keypoints_px[..., :2], see(room), atol=1e-9)
    flags = np.arange(17) != np.arange(FRAMES)[:, None]
    np.testing.assert_array_equal(clip.keypoints_px[..., 2], flags[:, LEGS_SWAPPED])
    assert clip.valid_mask.all()
    assert clip.body is None
    extent = see(room).max(1) - see(room).min(1)
    assert clip.box_xys_px is not None
    np.testing.assert_allclose(clip.box_xys_px[:, :2], see(room).min(1) + extent / 2, atol=1e-9)
    np.testing.assert_allclose(clip.box_xys_px[:, 2], 1.2 * extent.max(-1), atol=1e-9)


def test_legs_change_sides_and_arms_stay() -> None:
    words = {"Hip": "hip", "Knee": "knee", "Ankle": "ankle", "Shoulder": "shoulder", "Elbow": "elbow", "Wrist": "wrist"}
    trunk = {"Pelvis": "pelvis", "Torso": "h36m_spine", "Neck": "neck", "Nose": "h36m_jaw", "Head": "h36m_head"}
    sides = {"L": "left", "R": "right"}
    theirs = [THEIR_NAMES.split()[place] for place in LEGS_SWAPPED]
    ours = tuple(trunk.get(name) or f"{sides[name[0]]}_{words[name[2:]]}" for name in theirs)
    assert ours == get_joint_set("h36m17").joint_names


def test_the_room_becomes_the_camera_by_hand(raw: Path) -> None:
    """(100, 0, 900) of the room: R gives (100, -900, 0), t adds (0, 1500, 4000)."""
    files = make_files(9)
    files["joint_3d"]["2"]["1"]["3"][1] = [100.0, 0.0, 900.0]
    write_subject(raw, 9, files)
    clip = read(raw)
    right_hip = get_joint_set("h36m17").index("right_hip")
    assert clip.joints_m is not None
    assert clip.keypoints_px is not None
    np.testing.assert_allclose(clip.joints_m[3, right_hip], (0.1, 0.6, 4), atol=1e-12)
    np.testing.assert_allclose(clip.keypoints_px[3, right_hip, :2], (541.125, 686.95), atol=1e-9)


@given(turn=st.lists(st.floats(-3, 3), min_size=3, max_size=3))
@settings(max_examples=10)
def test_a_turned_room_gives_the_same_clip(tmp_path_factory: pytest.TempPathFactory, turn: list[float]) -> None:
    raw = tmp_path_factory.mktemp("raw")
    write_subject(raw, 11, make_files(11))
    write_subject(raw, 9, make_files(9))
    expected = read(raw)
    matrix, shift, files = axis_angle_to_matrix(np.array(turn)), np.array([300.0, -200.0, 100.0]), make_files(9)
    for action in files["joint_3d"].values():
        for frames in action.values():
            for frame, joints in frames.items():
                frames[frame] = (np.array(joints) @ matrix.T + shift).tolist()
    for camera in files["camera"].values():
        rotation = np.array(camera["R"]) @ matrix.T
        camera["R"], camera["t"] = rotation.tolist(), (camera["t"] - rotation @ shift).tolist()
    other = tmp_path_factory.mktemp("turned")
    write_subject(other, 11, make_files(11))
    write_subject(other, 9, files)
    clip = read(other)
    np.testing.assert_allclose(clip.joints_m, expected.joints_m, atol=1e-9)  # type: ignore[arg-type]
    np.testing.assert_allclose(clip.keypoints_px, expected.keypoints_px, atol=1e-6)  # type: ignore[arg-type]


def test_the_camera_shows_the_keypoints(raw: Path) -> None:
    """One focal length in place of two moves them by less than a pixel."""
    clip = read(raw)
    assert clip.camera is not None
    assert clip.joints_m is not None
    assert clip.keypoints_px is not None
    pixels = project_points(clip.joints_m, clip.camera.focal_px, np.tile(clip.camera.center_px, (FRAMES, 1)))
    assert np.abs(pixels - clip.keypoints_px[..., :2]).max() < 1


def test_a_camera_that_says_where_it_stands_is_refused(raw: Path) -> None:
    files = make_files(9)
    camera = files["camera"]["4"]
    camera["t"] = (-np.array(camera["R"]).T @ camera["t"]).tolist()
    write_subject(raw, 9, files)
    with pytest.raises(
        UserError,
        match=r"subject9_camera\.json: camera 4 sees the joints outside .* X_camera = R X \+ t: .* write -R t",
    ):
        read(raw)


def test_frames_keep_their_numbers_in_any_order(raw: Path) -> None:
    files = make_files(9)
    images = [image for image in files["data"]["images"] if image["frame_idx"] in (1, 2, 4)]
    files["data"]["images"] = images[::-1]
    expected = read(raw)
    assert expected.joints_m is not None
    other = raw / "fewer"
    write_subject(other, 11, make_files(11))
    write_subject(other, 9, files)
    clip = read(other)
    np.testing.assert_array_equal(clip.frame_index, [1, 2, 4])
    np.testing.assert_array_equal(clip.joints_m, expected.joints_m[[1, 2, 4]])
    assert clip.pictures is not None
    assert clip.pictures.names == tuple(f"{NAME}_{number:06d}.jpg" for number in (2, 3, 5))


def test_protocols_and_the_film_that_is_missing_everywhere(raw: Path) -> None:
    (raw / "images" / HOLE).mkdir()
    (raw / "images" / "s_09_act_01_subact_01_ca_04").mkdir()
    reader = Human36m(protocol=1)
    names = reader.list_sequences(raw, "test")
    assert len(names) == 2 * 2 * 4 - 1
    assert HOLE not in names
    assert all(len(reader.read_sequence(raw, "test", name)) == 1 for name in names)


@pytest.mark.parametrize(
    ("kind", "damage", "message"),
    [
        ("camera", lambda file: file.pop("4"), r"subject9_camera\.json has no '4'; take"),
        ("camera", lambda file: file["4"].pop("t"), r"subject9_camera\.json has no '4\.t'; take"),
        (
            "camera",
            lambda file: file["4"].update(R=[1.0, 0.0, 0.0]),
            r"camera\.json: '4\.R' should be of shape \(3, 3\), it is \(3,\); take",
        ),
        (
            "camera",
            lambda file: file["4"].update(R=[[2.0, 0, 0], [0, 1, 0], [0, 0, 1]]),
            r"camera\.json: '4\.R' should be a rotation; take",
        ),
        ("camera", lambda file: file["4"].update(f=[0.0, 1.0]), r"camera\.json: '4\.f' should be positive.*; take"),
        ("joint_3d", lambda file: file.pop("2"), r"subject9_joint_3d\.json has no '2'; take"),
        ("joint_3d", lambda file: file["2"].pop("1"), r"subject9_joint_3d\.json has no '2\.1'; take"),
        ("joint_3d", lambda file: file["2"]["1"].pop("3"), r"subject9_joint_3d\.json has no '2\.1\.3'; take"),
        (
            "joint_3d",
            lambda file: file["2"]["1"]["3"].pop(),
            r"joint_3d\.json: '2\.1' should be of shape \(5, 17, 3\), its rows differ; take",
        ),
        (
            "joint_3d",
            lambda file: file["2"]["1"].update({"3": [["a", "b", "c"]] * 17}),
            r"joint_3d\.json: '2\.1' should be finite numbers; take",
        ),
        ("data", lambda file: file.pop("annotations"), r"subject9_data\.json has no 'annotations'; take"),
        ("data", lambda file: file.update(images={}), r"data\.json: 'images' should be of type list, it is dict; take"),
        (
            "data",
            lambda file: file["images"].insert(0, 7),
            r"data\.json: 'images\[0\]' should be an object, it is int; take",
        ),
        (
            "data",
            lambda file: file["images"][3].update(frame_idx="3"),
            r"data\.json: 'images\[3\]\.frame_idx' should be of type int, it is str; take",
        ),
        (
            "data",
            lambda file: file["annotations"].pop(2),
            r"data\.json: 'annotations' has nothing of 'images\[2\]', id 2; take",
        ),
        (
            "data",
            lambda file: file["annotations"][2].update(bbox=[1.0, 2.0]),
            r"data\.json: 'bbox of s_09_act_02_subact_01_ca_01' should be of shape \(5, 4\), its rows differ; take",
        ),
        (
            "data",
            lambda file: [person.update(keypoints_vis=[True]) for person in file["annotations"]],
            r"data\.json: 'keypoints_vis of s_09_.*' should be of shape \(5, 17\), it is \(5, 1\); take",
        ),
        (
            "data",
            lambda file: file.update(images=file["images"][:5]),
            r"data\.json: 'images' names no picture of s_09_act_02_subact_01_ca_04; take",
        ),
    ],
)
def test_broken_files_are_refused(
    raw: Path, kind: str, damage: Callable[[dict[str, Any]], object], message: str
) -> None:
    files = make_files(9)
    damage(files[kind])
    write_subject(raw, 9, files)
    with pytest.raises(UserError, match=message):
        read(raw)


@pytest.mark.parametrize("kind", ["camera", "data", "joint_3d"])
def test_missing_and_cut_off_files_are_refused(raw: Path, kind: str) -> None:
    path = find_file(raw, 9, kind)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=rf"subject9_{kind}\.json is not a whole JSON file .*; take"):
        read(raw)
    path.unlink()
    with pytest.raises(UserError, match=rf"subject9_{kind}\.json: no such file; unpack that subject's annotations"):
        Human36m().list_sequences(raw, "test")


def test_missing_pictures_are_told(raw: Path) -> None:
    picture = raw / "images" / NAME / f"{NAME}_000003.jpg"
    picture.unlink()
    with pytest.raises(UserError, match=r"_000003\.jpg: no such picture, though Human36M_subject9_data\.json names it"):
        read(raw)
    (raw / "images").rename(raw / "elsewhere")
    (raw / "images").mkdir()
    with pytest.raises(UserError, match=r"holds no folder s_09_act_XX.*; unpack the images of subject 9"):
        Human36m().list_sequences(raw, "test")


def test_pictures_are_not_needed(raw: Path) -> None:
    names, expected = Human36m(protocol=1).list_sequences(raw, "test"), read(raw)
    (raw / "images").rename(raw / "elsewhere")
    assert Human36m(protocol=1).list_sequences(raw, "test") == names
    clip = read(raw)
    assert clip.pictures is None
    np.testing.assert_array_equal(clip.joints_m, expected.joints_m)  # type: ignore[arg-type]
    np.testing.assert_array_equal(clip.keypoints_px, expected.keypoints_px)  # type: ignore[arg-type]
