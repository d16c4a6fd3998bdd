"""Penn Action as it is handed out: MATLAB files, and pictures."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.io import savemat

FRAMES = 5


def make_label(frames: int = FRAMES, train: int = 1, seed: int = 0) -> dict[str, Any]:
    """What MATLAB's `save` left of one sequence."""
    rng = np.random.default_rng(seed)
    left_top = rng.uniform(0, 100, (frames, 2))
    return {
        "action": "tennis_serve",
        "pose": "back",
        "x": rng.uniform(0, 480, (frames, 13)),
        "y": rng.uniform(0, 270, (frames, 13)),
        "visibility": rng.integers(0, 2, (frames, 13)).astype(bool) | (np.arange(13) == 3),
        "train": np.array([[train]], np.int16),
        "bbox": np.concatenate([left_top, left_top + rng.uniform(10, 100, (frames, 2))], axis=1),
        "dimensions": np.array([[270, 480, frames]], np.uint16),
        "nframes": np.array([[frames]], np.uint16),
    }


def write(raw: Path, name: str, label: dict[str, Any], pictures: int = FRAMES) -> Path:
    path = raw / "labels" / f"{name}.mat"
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, label, do_compression=True)
    folder = raw / "frames" / name
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, pictures + 1):
        cv2.imwrite(str(folder / f"{number:06d}.jpg"), np.zeros((27, 48, 3), np.uint8))
    return path
