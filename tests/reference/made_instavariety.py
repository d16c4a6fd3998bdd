"""InstaVariety as it is handed out: TFRecords with JPEGs."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from reference.example_records import serialize_example, write_records

FRAMES = 3
SIZE = 224


def make_jpegs(seed: int = 0) -> list[bytes]:
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (FRAMES, 28, 28, 3), dtype=np.uint8)
    return [cv2.imencode(".jpg", cv2.resize(picture, (SIZE, SIZE)))[1].tobytes() for picture in pictures]


def make_labels(seed: int = 0) -> np.ndarray:
    """Frames of 3 rows (x, y, seen) of 25 points in pixels, as the makers' code holds them; the head is never seen."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, SIZE, (FRAMES, 3, 25)).astype(float)
    labels[:, 2] = rng.integers(0, 2, (FRAMES, 25))
    labels[:, 2, 1] = 1
    labels[:, :, 13] = 0
    return labels


def make_features(labels: np.ndarray, seed: int = 0, *, train: bool = True) -> dict[str, Any]:
    """One record as the makers' code writes it: scaled to -1 … 1 and with features in the training split."""
    stored = labels.copy()
    if train:
        stored[:, :2] = (2 * labels[:, :2] / SIZE - 1) * labels[:, 2:]
    features: dict[str, Any] = {
        "meta/N": np.array([FRAMES]),
        "meta/has_3d": np.array([0]),
        "image/filenames": [b"frames/tag/video/frame0001.png"] * (FRAMES + 2),
        "image/heightwidths": np.full((FRAMES, 2), SIZE),
        "image/xys": stored[:, :2, :14],
        "image/visibilities": stored[:, 2, :14].astype(int),
        "image/face_pts": stored[:, :, 14:19],
        "image/toe_pts": stored[:, :, 19:],
        "image/centers": np.full((FRAMES, 2), SIZE // 2),
        "image/scale_factors": np.full((FRAMES, 2), 0.4),
        "image/crop_pts": np.zeros((FRAMES, 2), int),
        "image/encoded": make_jpegs(seed),
        "mosh/poses": -np.ones((FRAMES, 72)),
    }
    if train:
        features["image/phis"] = np.zeros((FRAMES, 2048))
    else:
        features["meta/time_pts"] = np.array([4, 4 + FRAMES])
    return features


def write(raw: Path, *records: dict[str, Any], split: str = "train", name: str = "insta_variety_00_copy00") -> Path:
    return write_records(raw / split / f"{name}.tfrecord", [serialize_example(record) for record in records])
