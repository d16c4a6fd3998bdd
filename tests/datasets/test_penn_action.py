from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.made_penn_action import FRAMES, make_label, write
from spsnet.datasets.penn_action import PennAction
from spsnet.datasets.reader import DatasetReader
from spsnet.records import UserError
from spsnet.skeletons import get_joint_set


def read(raw: Path, label: dict[str, Any], **options: Any) -> Any:
    write(raw, "0001", label)
    (clip,) = PennAction(**options).read_sequence(raw, "train", "0001")
    return clip


def test_everything_that_was_written_is_read(tmp_path: Path) -> None:
    label = make_label()
    clip = read(tmp_path, label)
    assert (clip.dataset, clip.name, clip.sequence, clip.fps) == ("penn-action", "0001", "0001", 30.0)
    assert clip.keypoint_set == "penn13"
    expected = np.stack([label["x"], label["y"], label["visibility"]], axis=-1)
    np.testing.assert_array_equal(clip.keypoints_px, expected)
    np.testing.assert_array_equal(clip.frame_index, np.arange(FRAMES))
    assert clip.valid_mask.all()
    low, high = label["bbox"][:, :2], label["bbox"][:, 2:]
    np.testing.assert_allclose(clip.box_xys_px[:, :2], (low + high) / 2, rtol=1e-12)
    np.testing.assert_allclose(clip.box_xys_px[:, 2], (high - low).max(1), rtol=1e-12)
    assert clip.pictures is not None
    assert clip.pictures.names == tuple(f"00000{number}.jpg" for number in range(1, FRAMES + 1))
    assert all((clip.pictures.path / name).is_file() for name in clip.pictures.names)
    assert clip.camera is clip.body is clip.joints_m is None


def test_it_is_a_reader() -> None:
    reader: DatasetReader = PennAction()
    assert reader.info.name == "penn-action"
    assert reader.info.splits == ("train", "test")


def test_a_box_by_hand(tmp_path: Path) -> None:
    label = make_label()
    label["bbox"][0] = (10, 20, 50, 100)
    np.testing.assert_array_equal(read(tmp_path, label).box_xys_px[0], (30, 60, 80))


def test_left_is_read_first_unless_sides_are_swapped(tmp_path: Path) -> None:
    label = make_label()
    label["x"][0] = np.arange(13)
    label["visibility"][:] = True
    joints = get_joint_set("penn13")
    plain, swapped = read(tmp_path, label), read(tmp_path, label, swap_sides=True)
    for clip, column in ((plain, 1), (swapped, 2)):
        assert clip.keypoints_px[0, joints.index("left_shoulder"), 0] == column
        assert clip.keypoints_px[0, joints.index("penn_head"), 0] == 0
    np.testing.assert_array_equal(swapped.keypoints_px, plain.keypoints_px[:, joints.mirror_index])
    np.testing.assert_array_equal(swapped.box_xys_px, plain.box_xys_px)


@pytest.mark.parametrize("rows", [0, 1, FRAMES - 1])
def test_frames_past_the_last_box_have_none(tmp_path: Path, rows: int) -> None:
    label = make_label()
    whole = read(tmp_path, label).box_xys_px
    label["bbox"] = label["bbox"][:rows]
    boxes = read(tmp_path, label).box_xys_px
    np.testing.assert_array_equal(boxes[:rows], whole[:rows])
    assert not boxes[rows:, 2].any()


def test_boxes_past_the_last_frame_are_left_out(tmp_path: Path) -> None:
    label = make_label()
    label["bbox"] = np.concatenate([label["bbox"], [[0.0, 0, 9, 9]]])
    assert read(tmp_path, label).box_xys_px.shape == (FRAMES, 3)


def test_what_is_no_number_is_not_known(tmp_path: Path) -> None:
    label = make_label()
    label["visibility"][:] = True
    label["x"][1, 4] = np.nan
    label["visibility"][2] = False
    label["bbox"][0] = (50, 20, 10, 100)
    label["bbox"][1, 3] = np.nan
    clip = read(tmp_path, label)
    assert (clip.keypoints_px[1, :, 2] == (np.arange(13) != 4)).all()
    assert np.isfinite(clip.keypoints_px).all()
    assert clip.valid_mask.tolist() == [True, True, False, True, True]
    assert (clip.box_xys_px[:, 2] > 0).tolist() == [False, False, True, True, True]


@pytest.mark.parametrize("other", [0, -1])
def test_the_split_is_what_the_label_says(tmp_path: Path, other: int) -> None:
    for name, train in (("0003", 1), ("0001", 1), ("0002", other)):
        write(tmp_path, name, make_label(train=train))
    assert PennAction().list_sequences(tmp_path, "train") == ["0001", "0003"]
    assert PennAction().list_sequences(tmp_path, "test") == ["0002"]
    assert len(PennAction().read_sequence(tmp_path, "test", "0002")[0]) == FRAMES
    with pytest.raises(UserError, match=r"0002.mat: 'train' says that it is for test, not for train; read it as test"):
        PennAction().read_sequence(tmp_path, "train", "0002")
    with pytest.raises(ValueError, match="Penn Action has the splits train, test, got 'val'"):
        PennAction().list_sequences(tmp_path, "val")


def test_one_frame_is_a_clip(tmp_path: Path) -> None:
    assert len(read(tmp_path, make_label(1))) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda label: label.pop("x"), r"0001.mat has no 'x', so it is no label of Penn Action; take the file"),
        (lambda label: label.pop("train"), r"0001.mat has no 'train'"),
        (lambda label: label.update(x=label["x"][:, :12]), r"'x' should be numbers of shape \(5, 13\), .*\(5, 12\)"),
        (lambda label: label.update(y=label["y"][:4]), r"'y' should be numbers of shape \(5, 13\), .*\(4, 13\)"),
        (lambda label: label.update(bbox=label["bbox"][:, :3]), r"'bbox' should be .* \(any, 4\), .*\(5, 3\)"),
        (lambda label: label.update(bbox="none"), r"'bbox' should be numbers of shape \(any, 4\), it is <U4"),
        (lambda label: label.update(nframes=0), r"'nframes' should be a number of pictures, it is \[0\]; take"),
        (lambda label: label.update(nframes="5"), r"'nframes' should be a number of pictures, it is \['5'\]"),
        (lambda label: label.update(train=2), r"0001.mat: 'train' should be 1, 0 or -1, it is \[2\]; take"),
        (lambda label: label.update(train="yes"), r"'train' should be 1, 0 or -1, it is \['yes'\]"),
        (lambda label: label.update(train=0.5), r"'train' should be 1, 0 or -1, it is \[0.5\]"),
    ],
)
def test_labels_that_are_none_are_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    label = make_label()
    change(label)
    with pytest.raises(UserError, match=message):
        read(tmp_path, label)


def test_damaged_labels_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "0001", make_label())
    data = path.read_bytes()
    for content in (b"", b"no MATLAB file at all" * 20, data[:200], data[:-30], b"\x89HDF\r\n\x1a\n" + data):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"0001.mat (is no whole MATLAB file .*|has no .*); take the file"):
            PennAction().read_sequence(tmp_path, "train", "0001")
    path.unlink()
    with pytest.raises(UserError, match=r"0001.mat: there is no such file; take the file"):
        PennAction().read_sequence(tmp_path, "train", "0001")


@settings(max_examples=60)
@given(st.data())
def test_any_damage_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = tmp_path_factory.mktemp("penn")
    path = write(raw, "0001", make_label(2), pictures=2)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    try:
        clips = PennAction().read_sequence(raw, "train", "0001")
    except UserError:
        return
    assert len(clips) == 1


def test_pictures_are_not_needed(tmp_path: Path) -> None:
    write(tmp_path, "0001", make_label())
    (tmp_path / "frames").rename(tmp_path / "elsewhere")
    assert PennAction().list_sequences(tmp_path, "train") == ["0001"]
    (clip,) = PennAction().read_sequence(tmp_path, "train", "0001")
    assert clip.pictures is None
    assert clip.keypoints_px is not None


def test_missing_folders_and_pictures_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"labels: there is no such folder; give the unpacked Penn_Action"):
        PennAction().list_sequences(tmp_path, "train")
    (tmp_path / "labels").mkdir()
    with pytest.raises(UserError, match=r"labels holds no \.mat file; unpack Penn_Action"):
        PennAction().list_sequences(tmp_path, "train")
    write(tmp_path, "0001", make_label(), pictures=3)
    with pytest.raises(UserError, match=r"000004.jpg: there is no such file, and 2 of the 5 pictures .* are missing"):
        PennAction().read_sequence(tmp_path, "train", "0001")
