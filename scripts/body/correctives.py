"""Pose correctives: what 24-joint linear blending leaves to be added so that it bends as `body.posing` does.

For each vertex the missing offset, taken back to the T-pose, is fitted by ridge least squares on the rotations of the
joints that move it, R - I as SMPL has it, over random poses; blocks that matter little are dropped.
"""

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from body.posing import chain_rotations
from body.rig import JOINT_NAMES, MIRRORED_JOINTS, PARENTS, move_joints

_RIDGE = 0.02
_SMALLEST_M = 0.4e-3
_LARGEST_OFFSET_M = 0.06


def draw_poses(count: int, *, seed: int) -> np.ndarray:
    """Random poses of daily life and sport: rotations relative to the parent, (count, 24, 3, 3).

    Joints move within their anatomical range, two thirds of the time near where they mostly are: arms hanging, legs
    walking or seated.
    """
    random = np.random.default_rng(seed)
    poses = np.empty((count, 24, 3))
    poses[:] = 0.0

    def put(name: str, low: tuple[float, float, float], high: tuple[float, float, float]) -> None:
        # A mean of two uniform numbers half of the time: the range's middle more often than its ends.
        first, second = random.random((2, count, 3))
        part = np.where(random.random((count, 1)) < 0.5, first, 0.5 * (first + second))
        poses[:, JOINT_NAMES.index(name)] = np.radians(low + part * np.subtract(high, low))

    for side in ("left_", "right_"):
        put(side + "hip", (-110.0, -35.0, -15.0), (25.0, 35.0, 50.0))
        put(side + "knee", (0.0, -8.0, -4.0), (140.0, 8.0, 4.0))
        put(side + "ankle", (-35.0, -15.0, -15.0), (40.0, 15.0, 15.0))
        put(side + "foot", (-35.0, 0.0, 0.0), (25.0, 0.0, 0.0))
        put(side + "collar", (-8.0, -20.0, -12.0), (8.0, 20.0, 30.0))
        put(side + "elbow", (-40.0, -145.0, -5.0), (40.0, 0.0, 5.0))
        put(side + "wrist", (-35.0, -25.0, -60.0), (35.0, 25.0, 60.0))
        put(side + "hand", (0.0, 0.0, -60.0), (0.0, 0.0, 20.0))
        poses[:, JOINT_NAMES.index(side + "shoulder")] = _draw_shoulders(count, random)
    put("spine1", (-12.0, -12.0, -12.0), (30.0, 12.0, 12.0))
    put("spine2", (-12.0, -14.0, -12.0), (25.0, 14.0, 12.0))
    put("spine3", (-10.0, -14.0, -12.0), (18.0, 14.0, 12.0))
    put("neck", (-25.0, -35.0, -20.0), (30.0, 35.0, 20.0))
    put("head", (-25.0, -35.0, -20.0), (25.0, 35.0, 20.0))
    right = [joint for joint, name in enumerate(JOINT_NAMES) if name.startswith("right_")]
    poses[:, right] *= [1.0, -1.0, -1.0]
    return Rotation.from_rotvec(poses.reshape(-1, 3)).as_matrix().reshape(count, 24, 3, 3)


def _draw_shoulders(count: int, random: np.random.Generator) -> np.ndarray:
    """Rotation vectors of a left shoulder: the arm's direction, reached the shortest way, and a turn about it."""
    hanging = np.array([0.2, -1.0, 0.05]) + 0.35 * random.normal(size=(count, 3))
    anywhere = random.normal(size=(count, 3)) + np.array([0.4, 0.0, 0.3])
    direction = np.where(random.random((count, 1)) < 0.5, hanging, anywhere)
    direction[:, 0] = np.maximum(direction[:, 0], -0.4 * np.linalg.norm(direction[:, 1:], axis=1))
    direction[:, 2] = np.maximum(direction[:, 2], -0.7 * np.linalg.norm(direction[:, :2], axis=1))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    axis = np.cross([1.0, 0.0, 0.0], direction)
    axis /= np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-9)
    swing = Rotation.from_rotvec(np.arccos(np.clip(direction[:, :1], -1.0, 1.0)) * axis)
    twist = Rotation.from_rotvec(np.radians(30.0) * random.normal(size=(count, 1)).clip(-2.5, 2.5) * [1.0, 0.0, 0.0])
    return (swing * twist).as_rotvec()


def blend_transforms(joints: np.ndarray, rotations: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blended matrices (V, 3, 3) and shifts (V, 3) of 24-joint linear blending, the pelvis at the origin."""
    world = chain_rotations(rotations)
    moved = move_joints(joints, world)
    shift = moved - moved[0] - np.einsum("kij,kj->ki", world, joints)
    return np.einsum("vk,kij->vij", weights, world), weights @ shift


def fit_correctives(
    template: np.ndarray,
    joints: np.ndarray,
    weights: np.ndarray,
    mirror: np.ndarray,
    poses: np.ndarray,
    pose_truly: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Fit the correctives on random poses and their mirror images.

    Args:
        template: (V, 3) body in the T-pose.
        joints: (24, 3) its joints.
        weights: (V, 24) skinning weights.
        mirror: (V,) mirror image of each vertex.
        poses: (N, 24, 3, 3) rotations relative to the parents.
        pose_truly: From one pose (24, 3, 3) to the vertices (V, 3) it should give.

    Returns:
        (V, 3, 207) metres for R - I of the 23 joints, row-major.
    """
    offsets = np.stack([_find_offset(template, joints, weights, pose, pose_truly(pose)) for pose in poses])
    features = (poses[:, 1:] - np.eye(3)).reshape(len(poses), 23, 9)
    flipped_features, flipped_offsets = _mirror_samples(features, offsets, mirror)
    features = np.concatenate([features, flipped_features])
    offsets = np.concatenate([offsets, flipped_offsets])
    active = _find_active(weights)
    directions = np.zeros((len(template), 3, 23, 9))
    patterns, pattern_of = np.unique(active, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        members = np.flatnonzero(pattern_of.ravel() == number)
        if pattern.any():
            directions[members] = _fit_pattern(features, offsets[:, members], pattern)
    return directions.reshape(len(template), 3, 207)


def _fit_pattern(features: np.ndarray, offsets: np.ndarray, pattern: np.ndarray) -> np.ndarray:
    """Ridge fit of some vertices' offsets on the joints of `pattern`, blocks of little effect dropped."""
    design = features[:, pattern].reshape(len(features), -1)
    gram = design.T @ design + _RIDGE * len(features) * np.eye(design.shape[1])
    solution = np.linalg.solve(gram, design.T @ offsets.reshape(len(offsets), -1))
    blocks = solution.reshape(pattern.sum(), 9, offsets.shape[1], 3)
    for block, joint in zip(blocks, np.flatnonzero(pattern), strict=True):
        effect = np.einsum("nf,fvc->nvc", features[:, joint], block)
        size = np.sqrt((effect**2).sum(axis=2).mean(axis=0))
        block *= np.clip(size / _SMALLEST_M - 1.0, 0.0, 1.0)[:, None]
    result = np.zeros((offsets.shape[1], 3, 23, 9))
    result[:, :, pattern] = blocks.transpose(2, 3, 0, 1)
    return result


def _find_offset(
    template: np.ndarray, joints: np.ndarray, weights: np.ndarray, pose: np.ndarray, wanted: np.ndarray
) -> np.ndarray:
    """The offset in the T-pose that makes linear blending give the wanted vertices, damped where blending collapses."""
    matrix, shift = blend_transforms(joints, pose, weights)
    missing = wanted - np.einsum("vij,vj->vi", matrix, template) - shift
    transposed = np.swapaxes(matrix, 1, 2)
    damped = transposed @ matrix + 0.01 * np.eye(3)
    offset = np.linalg.solve(damped, transposed @ missing[:, :, None])[:, :, 0]
    size = np.linalg.norm(offset, axis=1, keepdims=True)
    return offset * np.minimum(1.0, _LARGEST_OFFSET_M / np.maximum(size, 1e-9))


def _mirror_samples(features: np.ndarray, offsets: np.ndarray, mirror: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    signs = np.array([-1.0, 1.0, 1.0])
    flip = (signs[:, None] * signs[None, :]).reshape(9)
    order = [joint - 1 for joint in MIRRORED_JOINTS[1:]]
    return features[:, order] * flip, offsets[:, mirror] * signs


def _find_active(weights: np.ndarray) -> np.ndarray:
    """Mask (V, 23) of the joints whose rotation may need correction at a vertex."""
    used = weights > 0.01
    active = np.zeros((len(weights), 23), bool)
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            active[:, joint - 1] = used[:, joint] | used[:, parent]
    return active
