"""PoseTrack18 as it is handed out: a film's annotation, and empty pictures."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.skeletons import get_joint_set

FILM = "000342_mpii_test"
FRAMES = 9
LABELLED = (0, 4, 5, 6, 8)
SEEN = {0: (0, 4, 5, 6, 8), 3: (4, 6)}
"""Frames in which each track is annotated."""


def make_keypoints(track: int, frame: int) -> list[float]:
    """Whole pixels and quarters; ears are zeros, as in the data set."""
    points = np.random.default_rng(100 * track + frame).integers(1, 4000, (17, 3)) / 4
    points[:, 2] = 1
    points[3:5] = 0
    return [float(number) for number in points.ravel()]


def make_film(split: str = "val") -> dict[str, Any]:
    """What an annotation file of the data set holds, keys and types as there."""
    images = [
        {
            "has_no_densepose": True,
            "is_labeled": frame in LABELLED,
            "file_name": f"images/{split}/{FILM}/{frame:06d}.jpg",
            "nframes": FRAMES,
            "frame_id": 10003420000 + frame,
            "vid_id": "000342",
            "id": 10003420000 + frame,
        }
        for frame in range(FRAMES)
    ]
    annotations = [
        {
            "bbox_head": [10, 10, 20, 20],
            "keypoints": make_keypoints(track, frame),
            "track_id": track,
            "image_id": 10003420000 + frame,
            "bbox": [10.0 * frame, 20.0, 30.0, 60.0 + track],
            "scores": [],
            "category_id": 1,
            "id": (10003420000 + frame) * 100 + track,
        }
        for track, frames in SEEN.items()
        for frame in frames
    ]
    names = list(get_joint_set("posetrack17").joint_names)
    categories = [{"supercategory": "person", "id": 1, "name": "person", "keypoints": names, "skeleton": [[16, 14]]}]
    return {"images": images, "annotations": annotations, "categories": categories}


def write_film(raw: Path, content: object, split: str = "val") -> Path:
    path = raw / "posetrack_data" / "annotations" / split / f"{FILM}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    folder = raw / "images" / split / FILM
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(FRAMES):
        (folder / f"{frame:06d}.jpg").touch()
    return path
