"""Posing people as flesh would go, better than linear blending with 24 joints can: the truth that correctives learn.

The fine rig's bones take soft shares of a joint's rotation: the upper arm and thigh turn about their axis half at the
joint and half further on, the forearm carries half of the wrist's twist, spine and neck bend over two bones. Its
skinning is mostly linear blending, which collapses, and some dual quaternions (Kavan 2007), which bulge.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from body.rig import JOINT_NAMES, PARENTS, compute_t_pose, group_bones, move_joints

_DUAL_SHARE = 0.3
_SOFT_BONES = {
    "upperarm01": ("shoulder", "elbow", 0.0, 0.4),
    "upperleg01": ("hip", "knee", 0.0, 0.4),
    "lowerarm01": ("elbow", "wrist", 0.0, 0.5),
    "spine04": ("spine1", "spine2", 0.5, 0.5),
    "neck01": ("neck", "head", 0.5, 0.5),
}
"""Bones that stay behind their joint: the joint, the next one along, and the shares of swing and twist left out."""
_EARLY_BONES = {
    "shoulder01": ("shoulder", "elbow", 0.25, 0.0),
    "lowerarm02": ("wrist", "hand", 0.0, 0.5),
    "spine03": ("spine2", "spine3", 0.3, 0.3),
    "neck03": ("head", "neck", 0.4, 0.4),
}
"""Bones that go ahead with the next joint: that joint, the one after it, and the shares of swing and twist taken."""


@dataclass(frozen=True, kw_only=True)
class Flesh:
    """Skinning of the fine rig, bones that always move together made one."""

    joints: np.ndarray
    """(K,) the SMPL joint about which each bone turns."""
    stems: tuple[str, ...]
    """K names, empty where the bone turns as its joint does."""
    weights: np.ndarray
    """(V, K), rows summing to one."""
    neighbours: np.ndarray
    """(K,) for each bone the earlier one it shares most skin with; itself for the first."""

    def subset(self, kept: np.ndarray) -> "Flesh":
        """The same bones on some of the vertices."""
        return Flesh(joints=self.joints, stems=self.stems, weights=self.weights[kept], neighbours=self.neighbours)


def build_flesh(weights: np.ndarray, bone_names: tuple[str, ...]) -> Flesh:
    """Merge the fine rig's bones, weights (V, B), into those that move differently."""
    keys = []
    for bone, joint in zip(bone_names, group_bones(bone_names), strict=True):
        stem = bone.partition(".")[0]
        keys.append((int(joint), stem if stem in _SOFT_BONES or stem in _EARLY_BONES else ""))
    merged = sorted(set(keys))
    shares = np.stack([weights[:, [key == other for other in keys]].sum(axis=1) for key in merged], axis=1)
    overlap = np.tril(shares.T @ shares, -1)
    overlap[0, 0] = 1.0
    return Flesh(
        joints=np.array([joint for joint, _ in merged]),
        stems=tuple(stem for _, stem in merged),
        weights=shares,
        neighbours=overlap.argmax(axis=1),
    )


def pose_person(
    vertices: np.ndarray, joints: np.ndarray, rest_rotations: np.ndarray, rotations: np.ndarray, flesh: Flesh
) -> np.ndarray:
    """Pose one person as flesh would go.

    Args:
        vertices: (V, 3) the person in the rest pose.
        joints: (24, 3) the person's joints in the rest pose.
        rest_rotations: (24, 3, 3) world rotations from the rest pose to the T-pose.
        rotations: (24, 3, 3) rotation of each joint relative to its parent, from the T-pose.
        flesh: The fine rig.

    Returns:
        (V, 3), the pelvis joint at the origin.
    """
    world = chain_rotations(rotations) @ rest_rotations
    moved = move_joints(joints, world)
    moved = moved - moved[0]
    bones = np.stack(
        [_turn_bone(int(joint), stem, world, joints) for joint, stem in zip(flesh.joints, flesh.stems, strict=True)]
    )
    return _skin_mixed(vertices, flesh, bones, joints[flesh.joints], moved[flesh.joints])


def chain_rotations(rotations: np.ndarray) -> np.ndarray:
    """World rotations (..., 24, 3, 3) from rotations relative to the parent."""
    world = rotations.copy()
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            world[..., joint, :, :] = world[..., parent, :, :] @ rotations[..., joint, :, :]
    return world


def bring_to_t_pose(
    vertices: np.ndarray, joints: np.ndarray, heads: np.ndarray, bone_names: tuple[str, ...], flesh: Flesh
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bring people into the T-pose, the pelvis joint at the origin.

    Args:
        vertices: (N, V, 3) rest vertices.
        joints: (N, 24, 3) their joints.
        heads: (N, B, 3) bone heads.
        bone_names: B names.
        flesh: The fine rig.

    Returns:
        Vertices (N, V, 3), joints (N, 24, 3) and bone heads (N, B, 3), float32.
    """
    rest_rotations = compute_t_pose(joints, heads, bone_names)
    moved = move_joints(joints, rest_rotations)
    moved -= moved[:, :1]
    still = np.broadcast_to(np.eye(3), (24, 3, 3))
    posed = np.stack(
        [
            pose_person(*person, still, flesh).astype(np.float32)
            for person in zip(vertices, joints, rest_rotations, strict=True)
        ]
    )
    group = group_bones(bone_names)
    turned = np.einsum("nbij,nbj->nbi", rest_rotations[:, group], heads - joints[:, group]) + moved[:, group]
    return posed, moved.astype(np.float32), turned.astype(np.float32)


def _turn_bone(joint: int, stem: str, world: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """World rotation of one fine bone: its joint's, with the soft share of a neighbour's."""
    side = next((mark for mark in ("left_", "right_") if JOINT_NAMES[joint].startswith(mark)), "")
    if stem in _SOFT_BONES:
        name, after, swing, twist = _SOFT_BONES[stem]
        return _lag(side + name, side + after, world, joints, 1.0 - swing, 1.0 - twist)
    if stem in _EARLY_BONES:
        name, after, swing, twist = _EARLY_BONES[stem]
        return _lag(side + name, side + after, world, joints, swing, twist)
    return world[joint]


def _lag(
    joint: str, after: str, world: np.ndarray, joints: np.ndarray, swing_share: float, twist_share: float
) -> np.ndarray:
    """The parent's world rotation and shares of the joint's own swing and twist, seen from the rest pose."""
    index = JOINT_NAMES.index(joint)
    parent = world[PARENTS[index]]
    local = Rotation.from_matrix(parent.T @ world[index])
    axis = joints[JOINT_NAMES.index(after)] - joints[index]
    axis = axis / np.linalg.norm(axis)
    x, y, z, w = local.as_quat()
    twist = Rotation.from_rotvec(2.0 * np.arctan2(np.dot([x, y, z], axis), w) * axis)
    angle = Rotation.from_matrix(twist.as_matrix()).as_rotvec()
    swing = (local * twist.inv()).as_rotvec()
    return parent @ (Rotation.from_rotvec(swing_share * swing) * Rotation.from_rotvec(twist_share * angle)).as_matrix()


def _skin_mixed(
    vertices: np.ndarray, flesh: Flesh, rotations: np.ndarray, start: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """Linear blending and dual quaternions, mixed; each bone k moves x to R_k (x - start_k) + end_k."""
    weights = flesh.weights
    shift = end - np.einsum("kij,kj->ki", rotations, start)
    affine = np.concatenate([rotations, shift[:, :, None]], axis=2).reshape(len(start), 12)
    blended = (weights @ affine).reshape(-1, 3, 4)
    linear = np.einsum("vij,vj->vi", blended[:, :, :3], vertices) + blended[:, :, 3]
    real = Rotation.from_matrix(rotations).as_quat()
    # A quaternion and its negative are one rotation, but not one mixture: signs must agree where bones meet.
    for bone in range(1, len(real)):
        if real[bone] @ real[flesh.neighbours[bone]] < 0.0:
            real[bone] *= -1.0
    shift_quaternion = np.concatenate([shift, np.zeros((len(shift), 1))], axis=1)
    dual = 0.5 * _multiply(shift_quaternion, real)
    mixed = weights @ np.concatenate([real, dual], axis=1)
    mixed /= np.linalg.norm(mixed[:, :4], axis=1, keepdims=True)
    turn = Rotation.from_quat(mixed[:, :4])
    move = 2.0 * _multiply(mixed[:, 4:], mixed[:, :4] * [-1.0, -1.0, -1.0, 1.0])[:, :3]
    return (1.0 - _DUAL_SHARE) * linear + _DUAL_SHARE * (turn.apply(vertices) + move)


def _multiply(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Hamilton product of quaternions (N, 4) with the real part last."""
    vector = p[:, 3:] * q[:, :3] + q[:, 3:] * p[:, :3] + np.cross(p[:, :3], q[:, :3])
    return np.concatenate([vector, p[:, 3:] * q[:, 3:] - (p[:, :3] * q[:, :3]).sum(axis=1, keepdims=True)], axis=1)
