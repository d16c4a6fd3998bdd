"""Keypoints without vertices: regressors contracted with skinning into one term for each (keypoint, joint)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from spsnet.body._convert import convert_like, identify_kind
from spsnet.body.kinematics import forward_kinematics, place_rest_joints
from spsnet.body.model import BodyModel
from spsnet.body.skinning import compute_pose_feature
from spsnet.geometry._array import Array, array_namespace
from spsnet.skeletons import get_joint_set

SMPL_JOINTS = "smpl24"
"""The joint set that is the kinematic tree itself, every body has it."""


class KeypointArrays(NamedTuple):
    """The model's constants in the library and type of a call."""

    pair_joint: Int[Array, " pairs"]
    pair_weight: Float[Array, " pairs"]
    template_m: Float[Array, " coordinates"]
    shape: Float[Array, "10 coordinates"]
    pose: Float[Array, "207 coordinates"] | None
    gather: Float[Array, "keypoints pairs"]
    rest_joints_m: Float[Array, "24 3"]
    rest_joint_shape: Float[Array, "24 3 10"]


@dataclass(frozen=True, kw_only=True, eq=False)
class KeypointModel:
    r"""Keypoints as sums over pairs (keypoint k, joint j).

        x_k = Σ_j (G_j c_kj + w_kj p_j) + t,   c_kj = template + shape β + pose φ

    with G, p of `forward_kinematics` and φ of `compute_pose_feature`. Exact, pose correctives included.
    """

    names: tuple[str, ...]
    """Of the keypoints."""
    pair_keypoint: Int[np.ndarray, " pairs"]
    pair_joint: Int[np.ndarray, " pairs"]
    pair_weight: Float[np.ndarray, " pairs"]
    """w: how much of the keypoint goes with the joint; a keypoint's sum to 1."""
    pair_template_m: Float[np.ndarray, "pairs 3"]
    """Offset from the joint in the joint's axes, already times w; so are the next two."""
    pair_shape: Float[np.ndarray, "pairs 3 10"]
    pair_pose: Float[np.ndarray, "pairs 3 207"] | None
    """None where the body has no pose correctives."""
    rest_joints_m: Float[np.ndarray, "24 3"]
    rest_joint_shape: Float[np.ndarray, "24 3 10"]
    parents: tuple[int, ...]
    _converted: dict[tuple[object, ...], KeypointArrays] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        """Number of keypoints."""
        return len(self.names)

    def convert_arrays(self, like: Array) -> KeypointArrays:
        """Constants in the library, floating type and device of `like`; made once for each."""
        kind = identify_kind(like)
        if kind not in self._converted:
            pairs = len(self.pair_joint)
            gather = np.zeros((len(self.names), pairs), np.float32)
            gather[self.pair_keypoint, np.arange(pairs)] = 1
            pose = None
            if self.pair_pose is not None:
                pose = convert_like(np.ascontiguousarray(self.pair_pose.reshape(3 * pairs, 207).T), like)
            self._converted[kind] = KeypointArrays(
                pair_joint=convert_like(self.pair_joint, like),
                pair_weight=convert_like(self.pair_weight, like),
                template_m=convert_like(self.pair_template_m.reshape(-1), like),
                shape=convert_like(np.ascontiguousarray(self.pair_shape.reshape(3 * pairs, 10).T), like),
                pose=pose,
                gather=convert_like(gather, like),
                rest_joints_m=convert_like(self.rest_joints_m, like),
                rest_joint_shape=convert_like(self.rest_joint_shape, like),
            )
        return self._converted[kind]


def build_keypoint_model(
    body: BodyModel, joint_sets: Sequence[str] = (SMPL_JOINTS, "coco17"), *, threshold: float = 1e-6
) -> KeypointModel:
    """Contract a body's regressors with its skinning, once for each body.

    Args:
        body: Where the constants come from.
        joint_sets: Keypoints in this order, by name; "smpl24" are the kinematic joints, others are the body's
            regressors of that name.
        threshold: A pair is dropped when its weight, offset and correctives (metres for one unit) are all smaller.

    Raises:
        ValueError: If the body has no regressor for a joint set, naming those it has.
    """
    terms = [
        _ride_joints(body) if joint_set == SMPL_JOINTS else _contract(body, _get_rows(body, joint_set))
        for joint_set in joint_sets
    ]
    weight, template, shape, pose = (np.concatenate(parts) for parts in zip(*terms, strict=True))
    size = np.stack([np.abs(part).reshape(*weight.shape, -1).max(-1) for part in (weight, template, shape, pose)]).max(
        0
    )
    keypoint, joint = np.nonzero(size > threshold)
    return KeypointModel(
        names=tuple(name for joint_set in joint_sets for name in get_joint_set(joint_set).joint_names),
        pair_keypoint=keypoint,
        pair_joint=joint,
        pair_weight=weight[keypoint, joint].astype(np.float32),
        pair_template_m=template[keypoint, joint].astype(np.float32),
        pair_shape=shape[keypoint, joint].astype(np.float32),
        pair_pose=None if body.pose_directions is None else pose[keypoint, joint].astype(np.float32),
        rest_joints_m=body.rest_joints_m,
        rest_joint_shape=body.rest_joint_shape,
        parents=body.parents,
    )


def attach_points(
    model: KeypointModel,
    names: Sequence[str],
    joint_index: Int[np.ndarray, " points"],
    offset_m: Float[np.ndarray, "points 3"],
) -> KeypointModel:
    """Add points that ride on joints: x = G_j offset + p_j + t, the offset the same for every shape.

    Raises:
        ValueError: If the lengths differ or a joint does not exist.
    """
    if not len(names) == len(joint_index) == len(offset_m):
        raise ValueError(
            f"names, joints and offsets should be as many, got {len(names)}, {len(joint_index)}, {len(offset_m)}"
        )
    if np.any((joint_index < 0) | (joint_index >= len(model.parents))):
        raise ValueError(f"joint_index should be 0 to {len(model.parents) - 1}, got {joint_index}")
    points = len(names)
    pose = model.pair_pose
    return replace(
        model,
        names=(*model.names, *names),
        pair_keypoint=np.concatenate([model.pair_keypoint, len(model.names) + np.arange(points)]),
        pair_joint=np.concatenate([model.pair_joint, joint_index]),
        pair_weight=np.concatenate([model.pair_weight, np.ones(points, np.float32)]),
        pair_template_m=np.concatenate([model.pair_template_m, offset_m.astype(np.float32)]),
        pair_shape=np.concatenate([model.pair_shape, np.zeros((points, 3, 10), np.float32)]),
        pair_pose=None if pose is None else np.concatenate([pose, np.zeros((points, 3, 207), np.float32)]),
    )


def compute_keypoints(
    model: KeypointModel,
    rotations: Float[Array, "batch 24 3 3"],
    shape: Float[Array, "batch 10"] | Float[Array, "10"],
    translation_m: Float[Array, "batch 3"],
) -> Float[Array, "batch keypoints 3"]:
    """Keypoints of posed bodies, equal to the regressors on `compute_vertices`, some 30 times cheaper.

    Convention:
        As `compute_vertices`.
    """
    xp = array_namespace(rotations, shape, translation_m)
    arrays = model.convert_arrays(rotations)
    coefficients = shape[None] if shape.ndim == 1 else shape
    rest_joints = place_rest_joints(arrays.rest_joints_m, arrays.rest_joint_shape, shape)
    turned, placed = forward_kinematics(model.parents, rest_joints, rotations)
    offset = arrays.template_m + coefficients @ arrays.shape
    if arrays.pose is not None:
        offset = offset + compute_pose_feature(rotations) @ arrays.pose
    offset = xp.reshape(offset, (offset.shape[0], len(model.pair_joint), 1, 3))
    riding = xp.sum(xp.take(turned, arrays.pair_joint, axis=1) * offset, axis=-1)
    carried = xp.take(placed, arrays.pair_joint, axis=1) * arrays.pair_weight[:, None]
    return arrays.gather @ (riding + carried) + translation_m[:, None]


_Terms = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""w (K, 24), template (K, 24, 3), shape (K, 24, 3, 10) and pose (K, 24, 3, 207) of all pairs."""


def _ride_joints(body: BodyModel) -> _Terms:
    """Terms of the joints themselves: each goes wholly with itself, at no offset."""
    return np.eye(24), np.zeros((24, 24, 3)), np.zeros((24, 24, 3, 10)), np.zeros((24, 24, 3, _pose_width(body)))


def _contract(body: BodyModel, rows: Float[np.ndarray, "keypoints vertices"]) -> _Terms:
    """Terms of a regressor: each sums, over the vertices that the row uses, its weight times the skinning weight."""
    keypoints, width = len(rows), _pose_width(body)
    weight, template = np.zeros((keypoints, 24)), np.zeros((keypoints, 24, 3))
    shape, pose = np.zeros((keypoints, 24, 3, 10)), np.zeros((keypoints, 24, 3, width))
    for k, row in enumerate(rows.astype(np.float64)):
        used = np.flatnonzero(row)
        mixed = row[used] * body.skinning_weights[used].T
        weight[k] = mixed.sum(1)
        template[k] = mixed @ body.template_m[used] - weight[k, :, None] * body.rest_joints_m
        shape[k] = np.tensordot(mixed, body.shape_directions[used], axes=1)
        shape[k] -= weight[k, :, None, None] * body.rest_joint_shape
        if body.pose_directions is not None:
            pose[k] = np.tensordot(mixed, body.pose_directions[used], axes=1)
    return weight, template, shape, pose


def _pose_width(body: BodyModel) -> int:
    return 1 if body.pose_directions is None else 207


def _get_rows(body: BodyModel, joint_set: str) -> Float[np.ndarray, "keypoints vertices"]:
    if joint_set not in body.regressors:
        known = ", ".join([SMPL_JOINTS, *body.regressors])
        raise ValueError(f"body {body.name} has no regressor for {joint_set!r}; it has {known}")
    return body.regressors[joint_set]
