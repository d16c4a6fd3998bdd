import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from reference.made_instavariety import FRAMES, SIZE, make_features, make_labels, write
from spsnet.datasets.instavariety import InstaVariety
from spsnet.datasets.reader import DatasetReader
from spsnet.records import Clip, UserError
from spsnet.skeletons import get_joint_set

# What the makers' code calls the points, in the order of xys, face_pts and toe_pts.
COMMON = ["R Heel", "R Knee", "R Hip", "L Hip", "L Knee", "L Heel", "R Wrist", "R Elbow", "R Shoulder", "L Shoulder"]
COMMON += ["L Elbow", "L Wrist", "Neck", "Head"]
FACE = ["Nose", "L Eye", "R Eye", "L Ear", "R Ear"]
TOES = ["L Big Toe", "R Big Toe", "L Small Toe", "R Small Toe", "L Ankle", "R Ankle"]


def name_ours(theirs: str) -> str:
    sided = theirs.replace("L ", "left ").replace("R ", "right ")
    return f"openpose_{sided.lower().replace(' ', '_')}"


def read(raw: Path, features: dict[str, Any], **options: Any) -> Clip:
    write(raw, features)
    (clip,) = InstaVariety(**options).read_sequence(raw, "train", "insta_variety_00_copy00.000")
    return clip


@pytest.mark.parametrize("train", [True, False])
def test_everything_that_was_written_is_read(tmp_path: Path, train: bool) -> None:
    labels = make_labels()
    clip = read(tmp_path, make_features(labels, train=train))
    assert (clip.dataset, clip.name, clip.fps) == ("instavariety", "insta_variety_00_copy00.000", 30.0)
    assert clip.sequence == clip.name
    assert clip.keypoint_set == "openpose25"
    assert clip.keypoints_px is not None
    joints = get_joint_set("openpose25")
    for column, theirs in enumerate([*COMMON, *FACE, *TOES]):
        if theirs == "Head":
            continue
        got = clip.keypoints_px[:, joints.index(name_ours(theirs))]
        np.testing.assert_allclose(got, labels[:, :, column] * labels[:, 2:, column], atol=1e-4)
    assert not clip.keypoints_px[:, joints.index("openpose_mid_hip")].any()
    np.testing.assert_array_equal(clip.frame_index, np.arange(FRAMES))
    assert clip.valid_mask.all()
    assert clip.pictures is clip.camera is clip.body is clip.box_xys_px is None


def test_it_is_a_reader() -> None:
    reader: DatasetReader = InstaVariety()
    assert reader.info.name == "instavariety"


def test_places_by_hand(tmp_path: Path) -> None:
    """Half way from the middle to the right is pixel 168 of 224; the first point is the right heel, no ankle."""
    features = make_features(make_labels())
    features["image/xys"][0, :, 0] = (0.5, -1.0)
    features["image/visibilities"][0, 0] = 1
    clip = read(tmp_path, features)
    assert clip.keypoints_px is not None
    heel = get_joint_set("openpose25").index("openpose_right_heel")
    np.testing.assert_array_equal(clip.keypoints_px[0, heel], (168, 0, 1))


def test_width_scales_x_and_height_y(tmp_path: Path) -> None:
    features = make_features(make_labels())
    features["image/heightwidths"][:] = (100, 200)
    features["image/xys"][0, :, 0] = (0.5, 0.5)
    features["image/visibilities"][0, 0] = 1
    clip = read(tmp_path, features)
    assert clip.keypoints_px is not None
    heel = get_joint_set("openpose25").index("openpose_right_heel")
    np.testing.assert_array_equal(clip.keypoints_px[0, heel], (150, 75, 1))


def test_records_without_face_and_feet_have_the_rest(tmp_path: Path) -> None:
    labels = make_labels()
    whole, features = read(tmp_path, make_features(labels)), make_features(labels)
    del features["image/face_pts"], features["image/toe_pts"]
    clip = read(tmp_path, features)
    assert clip.keypoints_px is not None
    assert whole.keypoints_px is not None
    joints = get_joint_set("openpose25")
    rest = [joints.index(name_ours(name)) for name in (*FACE, *TOES)]
    assert not clip.keypoints_px[:, rest].any()
    kept = [i for i in range(25) if i not in rest]
    np.testing.assert_array_equal(clip.keypoints_px[:, kept], whole.keypoints_px[:, kept])


def test_frames_in_which_nothing_is_seen_are_not_valid(tmp_path: Path) -> None:
    labels = make_labels()
    labels[1, 2] = 0
    assert read(tmp_path, make_features(labels)).valid_mask.tolist() == [True, False, True]


def test_every_record_is_a_sequence(tmp_path: Path) -> None:
    both = [make_labels(0), make_labels(1)]
    write(tmp_path, *(make_features(labels) for labels in both), name="b")
    write(tmp_path, make_features(both[0]), name="a")
    write(tmp_path, make_features(both[0], train=False), split="test", name="tag_video.x")
    assert InstaVariety().list_sequences(tmp_path, "train") == ["a.000", "b.000", "b.001"]
    assert InstaVariety().list_sequences(tmp_path, "test") == ["tag_video.x.000"]
    second = InstaVariety().read_sequence(tmp_path, "train", "b.001")[0].keypoints_px
    assert second is not None
    knee = get_joint_set("openpose25").index("openpose_right_knee")
    np.testing.assert_allclose(second[:, knee], both[1][:, :, 1], atol=1e-4)
    assert len(InstaVariety().read_sequence(tmp_path, "test", "tag_video.x.000")) == 1


def test_pictures_are_written_once_and_byte_for_byte(tmp_path: Path) -> None:
    features = make_features(make_labels())
    clip = read(tmp_path, features, pictures=tmp_path / "pictures")
    assert clip.pictures is not None
    assert clip.pictures.path == tmp_path / "pictures" / "train" / "insta_variety_00_copy00.000"
    assert clip.pictures.names == ("000000.jpg", "000001.jpg", "000002.jpg")
    files = [clip.pictures.path / name for name in clip.pictures.names]
    assert [file.read_bytes() for file in files] == features["image/encoded"]
    assert cv2.imread(str(files[0])).shape == (SIZE, SIZE, 3)
    times = [file.stat().st_mtime_ns for file in files]
    assert read(tmp_path, features, pictures=tmp_path / "pictures").pictures == clip.pictures
    assert [file.stat().st_mtime_ns for file in files] == times
    assert sorted(path.name for path in clip.pictures.path.parent.iterdir()) == [clip.name]


def test_what_an_interrupted_run_left_is_done_again(tmp_path: Path) -> None:
    left = tmp_path / "pictures" / "train" / ".insta_variety_00_copy00.000.part"
    left.mkdir(parents=True)
    (left / "000000.jpg").write_bytes(b"half")
    (left / "000007.jpg").write_bytes(b"other")
    features = make_features(make_labels())
    clip = read(tmp_path, features, pictures=tmp_path / "pictures")
    assert clip.pictures is not None
    assert sorted(path.name for path in clip.pictures.path.iterdir()) == list(clip.pictures.names or ())
    assert not left.exists()


def test_other_pictures_in_the_folder_are_not_taken_for_these(tmp_path: Path) -> None:
    clip = read(tmp_path, make_features(make_labels()), pictures=tmp_path / "pictures")
    assert clip.pictures is not None
    (clip.pictures.path / "000001.jpg").write_bytes(b"cut")
    with pytest.raises(UserError, match=r"copy00.000 holds other pictures than the record; delete it"):
        read(tmp_path, make_features(make_labels()), pictures=tmp_path / "pictures")
    shutil.rmtree(tmp_path / "pictures")
    (tmp_path / "pictures").write_bytes(b"")
    with pytest.raises(UserError, match=r"copy00.000 cannot be written \(.*\); free some space, or choose another"):
        read(tmp_path, make_features(make_labels()), pictures=tmp_path / "pictures")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.pop("meta/N"), r"record 0 has no 'meta/N', so it is none of InstaVariety; download"),
        (lambda f: f.pop("image/xys"), r"record 0 has no 'image/xys'"),
        (lambda f: f.update({"meta/N": np.array([0])}), r"'meta/N' should be a number of frames, it is 0; download"),
        (lambda f: f.update({"meta/N": [b"3"]}), r"'meta/N' should be 1 whole numbers, it is 1 byte strings"),
        (lambda f: f.update({"image/xys": f["image/xys"][1:]}), r"'image/xys' should be 84 floats, it is 56 floats"),
        (
            lambda f: f.update({"image/visibilities": f["image/visibilities"].astype(float)}),
            r"'image/visibilities' should be 42 whole numbers, it is 42 floats",
        ),
        (lambda f: f.update({"image/toe_pts": np.zeros(7)}), r"'image/toe_pts' should be 54 floats, it is 7 floats"),
        (lambda f: f.pop("image/heightwidths"), r"record 0 has no 'image/heightwidths'"),
        (lambda f: f.pop("image/encoded"), r"record 0 has no 'image/encoded'"),
        (lambda f: f["image/encoded"].pop(), r"'image/encoded' should be 3 pictures, it is 2 byte strings"),
        (lambda f: f.update({"image/encoded": np.zeros(3)}), r"'image/encoded' should be 3 pictures, it is 3 floats"),
        (lambda f: f["image/encoded"].insert(1, b"GIF89a") or f["image/encoded"].pop(), r"of frame 1 is no JPEG"),
    ],
)
def test_records_that_contradict_themselves_are_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    features = make_features(make_labels())
    change(features)
    with pytest.raises(UserError, match=rf"insta_variety_00_copy00.tfrecord: .*{message}"):
        read(tmp_path, features, pictures=tmp_path / "pictures")
    assert not (tmp_path / "pictures").exists()


def test_missing_and_damaged_files_are_said(tmp_path: Path) -> None:
    reader = InstaVariety()
    with pytest.raises(UserError, match=r"train: there is no such folder; give the one that holds train/\*.tfrecord"):
        reader.list_sequences(tmp_path, "train")
    (tmp_path / "train").mkdir()
    with pytest.raises(UserError, match=r"train holds no \.tfrecord file; unpack InstaVariety there"):
        reader.list_sequences(tmp_path, "train")
    path = write(tmp_path, name="a")
    with pytest.raises(UserError, match=r"a.tfrecord holds no record; download the file again"):
        reader.list_sequences(tmp_path, "train")
    write(tmp_path, make_features(make_labels()), name="a")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"a.tfrecord: record 0 is cut off; download the file again"):
        reader.list_sequences(tmp_path, "train")
    with pytest.raises(UserError, match=r"b.tfrecord cannot be read"):
        reader.read_sequence(tmp_path, "train", "b.000")
    with pytest.raises(ValueError, match=r"a sequence is called FILE.NUMBER, got 'a'"):
        reader.read_sequence(tmp_path, "train", "a")
    with pytest.raises(ValueError, match="InstaVariety has the splits train, test, got 'val'"):
        reader.list_sequences(tmp_path, "val")
