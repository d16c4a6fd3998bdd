"""Results without a fault: somebody who walks slantwise past the camera, and landmarks that agree."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from spsnet.body import build_keypoint_model, compute_keypoints, load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.crops import compute_network_box
from spsnet.geometry import axis_angle_to_matrix, project_points, translation_to_crop_camera
from spsnet.pipeline.recover import find_default_model
from spsnet.quality.report import FilmFacts
from spsnet.records import BodyParameters, PersonMotion

WIDTH, HEIGHT, FPS = 1280, 720, 30.0
CENTER = np.array([WIDTH / 2, HEIGHT / 2])
UP = np.array([0.0, -1.0, 0.0])
FACTS = FilmFacts(name="walk.mp4", width=WIDTH, height=HEIGHT, fps=FPS, frames=90, model="made 1")


@cache
def make_person(track_id: int = 1, *, frames: int = 90, fps: float = FPS, x_m: float = -1.0) -> PersonMotion:
    """From `x_m` to the right at 0.2 m/s, 5 m away, turned half to the camera; the arms swing once in 1.2 s."""
    time_s = np.arange(frames) / fps
    swing = np.sin(2 * np.pi * time_s / 1.2)
    pose = np.zeros((frames, 24, 3))
    pose[:, 1, 0], pose[:, 2, 0] = 0.05 * swing - 0.2, -0.05 * swing - 0.2
    pose[:, 4, 0], pose[:, 5, 0] = 0.3, 0.3
    pose[:, 16, 2], pose[:, 17, 2] = -1.1 + 0.4 * swing, 1.1 + 0.4 * swing
    pose[:, 18, 1], pose[:, 19, 1] = -0.4 - 0.3 * swing, 0.4 - 0.3 * swing
    pose[:, 12, 1] = 0.2 * swing
    turn = axis_angle_to_matrix(np.array([0.0, 0.5, 0.0])) @ axis_angle_to_matrix(np.array([np.pi, 0.0, 0.0]))
    rotations = axis_angle_to_matrix(pose)
    rotations[:, 0] = turn
    pose[:, 0] = [np.pi * np.cos(0.25), 0.0, -np.pi * np.sin(0.25)]
    assert np.allclose(axis_angle_to_matrix(pose[0, 0]), turn)
    place = np.stack([x_m + 0.2 * time_s, np.zeros(frames), np.full(frames, 5.0)], axis=1)
    return place_person(track_id, time_s, pose, rotations, place)


def place_person(
    track_id: int, time_s: np.ndarray, pose: np.ndarray, rotations: np.ndarray, place: np.ndarray
) -> PersonMotion:
    body, frames, focal = load_body(), len(time_s), float(WIDTH)
    shape = np.zeros((frames, 10))
    joints = compute_keypoints(build_keypoint_model(body, ("smpl24", "coco17")), rotations, shape, place)
    points = LandmarkOffsets.load(Path(find_default_model())).build_model(body)
    landmarks = project_points(compute_keypoints(points, rotations, shape, place)[:, 24:], focal, CENTER)
    box = compute_network_box(landmarks)
    return PersonMotion(
        track_id=track_id,
        frame_index=np.arange(frames),
        time_s=time_s,
        box_xys_px=box,
        confidence=np.full(frames, 0.8),
        filled_mask=np.zeros(frames, bool),
        body=BodyParameters(pose_rad=pose.reshape(frames, 72), shape=np.zeros(10), translation_m=place),
        crop_camera=translation_to_crop_camera(place, box, focal, CENTER),
        focal_px=focal,
        joints_m=joints,
        joints_px=project_points(joints, focal, CENTER),
        joint_names=build_keypoint_model(body, ("smpl24", "coco17")).names,
        keypoints_px=np.concatenate([landmarks, np.full((frames, 33, 1), 0.9)], -1),
    )


def take_first_frame(person: PersonMotion) -> PersonMotion:
    return replace(
        person,
        **{
            name: getattr(person, name)[:1]
            for name in (
                "frame_index", "time_s", "box_xys_px", "confidence", "filled_mask", "crop_camera", "joints_m",
                "joints_px", "keypoints_px",
            )
        },
        body=replace(person.body, pose_rad=person.body.pose_rad[:1], translation_m=person.body.translation_m[:1]),
    )  # fmt: skip
