"""Who of the predicted people is whose."""

import math
from dataclasses import replace

import numpy as np
import pytest

from reference.made_measured import CAMERA, compute_box, make_body, make_truth_clip, place_joints
from spsnet.datasets.prepared import PreparedClip
from spsnet.pipeline.matching import match_people
from spsnet.records import PredictedMotion, UserError

LEFT, RIGHT = (PreparedClip(clip=make_truth_clip(person=person)) for person in (0, 1))


def make_track(person: int, name: str, frames: slice = slice(None), aside_px: float = 0.0) -> PredictedMotion:
    """A track where a person of the film is, or beside."""
    clip = (LEFT, RIGHT)[person].clip
    assert clip.body is not None
    boxes = compute_box(place_joints(clip.body, "lsp14")) + np.array([aside_px, 0, 0])
    index = clip.frame_index[frames]
    return PredictedMotion(
        person=name,
        frame_index=index,
        pose_rad=np.zeros((len(index), 72)),
        shape=np.zeros((len(index), 10)),
        body="smpl",
        box_xys_px=boxes[frames],
    )


def name_tracks(chosen: list[list[PredictedMotion]]) -> list[list[str]]:
    return [[track.person for track in tracks] for tracks in chosen]


def test_people_are_told_apart_by_where_they_are() -> None:
    tracks = [make_track(1, "a"), make_track(0, "b", aside_px=10)]
    assert name_tracks(match_people([LEFT, RIGHT], tracks)) == [["b"], ["a"]]
    assert name_tracks(match_people([RIGHT, LEFT], tracks)) == [["a"], ["b"]]


def test_one_person_and_one_track_need_no_boxes() -> None:
    track = replace(make_track(0, "a"), box_xys_px=None)
    assert name_tracks(match_people([LEFT], [track])) == [["a"]]
    with pytest.raises(UserError, match="person a of the results has neither boxes nor a place before a camera"):
        match_people([LEFT, RIGHT], [track])


def test_somebody_else_is_nobody_of_the_film() -> None:
    assert name_tracks(match_people([LEFT], [make_track(0, "a"), make_track(1, "passer-by")])) == [["a"]]
    assert name_tracks(match_people([LEFT, RIGHT], [make_track(1, "a")])) == [[], ["a"]]
    assert name_tracks(match_people([LEFT, RIGHT], [])) == [[], []]


def test_a_person_who_was_lost_and_found_again_is_one() -> None:
    tracks = [make_track(0, "late", slice(30, 40)), make_track(0, "early", slice(0, 25)), make_track(1, "other")]
    assert name_tracks(match_people([LEFT, RIGHT], tracks)) == [["early", "late"], ["other"]]


def test_without_boxes_the_joints_before_the_camera_say_where() -> None:
    tracks = []
    for person in (1, 0):
        joints = place_joints(make_body(40, (1.5 * person - 0.5, 0.0, 4.0), seed=person), "smpl24")
        tracks.append(
            replace(
                make_track(person, str(person)),
                box_xys_px=None,
                joints_m=joints,
                joint_set="smpl24",
                translation_m=joints[:, 0],
                focal_px=CAMERA.focal_px,
                center_px=CAMERA.center_px,
            )
        )
    assert name_tracks(match_people([LEFT, RIGHT], tracks)) == [["0"], ["1"]]


def test_a_place_and_the_pictures_diagonal_say_where_of_whom_the_file_says_no_more() -> None:
    stretch = math.hypot(CAMERA.width, CAMERA.height) / CAMERA.focal_px  # another lens, the same place in the picture
    tracks = [
        replace(
            make_track(person, str(person)),
            box_xys_px=None,
            translation_m=np.tile([1.5 * person - 0.5, 0.0, 4.0 * stretch], (40, 1)),
        )
        for person in (1, 0)
    ]
    assert name_tracks(match_people([LEFT, RIGHT], tracks)) == [["0"], ["1"]]
    behind = replace(tracks[0], translation_m=-np.ones((40, 3)))
    assert name_tracks(match_people([LEFT, RIGHT], [behind, tracks[1]])) == [["0"], []]
