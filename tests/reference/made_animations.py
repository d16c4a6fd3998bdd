"""People in motion, made up, whose joints follow from their parameters as in a run."""

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from spsnet.body import compute_joints, load_body
from spsnet.export import Animation, animate
from spsnet.records import PredictedMotion

FPS = 25.0


def make_motion(person: str = "1", frames: int = 4, seed: int = 0, first: int = 3, **changes: Any) -> PredictedMotion:
    """Any turns, up to half a turn, of every joint; before the camera."""
    rng = np.random.default_rng(seed)
    rotations = Rotation.random(24 * frames, rng).as_matrix().reshape(frames, 24, 3, 3)
    shape, translation = rng.normal(size=10), rng.uniform((-2, -1, 3), (2, 1, 8), (frames, 3))
    index = first + np.arange(frames)
    values: dict[str, Any] = {
        "person": person,
        "frame_index": index,
        "pose_rad": Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_rotvec().reshape(frames, 72),
        "shape": np.tile(shape, (frames, 1)),
        "body": load_body().name,
        "translation_m": translation,
        "focal_px": 1000.0,
        "center_px": (400.0, 300.0),
        "joints_m": compute_joints(load_body(), rotations, shape, translation),
        "joint_set": "smpl24",
        "fps": FPS,
        "time_s": index / FPS,
    }
    return PredictedMotion(**{**values, **changes})


def make_animation(**options: Any) -> Animation:
    """`make_motion` of the open body, in blue."""
    return animate(make_motion(**options), load_body(), name="person_001", color_rgb=(0.0, 0.5, 1.0))
