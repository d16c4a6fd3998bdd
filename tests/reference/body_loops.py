"""Bodies, one vertex and one joint at a time: slow, and easy to check by eye."""

import numpy as np
from scipy.spatial.transform import Rotation

SMPL_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)


def make_body_arrays(seed: int, vertices: int = 120, *, with_pose: bool = True) -> dict[str, np.ndarray]:
    """A random body by SMPL's keys: each vertex near a joint and bound to it and its neighbours in the tree."""
    rng = np.random.default_rng(seed)
    joints = rng.normal(size=(24, 3)) * 0.5
    home = np.arange(vertices) % 24
    weights = np.zeros((vertices, 24))
    for vertex, joint in enumerate(home):
        near = [joint, max(SMPL_PARENTS[joint], 0), *(j for j in range(24) if SMPL_PARENTS[j] == joint)][:4]
        for other in near:
            weights[vertex, other] += rng.uniform(0.1, 1.0)
    weights /= weights.sum(1, keepdims=True)
    arrays = {
        "v_template": joints[home] + rng.normal(size=(vertices, 3)) * 0.1,
        "shapedirs": rng.normal(size=(vertices, 3, 10)) * 0.01,
        "J_regressor": _make_regressor(rng, 24, vertices),
        "kintree_table": np.array([np.array(SMPL_PARENTS).astype(np.uint32), np.arange(24)], np.uint32),
        "f": rng.integers(0, vertices, (2 * vertices, 3)).astype(np.uint32),
        "weights": weights,
    }
    if with_pose:
        arrays["posedirs"] = rng.normal(size=(vertices, 3, 207)) * 0.005
    return arrays


def make_regressor(seed: int, keypoints: int, vertices: int = 120) -> np.ndarray:
    """Random rows over a few vertices each, some weights negative, each summing to 1."""
    return _make_regressor(np.random.default_rng(seed), keypoints, vertices)


def _make_regressor(rng: np.random.Generator, keypoints: int, vertices: int) -> np.ndarray:
    rows = np.zeros((keypoints, vertices))
    for k in range(keypoints):
        start = int(rng.integers(0, 24))
        near = np.arange(vertices)[np.arange(vertices) % 24 == start][:8]
        rows[k, near] = rng.uniform(-0.2, 1.0, len(near))
        rows[k, near[0]] += 1
    return rows / rows.sum(1, keepdims=True)


def pose_body(
    arrays: dict[str, np.ndarray], pose_rad: np.ndarray, shape: np.ndarray, translation_m: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and joints of one body, in float64."""
    local = [Rotation.from_rotvec(pose_rad[j]).as_matrix() for j in range(24)]
    shaped = arrays["v_template"] + arrays["shapedirs"] @ shape
    rest_joints = arrays["J_regressor"] @ shaped
    feature = np.concatenate([(local[j] - np.eye(3)).reshape(9) for j in range(1, 24)])
    posed = shaped + arrays["posedirs"] @ feature if "posedirs" in arrays else shaped
    world: list[np.ndarray] = []
    for j, parent in enumerate(SMPL_PARENTS):
        step = np.eye(4)
        step[:3, :3] = local[j]
        step[:3, 3] = rest_joints[j] - (rest_joints[parent] if j else 0)
        world.append(world[parent] @ step if j else step)
    vertices = np.zeros_like(posed)
    for i in range(len(posed)):
        for j in range(24):
            moved = world[j][:3, :3] @ (posed[i] - rest_joints[j]) + world[j][:3, 3]
            vertices[i] += arrays["weights"][i, j] * moved
    return vertices + translation_m, np.array([m[:3, 3] for m in world]) + translation_m
