from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.made_posetrack18 import FILM, SEEN, make_film, make_keypoints, write_film
from spsnet.datasets.posetrack18 import PoseTrack18
from spsnet.datasets.reader import DatasetReader
from spsnet.records import Clip, UserError


def read(raw: Path, split: str = "val") -> list[Clip]:
    return PoseTrack18().read_sequence(raw, split, FILM)


def test_every_array_comes_back(tmp_path: Path) -> None:
    write_film(tmp_path, make_film())
    reader: DatasetReader = PoseTrack18()
    assert reader.list_sequences(tmp_path, "val") == [FILM]
    clips = reader.read_sequence(tmp_path, "val", FILM)
    assert [clip.name for clip in clips] == [f"{FILM}/0", f"{FILM}/3"]
    for clip, (track, frames) in zip(clips, SEEN.items(), strict=True):
        assert (clip.dataset, clip.sequence, clip.fps, clip.gender) == ("posetrack18", FILM, 25.0, "neutral")
        np.testing.assert_array_equal(clip.frame_index, frames)
        assert clip.pictures is not None
        assert clip.pictures.path == tmp_path / "images" / "val" / FILM
        assert clip.pictures.names == tuple(f"{frame:06d}.jpg" for frame in frames)
        assert clip.keypoint_set == "posetrack17"
        assert clip.keypoints_px is not None
        written = [np.reshape(make_keypoints(track, frame), (17, 3)) for frame in frames]
        np.testing.assert_array_equal(clip.keypoints_px, written)
        assert clip.box_xys_px is not None
        boxes = [(10.0 * frame + 15, 20 + (60 + track) / 2, 60.0 + track) for frame in frames]
        np.testing.assert_array_equal(clip.box_xys_px, boxes)
        assert clip.valid_mask.all()
        assert [clip.camera, clip.body, clip.joints_m, clip.joint_set] == [None] * 4


@given(order=st.permutations(range(7)))
@settings(max_examples=15)
def test_the_files_order_does_not_matter(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    raw, content = tmp_path_factory.mktemp("raw"), make_film()
    write_film(raw, content)
    first = read(raw)
    content["annotations"] = [content["annotations"][i] for i in order]
    content["images"] = content["images"][::-1]
    write_film(raw, content)
    for clip, other in zip(first, read(raw), strict=True):
        assert (clip.name, clip.pictures) == (other.name, other.pictures)
        for key in ("frame_index", "keypoints_px", "box_xys_px", "valid_mask"):
            np.testing.assert_array_equal(getattr(clip, key), getattr(other, key))


def test_a_box_by_hand_and_unknown_boxes(tmp_path: Path) -> None:
    content = make_film()
    first, second, third, fourth, fifth = content["annotations"][:5]
    first["bbox"], second["bbox"], third["bbox"] = [10, 20, 30, 60], [10, 20, 0, 60], []
    del fourth["bbox"]
    fifth["bbox"] = [-20.0, 0.0, 80.0, 40.0]
    write_film(tmp_path, content)
    boxes = read(tmp_path)[0].box_xys_px
    np.testing.assert_array_equal(boxes, [(25, 50, 60), (0, 0, 0), (0, 0, 0), (0, 0, 0), (20, 20, 80)])


def test_keypoints_of_zeros_are_unknown(tmp_path: Path) -> None:
    content = make_film()
    keypoints = content["annotations"][0]["keypoints"]
    keypoints[0:3] = [0.0, 0.0, 1.0]
    keypoints[3:6] = [5.0, 6.0, 0.0]
    keypoints[6:9] = [5.0, 6.0, 2]
    keypoints[15:18] = [0.0, 7.0, 1.0]
    content["annotations"][1]["keypoints"] = [0] * 51
    write_film(tmp_path, content)
    clip = read(tmp_path)[0]
    assert clip.keypoints_px is not None
    np.testing.assert_array_equal(clip.keypoints_px[0, [0, 1, 2, 3, 5], 2], [0, 0, 1, 0, 1])
    np.testing.assert_array_equal(clip.keypoints_px[0, 2, :2], [5, 6])
    np.testing.assert_array_equal(clip.valid_mask, [True, False, True, True, True])


def test_annotations_of_pictures_that_are_not_labelled_are_left_out(tmp_path: Path) -> None:
    content = make_film()
    content["images"][5]["is_labeled"] = 0
    write_film(tmp_path, content)
    np.testing.assert_array_equal(read(tmp_path)[0].frame_index, [0, 4, 6, 8])


def test_films_of_the_test_split_have_nobody(tmp_path: Path) -> None:
    content = make_film("test")
    del content["annotations"]
    write_film(tmp_path, content, "test")
    assert PoseTrack18().list_sequences(tmp_path, "test") == [FILM]
    assert read(tmp_path, "test") == []
    content["annotations"] = []
    write_film(tmp_path, content, "test")
    assert read(tmp_path, "test") == []


def test_the_rate_is_a_choice(tmp_path: Path) -> None:
    write_film(tmp_path, make_film())
    assert PoseTrack18(fps=30.0).read_sequence(tmp_path, "val", FILM)[0].fps == 30
    with pytest.raises(ValueError, match=r"fps should be positive, got 0\.0"):
        PoseTrack18(fps=0.0)


def rename(content: dict[str, Any], name: str) -> None:
    content["images"][0]["file_name"] = name


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda film: film.pop("images"), r"_test\.json has no 'images'; unpack"),
        (lambda film: film.pop("annotations"), r"_test\.json has no 'annotations'; unpack"),
        (lambda film: film.update(images={}), r"'images' should be of type list, it is dict; unpack"),
        (lambda film: film["images"].insert(2, "x"), r"'images\[2\]' should be an object, it is str; unpack"),
        (lambda film: film["annotations"].insert(2, 5), r"'annotations\[2\]' should be an object, it is int; unpack"),
        (lambda film: film["images"][1].pop("is_labeled"), r"has no 'images\[1\]\.is_labeled'; unpack"),
        (lambda film: film["annotations"][1].pop("track_id"), r"has no 'annotations\[1\]\.track_id'; unpack"),
        (
            lambda film: film["annotations"][1].update(image_id="7"),
            r"'annotations\[1\]\.image_id' should be of type int, it is str; unpack",
        ),
        (
            lambda film: film["annotations"][3]["keypoints"].pop(),
            r"'annotations\[3\]\.keypoints' should be of shape \(51,\), it is \(50,\); unpack",
        ),
        (
            lambda film: film["annotations"][3].update(bbox=[1, 2, 3]),
            r"'annotations\[3\]\.bbox' should be of shape \(4,\), it is \(3,\); unpack",
        ),
        (
            lambda film: film["annotations"][1].update(image_id=10003420000),
            r"'annotations\[1\]' is the second of track 0 in picture 10003420000; delete one of them",
        ),
        (lambda film: rename(film, "images/val/a.jpg"), r"should end in the frame's number, it is 'images/val/a\.jpg'"),
        (lambda film: rename(film, "images/val/000000.jpg"), r"'file_name' should stay in one folder of the data set"),
        (
            lambda film: [image.update(file_name=f"../../{image['file_name']}") for image in film["images"]],
            r"'file_name' should stay in one folder of the data set",
        ),
        (
            lambda film: [image.update(file_name=f"/{image['file_name']}") for image in film["images"]],
            r"'file_name' should stay in one folder of the data set",
        ),
        (
            lambda film: film["images"][8].update(file_name=f"images/val/{FILM}/000009.jpg"),
            r"000009\.jpg: no such picture, though 000342_mpii_test\.json names it; unpack the images into",
        ),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, damage: Callable[[dict[str, Any]], object], message: str) -> None:
    content = make_film()
    damage(content)
    write_film(tmp_path, content)
    with pytest.raises(UserError, match=message):
        read(tmp_path)


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = write_film(tmp_path, make_film())
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match=r"000342_mpii_test\.json is not a whole JSON file .*; unpack"):
        read(tmp_path)
    with pytest.raises(UserError, match=r"other\.json: no such file; unpack"):
        PoseTrack18().read_sequence(tmp_path, "val", "other")


def test_pictures_are_not_needed(tmp_path: Path) -> None:
    write_film(tmp_path, make_film())
    expected = read(tmp_path)
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    for clip, other in zip(read(tmp_path), expected, strict=True):
        assert clip.pictures is None
        np.testing.assert_array_equal(clip.keypoints_px, other.keypoints_px)  # type: ignore[arg-type]


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"annotations/val: no such folder; give the folder that holds posetrack_data"):
        PoseTrack18().list_sequences(tmp_path, "val")
    (tmp_path / "posetrack_data" / "annotations" / "val").mkdir(parents=True)
    with pytest.raises(UserError, match=r"annotations/val holds no \.json file; unpack"):
        PoseTrack18().list_sequences(tmp_path, "val")
    with pytest.raises(ValueError, match="PoseTrack18 has the splits train, val, test, not 'validation'"):
        PoseTrack18().list_sequences(tmp_path, "validation")
