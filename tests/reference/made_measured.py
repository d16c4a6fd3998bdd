"""Data sets as `spsnet prepare` leaves them, of people whose truth is known, and results of other programs on them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import joblib
import numpy as np

from reference.body_loops import make_body_arrays, make_regressor
from spsnet.body import build_keypoint_model, compute_keypoints, load_body
from spsnet.body.landmarks import build_landmark_model
from spsnet.crops import WIDTH_NAMES, compute_network_box
from spsnet.datasets.prepared import PreparedClip, PreparedIndex, claim_clips, save_film
from spsnet.geometry import axis_angle_to_matrix, project_points
from spsnet.records import BodyParameters, Clip, Gender, PersonObservations, Pictures, Pinhole, PredictedMotion
from spsnet.skeletons import get_joint_set, map_joints

WIDTH, HEIGHT, FPS = 640, 480, 25.0
CAMERA = Pinhole.from_size(WIDTH, HEIGHT)
OWN_SETS = {"3dpw": "smpl24", "mpi-inf-3dhp": "mpi_inf_3dhp17", "human36m": "h36m17"}
"""Joints that the data sets label."""


def make_body(frames: int, place_m: tuple[float, float, float] = (0.0, 0.0, 4.0), seed: int = 0) -> BodyParameters:
    """Somebody who faces the camera and moves arms and legs a little."""
    rng = np.random.default_rng(seed)
    pose = np.zeros((frames, 24, 3))
    pose[:, 1:] = rng.normal(0, 0.1, (23, 3)) * np.sin(np.arange(frames) / 5)[:, None, None]
    pose[:, 0, 0] = np.pi
    pose[:, 16, 2], pose[:, 17, 2] = -1.0, 1.0
    return BodyParameters(
        pose_rad=pose.reshape(frames, 72), shape=np.zeros(10), translation_m=np.tile(place_m, (frames, 1))
    )


def place_joints(body: BodyParameters, joint_set: str) -> np.ndarray:
    """Joints of the open body."""
    frames = len(body)
    source = joint_set if joint_set in ("smpl24", "h36m17", "lsp14") else "h36m17"
    rotations = axis_angle_to_matrix(body.pose_rad.reshape(frames, 24, 3))
    shape = np.tile(body.shape, (frames, 1))
    joints = compute_keypoints(build_keypoint_model(load_body(), (source,)), rotations, shape, body.translation_m)
    return map_joints(source, joint_set).apply(joints)


def make_truth_clip(
    dataset: str = "3dpw", sequence: str = "street", person: int = 0, frames: int = 40, **changes: Any
) -> Clip:
    """A clip of a data set of the paper's table: all labels valid, all limbs seen."""
    body = changes.pop("posed", None) or make_body(frames, (1.5 * person - 0.5, 0.0, 4.0), seed=person)
    points = project_points(place_joints(body, "lsp14"), CAMERA.focal_px, np.array(CAMERA.center_px))
    facts: dict[str, Any] = {
        "dataset": dataset,
        "name": f"{sequence}/{person}",
        "sequence": sequence,
        "fps": FPS,
        "frame_index": np.arange(frames),
        "pictures": None,
        "camera": CAMERA,
        "valid_mask": np.ones(frames, bool),
        "joints_m": place_joints(body, OWN_SETS[dataset]),
        "joint_set": OWN_SETS[dataset],
        "keypoints_px": np.concatenate([points, np.full((frames, 14, 1), 0.9)], axis=-1),
        "keypoint_set": "lsp14",
    }
    if dataset == "3dpw":
        facts |= {"body": body, "gender": ("female", "male")[person % 2]}
    return Clip(**(facts | changes))


def see(clip: Clip, body: BodyParameters) -> PersonObservations:
    """What an encoder without a fault says."""
    frames = len(body)
    rotations = axis_angle_to_matrix(body.pose_rad.reshape(frames, 24, 3))
    model = build_landmark_model(load_body())
    points = compute_keypoints(model, rotations, np.tile(body.shape, (frames, 1)), body.translation_m)[:, 24:]
    pixels = project_points(points, CAMERA.focal_px, np.array(CAMERA.center_px))
    landmarks = np.concatenate([pixels, np.full((frames, 33, 1), 0.9)], axis=2)
    return PersonObservations(
        track_id=1,
        frame_index=clip.frame_index,
        time_s=clip.frame_index / clip.fps,
        confidence=np.ones(frames),
        filled_mask=np.zeros(frames, bool),
        box_xys_px=compute_network_box(landmarks),
        landmarks_px=landmarks,
        world_m=points - points[:, 23:25].mean(1, keepdims=True),
        feature=np.zeros((frames, 1152), np.float32),
        widths_px=np.zeros((frames, len(WIDTH_NAMES))),
    )


def write_clips(
    folder: Path,
    films: Sequence[Sequence[Clip]],
    *,
    split: str = "test",
    encoder: str | None = "blazepose-heavy",
    unseen: Sequence[str] = (),
) -> Path:
    """A folder of clips; everybody was seen, but for the clips named in `unseen`."""
    names = tuple(film[0].sequence for film in films)
    dataset = films[0][0].dataset
    claim_clips(folder, PreparedIndex(dataset=dataset, split=split, encoder=encoder, options={}, sequences=names))
    for number, film in enumerate(films):
        people = []
        for person, clip in enumerate(film):
            body = clip.body or make_body(len(clip), (1.5 * person - 0.5, 0.0, 4.0), seed=person)
            looked = encoder is not None
            seen = (see(clip, body),) if looked and clip.name not in unseen else ()
            people.append(PreparedClip(clip=clip, sightings=seen, size_px=(WIDTH, HEIGHT) if looked else None))
        save_film(folder, number, people)
    return folder


def draw_pictures(folder: Path, frames: int) -> Pictures:
    """Gray pictures with a band that moves."""
    folder.mkdir(parents=True)
    names = tuple(f"image_{number:05d}.png" for number in range(frames))
    for number, name in enumerate(names):
        picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        picture[:, 5 * number : 5 * number + 40] = (60, 140, 60)
        cv2.imwrite(str(folder / name), picture)
    return Pictures(path=folder, names=names)


def make_vibe_person(clip: Clip, *, wrist_mm: float = 0.0, frames: slice = slice(None)) -> dict[str, Any]:
    """A person as VIBE says it: the clip's own body, its right wrist aside by some millimetres."""
    assert clip.body is not None
    body = clip.body
    lsp = place_joints(body, "lsp14")
    box = compute_box(lsp)
    joints = np.zeros((len(clip), 49, 3))
    joints[:, 25:39] = lsp - body.translation_m[:, None]
    joints[:, 25 + get_joint_set("lsp14").index("right_wrist"), 0] += wrist_mm / 1000
    scale = np.full((len(clip), 1), 0.9)
    size = np.array([WIDTH, HEIGHT])
    scales = scale * box[:, 2:3] / size
    person = {
        "pred_cam": np.concatenate([scale, np.zeros((len(clip), 2))], 1).astype(np.float32),
        "orig_cam": np.concatenate([scales, (2 * box[:, :2] / size - 1) / scales], 1).astype(np.float32),
        "pose": body.pose_rad.astype(np.float32),
        "betas": np.tile(body.shape, (len(clip), 1)).astype(np.float32),
        "joints3d": joints.astype(np.float32),
        "joints2d": None,
        "bboxes": np.concatenate([box, box[:, 2:]], 1).astype(np.float32),
        "frame_ids": clip.frame_index,
    }
    return {key: value if value is None else value[frames] for key, value in person.items()}


def compute_box(joints_m: np.ndarray) -> np.ndarray:
    """Centre and side of the square about joints in the picture."""
    seen = project_points(joints_m, CAMERA.focal_px, np.array(CAMERA.center_px))
    low, high = seen.min(1), seen.max(1)
    return np.concatenate([(low + high) / 2, (high - low).max(1, keepdims=True) * 1.1], axis=-1)


def make_own_motion(body: BodyParameters) -> PredictedMotion:
    """A person as our own results tell, frames from 0."""
    frames = len(body)
    return PredictedMotion(
        person="1",
        frame_index=np.arange(frames),
        pose_rad=body.pose_rad,
        shape=np.tile(body.shape, (frames, 1)),
        body=load_body().name,
        translation_m=body.translation_m,
        focal_px=CAMERA.focal_px,
        center_px=CAMERA.center_px,
        fps=FPS,
    )


def write_vibe(path: Path, people: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    joblib.dump(dict(enumerate(people, start=1)), path)
    return path


def write_smpl(
    folder: Path, genders: Sequence[Gender] = ("neutral", "male", "female"), *, regressor: bool = True
) -> Path:
    """Bodies of 120 vertices by SMPL's keys, all alike, so that posed with any gender they are the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for gender in genders:
        np.savez(folder / f"SMPL_{gender.upper()}.npz", **make_body_arrays(3))  # type: ignore[arg-type]
    if regressor:
        np.save(folder / "J_regressor_h36m.npy", make_regressor(5, 17))
    return folder


def make_trap(mark: Path) -> bytes:
    """A pickle of a table that makes a folder when it is opened by a plain unpickler."""
    return f"(dS'1'\ncos\nmkdir\n(V{mark}\ntRs.".encode()
