"""The folder of a run, made without a network: people who wave, and a film whose every frame has a grey of its own."""

import json
from pathlib import Path

import numpy as np

from reference.made_films import encode_film
from spsnet.body import compute_joints, load_body
from spsnet.export import save_person
from spsnet.geometry import axis_angle_to_matrix, project_points
from spsnet.records import BodyParameters, PersonMotion
from spsnet.skeletons import get_joint_set
from spsnet.video import compute_sha256

FPS, FRAMES = 25, 40
WIDTH, HEIGHT, FOCAL_PX = 320, 240, 320.0
CENTER_PX = np.array([WIDTH / 2, HEIGHT / 2])


def grey_of(frame: int) -> int:
    """Brightness of a frame of the film, 0 to 255."""
    return 20 + 5 * frame


def draw_grey(number: int, width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), grey_of(number), np.uint8)


def make_film(path: Path, *, frames: int = FRAMES) -> Path:
    times = [number / FPS for number in range(frames)]
    return encode_film(path, times_s=times, size=(WIDTH, HEIGHT), options={"crf": "1"}, draw=draw_grey, rate=FPS)


def make_person(track_id: int = 1, frames: np.ndarray | None = None, *, x_m: float = 0.0) -> PersonMotion:
    """Stands 4 m before the camera and turns about the vertical, 6 degrees a frame; waves."""
    index = np.arange(FRAMES) if frames is None else frames
    body, count = load_body(), len(index)
    pose = np.zeros((count, 24, 3))
    pose[:, 16, 2] = -1.1 + 0.04 * index
    pose[:, 17, 2] = 1.1
    upright, turn = np.diag([1.0, -1.0, -1.0]), np.deg2rad(6) * index
    heading = axis_angle_to_matrix(np.stack([0 * turn, turn, 0 * turn], axis=-1))
    pose[:, 0] = [_to_axis_angle(upright @ matrix) for matrix in heading]
    shape = np.linspace(-1, 1, 10)
    place = np.tile([x_m, 0.0, 4.0], (count, 1)) + np.stack([0.01 * index, 0 * index, 0 * index], axis=-1)
    joints = compute_joints(body, axis_angle_to_matrix(pose), shape, place)
    return PersonMotion(
        track_id=track_id,
        frame_index=index,
        time_s=index / FPS,
        box_xys_px=np.tile([160.0, 120.0, 150.0], (count, 1)),
        confidence=np.full(count, 0.9),
        filled_mask=np.zeros(count, bool),
        body=BodyParameters(pose_rad=pose.reshape(count, 72), shape=shape, translation_m=place),
        crop_camera=np.tile([1.0, 0.0, 0.0], (count, 1)),
        focal_px=FOCAL_PX,
        joints_m=joints,
        joints_px=project_points(joints, FOCAL_PX, CENTER_PX),
        joint_names=get_joint_set("smpl24").joint_names,
        keypoints_px=np.zeros((count, 33, 3)),
    )


def _to_axis_angle(matrix: np.ndarray) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    return Rotation.from_matrix(matrix).as_rotvec()


def save_run(folder: Path, *people: PersonMotion, film: Path | None = None, body: str | None = None) -> Path:
    folder.mkdir(parents=True)
    name = load_body().name if body is None else body
    for person in people:
        save_person(folder / f"person_{person.track_id:03d}.npz", person, body=name, model="made 1", fps=float(FPS))
    source = {
        "width": WIDTH,
        "height": HEIGHT,
        "fps": FPS,
        "frames": FRAMES,
        "path": "gone.mp4",
        "sha256": "",
        "bytes": 1,
    }
    if film is not None:
        source |= {"path": str(film), "sha256": compute_sha256(film), "bytes": film.stat().st_size}
    camera = {"focal_px": FOCAL_PX, "center_px": CENTER_PX.tolist()}
    summary = {"spsnet": "0.1.0", "input": source, "camera": camera, "body": name}
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder
