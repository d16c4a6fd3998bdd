"""Files of AMASS."""

from pathlib import Path

import numpy as np

UPRIGHT = (np.pi / 2, 0.0, 0.0)
"""Global orientation of a body that stands where z is up."""


def make_arrays(frames: int = 40, width: int = 156) -> dict[str, np.ndarray]:
    """What a file of AMASS holds: somebody upright who walks along y, 1 m/s, at 30 frames a second."""
    poses = np.zeros((frames, width))
    poses[:, :3] = UPRIGHT
    trans = np.stack([np.ones(frames), np.arange(frames) / 30, np.full(frames, 0.9)], axis=-1)
    return {
        "poses": poses,
        "trans": trans,
        "betas": np.zeros(16),
        "gender": np.array("female"),
        "mocap_framerate": np.array(30.0),
    }


def write(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path
