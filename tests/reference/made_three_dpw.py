"""Sequences of 3DPW, written byte for byte as Python 2 pickled them."""

from pathlib import Path
from typing import Any

import numpy as np

from reference import old_pickles
from spsnet.body import compute_joints, load_body
from spsnet.geometry import axis_angle_to_matrix

FRAMES, PEOPLE = 6, 2
SHAPES = (10, 300)
"""Numbers of coefficients that the two people's shapes have."""


def make_arrays(frames: int = FRAMES, seed: int = 0) -> dict[str, Any]:
    """All 17 entries of a file: two people of the open body, a camera that stands in the world's origin."""
    rng = np.random.default_rng(seed)
    pose = rng.normal(0, 0.3, (PEOPLE, frames, 72))
    trans = rng.normal((0, 0, 6), 1, (PEOPLE, frames, 3))
    betas = [rng.normal(0, 1, size) for size in SHAPES]
    body = load_body()
    joints = [
        compute_joints(body, axis_angle_to_matrix(p.reshape(frames, 24, 3)), b[:10], t)
        for p, b, t in zip(pose, betas, trans, strict=True)
    ]
    points = np.stack(
        [
            rng.uniform(0, 1080, (PEOPLE, frames, 18)),
            rng.uniform(0, 1920, (PEOPLE, frames, 18)),
            rng.uniform(0, 1, (PEOPLE, frames, 18)),
        ],
        axis=2,
    )
    points[:, 0, :, 16] = 0
    return {
        "sequence": "courtyard_made_00",
        "betas": betas,
        "poses": list(pose),
        "trans": list(trans),
        "poses_60Hz": list(np.repeat(pose, 2, axis=1)),
        "trans_60Hz": list(np.repeat(trans, 2, axis=1)),
        "betas_clothed": [b[:10] for b in betas],
        "v_template_clothed": list(rng.normal(0, 1, (PEOPLE, 8, 3))),
        "genders": ["f", "m"],
        "texture_maps": [],
        "poses2d": list(points),
        "jointPositions": [np.reshape(j, (frames, 72)).astype(np.float64) for j in joints],
        "img_frame_ids": np.arange(0, 2 * frames, 2, dtype=np.uint16),
        "cam_poses": np.tile(np.eye(4), (frames, 1, 1)),
        "campose_valid": [np.array([*[1] * (frames - 1), p], np.uint8) for p in range(PEOPLE)],
        "cam_intrinsics": np.array([[1961.0, 0.0, 540.0], [0.0, 1969.0, 960.0], [0.0, 0.0, 1.0]]),
    }


def encode(value: Any) -> bytes:
    """An entry in opcodes of protocol 2."""
    if isinstance(value, list):
        return b"](" + b"".join(encode(item) for item in value) + b"e"
    if isinstance(value, str):
        return old_pickles.text(value)
    if isinstance(value, int):
        return old_pickles.integer(value)
    return old_pickles.array(value)


def encode_sequence(arrays: dict[str, Any]) -> bytes:
    return old_pickles.START + old_pickles.mapping({k: encode(v) for k, v in arrays.items()}) + old_pickles.STOP


def write_sequence(
    raw: Path, arrays: dict[str, Any], *, split: str = "test", name: str = "courtyard_made_00", pictures: bool = True
) -> Path:
    """The sequence's pickle and, empty, its pictures."""
    path = raw / "sequenceFiles" / split / f"{name}.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_sequence(arrays))
    if pictures:
        folder = raw / "imageFiles" / name
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(len(arrays["img_frame_ids"])):
            (folder / f"image_{number:05d}.jpg").touch()
    return path
