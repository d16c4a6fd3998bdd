"""Every record: what it takes, what it refuses, and the words it refuses with."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from spsnet import records
from spsnet.records import (
    BodyParameters,
    CropCamera,
    Detections,
    FilmInfo,
    Frame,
    Observation,
    PersonMotion,
    PersonObservations,
    Pinhole,
    Track,
    UserError,
)


def make_track(frames: int = 3) -> Track:
    return Track(
        track_id=1,
        frame_index=np.arange(5, 5 + frames),
        time_s=np.arange(frames) / 30,
        boxes_xyxy_px=np.tile([0.0, 0, 10, 20], (frames, 1)),
        confidence=np.ones(frames),
        filled_mask=np.zeros(frames, bool),
    )


def make_detections(people: int = 2) -> Detections:
    return Detections(boxes_xyxy_px=np.tile([0.0, 0, 10, 20], (people, 1)), confidence=np.ones(people))


def make_body(frames: int = 3) -> BodyParameters:
    return BodyParameters(
        pose_rad=np.zeros((frames, 72)), shape=np.zeros(10), translation_m=np.tile([0.0, 0, 5], (frames, 1))
    )


def make_motion(frames: int = 3) -> PersonMotion:
    return PersonMotion(
        track_id=1,
        frame_index=np.arange(frames),
        time_s=np.arange(frames) / 30,
        box_xys_px=np.ones((frames, 3)),
        confidence=np.ones(frames),
        filled_mask=np.zeros(frames, bool),
        body=make_body(frames),
        crop_camera=np.ones((frames, 3)),
        focal_px=1000.0,
        joints_m=np.zeros((frames, 2, 3)),
        joints_px=np.zeros((frames, 2, 2)),
        joint_names=("pelvis", "nose"),
        keypoints_px=np.zeros((frames, 33, 3)),
    )


def make_observations(frames: int = 3) -> PersonObservations:
    return PersonObservations(
        track_id=1,
        frame_index=np.arange(frames),
        time_s=np.arange(frames) / 30,
        confidence=np.ones(frames),
        filled_mask=np.zeros(frames, bool),
        box_xys_px=np.ones((frames, 3)),
        landmarks_px=np.zeros((frames, 33, 3)),
        world_m=np.zeros((frames, 33, 3)),
        feature=np.zeros((frames, 1152), np.float32),
    )


def make_crop_camera(frames: int = 3) -> CropCamera:
    return CropCamera(scale_and_translation=np.ones((frames, 3)), box_xys_px=np.ones((frames, 3)))


LONG: list[Callable[[int], Any]] = [make_track, make_detections, make_body, make_motion, make_observations]


@pytest.mark.parametrize("make", LONG)
def test_length_is_the_number_of_frames_or_people(make: Callable[[int], Any]) -> None:
    assert len(make(4)) == 4
    assert len(make(1)) == 1


@pytest.mark.parametrize("make", [make_detections, make_body, make_motion, make_observations])
def test_nothing_is_allowed_where_there_may_be_nobody(make: Callable[[int], Any]) -> None:
    assert len(make(0)) == 0


def test_a_track_has_at_least_one_frame() -> None:
    with pytest.raises(ValueError, match="Track should have at least one frame"):
        make_track(0)


@pytest.mark.parametrize("make", [*LONG, make_crop_camera])
def test_records_cannot_be_changed(make: Callable[[int], Any]) -> None:
    record = make(2)
    with pytest.raises(FrozenInstanceError):
        record.confidence = None


ARRAY_FIELDS = [
    (make_track, "time_s"),
    (make_track, "boxes_xyxy_px"),
    (make_track, "confidence"),
    (make_track, "filled_mask"),
    (make_detections, "boxes_xyxy_px"),
    (make_body, "translation_m"),
    (make_motion, "time_s"),
    (make_motion, "box_xys_px"),
    (make_motion, "joints_m"),
    (make_motion, "joints_px"),
    (make_motion, "keypoints_px"),
    (make_motion, "crop_camera"),
    (make_observations, "landmarks_px"),
    (make_observations, "world_m"),
    (make_observations, "feature"),
    (make_observations, "filled_mask"),
    (make_crop_camera, "box_xys_px"),
]


@pytest.mark.parametrize(("make", "name"), ARRAY_FIELDS, ids=lambda x: getattr(x, "__name__", x))
def test_arrays_of_another_length_are_refused_by_name(make: Callable[[int], Any], name: str) -> None:
    record = make(3)
    with pytest.raises((ValueError, TypeCheckError), match=name):
        replace(record, **{name: getattr(record, name)[:2]})


FINITE_FIELDS = [
    (make_track, "boxes_xyxy_px"),
    (make_detections, "boxes_xyxy_px"),
    (make_body, "pose_rad"),
    (make_body, "shape"),
    (make_body, "translation_m"),
    (make_motion, "joints_m"),
    (make_observations, "landmarks_px"),
]


@pytest.mark.parametrize(("make", "name"), FINITE_FIELDS, ids=lambda x: getattr(x, "__name__", x))
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_with_their_number(
    make: Callable[[int], Any], name: str, bad: float
) -> None:
    record = make(3)
    values = getattr(record, name).copy()
    values.reshape(-1)[-2:] = bad
    with pytest.raises(ValueError, match=rf"{type(record).__name__}\.{name} should be finite, 2 of {values.size}"):
        replace(record, **{name: values})


def test_shape_error_says_what_was_expected_and_what_came() -> None:
    with pytest.raises(ValueError, match=r"PersonMotion\.body\.pose_rad should have shape \(3, 72\), got \(2, 72\)"):
        replace(make_motion(3), body=make_body(2))


def test_frames_of_a_track_follow_one_another() -> None:
    with pytest.raises(ValueError, match=r"Track\.frame_index should rise by one"):
        replace(make_track(3), frame_index=np.array([1, 2, 4]))


def test_boxes_have_an_area() -> None:
    with pytest.raises(ValueError, match="right > left and bottom > top"):
        Detections(boxes_xyxy_px=np.array([[0.0, 0, 0, 5]]), confidence=np.ones(1))


def test_pinhole_of_an_unknown_lens() -> None:
    camera = Pinhole.from_size(1920, 1080)
    assert camera.focal_px == 1920
    assert camera.center_px == (960, 540)
    assert np.isclose(np.degrees(2 * np.arctan(camera.width / 2 / camera.focal_px)), 53, atol=0.5)
    assert Pinhole.from_size(1080, 1920).focal_px == 1920
    assert Pinhole.from_size(1920, 1080, 1500.0).focal_px == 1500


@pytest.mark.parametrize("focal", [0.0, -1.0, float("nan")])
def test_pinhole_refuses_a_focal_length_that_is_not_positive(focal: float) -> None:
    with pytest.raises(ValueError, match=r"Pinhole\.focal_px should be positive"):
        Pinhole.from_size(10, 10, focal)


def test_crop_boxes_have_positive_sides() -> None:
    with pytest.raises(ValueError, match="positive sides"):
        CropCamera(scale_and_translation=np.ones((1, 3)), box_xys_px=np.array([[1.0, 1, 0]]))


def test_a_frame_holds_bytes_of_three_colours() -> None:
    frame = Frame(index=0, time_s=0.0, image_rgb=np.zeros((4, 6, 3), np.uint8))
    assert frame.image_rgb.shape == (4, 6, 3)
    with pytest.raises(TypeCheckError):
        Frame(index=0, time_s=0.0, image_rgb=np.zeros((4, 6, 3), np.float32))


def test_film_info_may_not_know_its_length() -> None:
    info = FilmInfo(path=Path("a.mp4"), width=10, height=20, fps=30.0, frame_count=None, rotation_deg=90)
    assert info.frame_count is None


def test_an_observation_may_come_without_a_feature() -> None:
    observation = Observation(
        box_xys_px=np.ones(3), landmarks_px=np.zeros((33, 3)), world_m=np.zeros((33, 3)), presence=0.9, feature=None
    )
    assert observation.feature is None
    assert replace(make_observations(), feature=None).feature is None


def test_user_error_is_no_fault_of_ours() -> None:
    assert issubclass(UserError, RuntimeError)
    assert not issubclass(UserError, ValueError)


def test_public_names_exist() -> None:
    assert all(hasattr(records, name) for name in records.__all__)
    assert records.__all__ == sorted(records.__all__)
