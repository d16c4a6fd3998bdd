"""Human3.6M as others pass it around: JSON annotations, and empty pictures."""

import json
from pathlib import Path
from typing import Any

import numpy as np

FRAMES = 5
NAME = "s_09_act_02_subact_01_ca_04"
HOLE = "s_11_act_02_subact_02_ca_01"
UPRIGHT = [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
"""Of a camera that looks along the room's y, z being up there: x stays, down is -z."""
CAMERA = {"R": UPRIGHT, "t": [0.0, 1500.0, 4000.0], "f": [1145.0, 1143.0], "c": [512.5, 515.5]}
Files = dict[str, Any]


def make_room_mm(seed: int, frames: int = FRAMES) -> np.ndarray:
    return np.array([0, 0, 900]) + np.random.default_rng(seed).normal(0, 300, (frames, 17, 3))


def make_files(subject: int, takes: tuple[tuple[int, int], ...] = ((2, 1), (2, 2))) -> Files:
    """What the three files of a subject hold, keys and types as there; boxes 1.2 times what the joints take up."""
    joints: dict[str, Any] = {}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for action, subaction in takes:
        room = make_room_mm(100 * subject + 10 * action + subaction)
        frames = {str(frame): room[frame].tolist() for frame in range(FRAMES)}
        joints.setdefault(str(action), {})[str(subaction)] = frames
        for place in (1, 2, 3, 4):
            name = f"s_{subject:02d}_act_{action:02d}_subact_{subaction:02d}_ca_{place:02d}"
            if name == HOLE:
                continue
            for frame in range(FRAMES):
                pixels = see(room[frame])
                low, high = pixels.min(0), pixels.max(0)
                identity = len(images)
                images.append(
                    {
                        "id": identity,
                        "file_name": f"{name}/{name}_{frame + 1:06d}.jpg",
                        "width": 1000,
                        "height": 1002,
                        "subject": subject,
                        "action_name": "Directions",
                        "action_idx": action,
                        "subaction_idx": subaction,
                        "cam_idx": place,
                        "frame_idx": frame,
                    }
                )
                box = [*((low + high) / 2 - 0.6 * (high - low)), *(1.2 * (high - low))]
                flags = (np.arange(17) != frame).tolist()
                annotations.append({"id": identity, "image_id": identity, "keypoints_vis": flags, "bbox": box})
    cameras = {str(place): json.loads(json.dumps(CAMERA)) for place in (1, 2, 3, 4)}
    return {"camera": cameras, "data": {"images": images, "annotations": annotations}, "joint_3d": joints}


def see(room_mm: np.ndarray) -> np.ndarray:
    """Pixels of joints of the room, written out: right is x, down is -z, away is y."""
    x, y, z = room_mm[..., 0], room_mm[..., 1], room_mm[..., 2]
    return np.stack([512.5 + 1145 * x / (y + 4000), 515.5 + 1143 * (1500 - z) / (y + 4000)], axis=-1)


def find_file(raw: Path, subject: int, kind: str) -> Path:
    return raw / "annotations" / f"Human36M_subject{subject}_{kind}.json"


def write_subject(raw: Path, subject: int, files: Files) -> None:
    (raw / "annotations").mkdir(parents=True, exist_ok=True)
    for kind, content in files.items():
        find_file(raw, subject, kind).write_text(json.dumps(content))
    for image in make_files(subject)["data"]["images"]:
        picture = raw / "images" / image["file_name"]
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.touch()
