"""Rotations and positions of joints down the kinematic tree, for numpy and torch."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from spsnet.body._convert import convert_like
from spsnet.geometry._array import Array, array_namespace


def forward_kinematics(
    parents: Sequence[int],
    rest_joints_m: Float[Array, "#batch joints 3"],
    rotations: Float[Array, "batch joints 3 3"],
) -> tuple[Float[Array, "batch joints 3 3"], Float[Array, "batch joints 3"]]:
    r"""Global rotations and positions of all joints.

        G_j = G_parent R_j        p_j = p_parent + G_parent (J_j − J_parent),   p_root = J_root

    Rotations go level by level of the tree; positions are one product with the matrix that says who is whose ancestor.

    Args:
        parents: Parent of each joint, −1 for the root, which comes first; a parent precedes its children.
        rest_joints_m: J, joints of the body at rest, one for all or one for each batch element.
        rotations: R, each relative to the parent; the root's relative to the camera (or the world).

    Returns:
        G and p; the translation of the body is not in p.
    """
    tree = tuple(parents)
    xp = array_namespace(rotations, rest_joints_m)
    levels = [rotations[:, :1]]
    for children, above in _plan_levels(tree):
        levels.append(_pick(levels[-1], above) @ _pick(rotations, children))
    order = np.concatenate([[0], *(children for children, _ in _plan_levels(tree))])
    turned = xp.concat(levels, axis=1)
    if not np.array_equal(order, np.arange(len(tree))):
        turned = _pick(turned, np.argsort(order))
    parent = np.array([0, *tree[1:]])
    bone = rest_joints_m[:, 1:] - _pick(rest_joints_m, parent[1:])
    reach = xp.sum(_pick(turned, parent[1:]) * bone[..., None, :], axis=-1)
    root = xp.broadcast_to(rest_joints_m[:, :1], (rotations.shape[0], 1, 3))
    steps = xp.concat([root, reach], axis=1)
    return turned, convert_like(_find_ancestors(tree), rotations) @ steps


def place_rest_joints(
    joints_m: Float[Array, "joints 3"],
    joint_shape: Float[Array, "joints 3 10"],
    shape: Float[Array, "batch 10"] | Float[Array, "10"],
) -> Float[Array, "#batch joints 3"]:
    """Joints of bodies at rest, J = J_0 + J_shape β; a shape of (10,) gives a batch of one."""
    xp = array_namespace(joints_m, shape)
    coefficients = shape[None] if shape.ndim == 1 else shape
    return joints_m + xp.tensordot(coefficients, joint_shape, axes=((1,), (2,)))


@lru_cache(maxsize=16)
def _plan_levels(parents: tuple[int, ...]) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """For each level under the root: its joints, and where the parent of each stands in the level above."""
    levels: list[list[int]] = [[0]]
    while below := [j for j, parent in enumerate(parents) if j and parent in levels[-1]]:
        levels.append(below)
    return tuple(
        (np.array(level), np.array([above.index(parents[j]) for j in level])) for above, level in pairwise(levels)
    )


@lru_cache(maxsize=16)
def _find_ancestors(parents: tuple[int, ...]) -> Float[np.ndarray, "joints joints"]:
    """1 where the column's joint is the row's joint or one of its ancestors."""
    matrix = np.eye(len(parents), dtype=np.float32)
    for joint, parent in enumerate(parents[1:], start=1):
        matrix[joint] += matrix[parent]
    return matrix


def _pick(array: Float[Array, "batch n *rest"], index: np.ndarray) -> Float[Array, "batch m *rest"]:
    """Elements of the second axis, ready to be broadcast.

    A run of neighbours is a view, and one element wanted several times is itself, which costs little in the gradient.
    """
    first, count = int(index[0]), len(index)
    if np.array_equal(index, np.arange(first, first + count)):
        return array[:, first : first + count]
    xp = array_namespace(array)
    if np.all(index == first):
        return array[:, first : first + 1]
    return xp.take(array, xp.asarray(index, device=array.device), axis=1)
