"""Rotations by scipy, one at a time, and the worst inputs one can think of."""

import numpy as np
from scipy.linalg import expm
from scipy.spatial.transform import Rotation


def exponentiate(axis_angle_rad: np.ndarray) -> np.ndarray:
    """Matrix exponential of the skew matrix."""
    x, y, z = axis_angle_rad
    return expm(np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]))


def draw_axis_angles(seed: int, count: int) -> np.ndarray:
    """A third anywhere, a third near the identity, the rest at or near a half turn; exact zeros and axes among them."""
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=(count, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    angle = rng.uniform(0, np.pi, count)
    third = count // 3
    angle[:third] = 10 ** rng.uniform(-12, -2, third)
    angle[third : third + third // 2] = np.pi - 10 ** rng.uniform(-12, -2, third // 2)
    vectors = axis * angle[:, None]
    special = np.concatenate([np.zeros((1, 3)), np.pi * np.eye(3), -np.pi * np.eye(3), np.eye(3) * 1e-300])
    return np.concatenate([special, vectors])


def convert_to_matrices(axis_angle_rad: np.ndarray) -> np.ndarray:
    return Rotation.from_rotvec(axis_angle_rad).as_matrix()
