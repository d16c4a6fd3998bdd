"""Read Biovision hierarchy files (`.bvh`): a skeleton and its motion."""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from spsnet.records import UserError


@dataclass(frozen=True, kw_only=True)
class BvhMotion:
    """A skeleton with its motion, in the file's own units and axes."""

    names: tuple[str, ...]
    """Joints in the file's order; end sites are left out."""
    parents: tuple[int, ...]
    """Index of each joint's parent, -1 for the root."""
    offsets: Float[np.ndarray, "joints 3"]
    """Place in the parent's frame at rest."""
    rotations: Float[np.ndarray, "time joints 3 3"]
    """Each joint's rotation in its parent's frame."""
    root: Float[np.ndarray, "time 3"]
    frame_time_s: float


@dataclass
class _Joint:
    name: str
    parent: int
    offset: list[float]
    channels: list[str]


def parse_bvh(text: str, name: str) -> BvhMotion:
    """Parse the text of a `.bvh` file; `name` stands in messages.

    Convention:
        The channels' rotations multiply from left to right as the file lists them, degrees.

    Raises:
        UserError: If the text is not a whole BVH file, saying what is missing.
    """
    head, marker, motion = text.partition("MOTION")
    if not marker or "HIERARCHY" not in head:
        raise UserError(f"{name} is not a BVH file: it has no HIERARCHY and MOTION part")
    joints = _parse_hierarchy(head)
    found = re.match(r"\s*Frames:\s*(\d+)\s*Frame Time:\s*([0-9.eE+-]+)", motion)
    if not found:
        raise UserError(f"{name} does not state 'Frames' and 'Frame Time' after MOTION")
    frames, frame_time_s = int(found[1]), float(found[2])
    width = sum(len(joint.channels) for joint in joints)
    values = np.array(motion[found.end() :].split(), dtype=np.float64)
    if values.size != frames * width:
        raise UserError(f"{name} states {frames} frames of {width} channels but holds {values.size} numbers")
    values = values.reshape(frames, width)

    rotations = np.tile(np.eye(3), (frames, len(joints), 1, 1))
    root = np.zeros((frames, 3))
    column = 0
    for index, joint in enumerate(joints):
        of_joint = values[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        turns = [i for i, channel in enumerate(joint.channels) if channel.endswith("rotation")]
        order = "".join(joint.channels[i][0] for i in turns)
        rotations[:, index] = Rotation.from_euler(order, of_joint[:, turns], degrees=True).as_matrix()
        if joint.parent < 0:
            places = [joint.channels.index(f"{axis}position") for axis in "XYZ"]
            root = of_joint[:, places]
    return BvhMotion(
        names=tuple(joint.name for joint in joints),
        parents=tuple(joint.parent for joint in joints),
        offsets=np.array([joint.offset for joint in joints]),
        rotations=rotations,
        root=root,
        frame_time_s=frame_time_s,
    )


def _parse_hierarchy(head: str) -> list[_Joint]:
    joints: list[_Joint] = []
    open_joints: list[int] = []
    in_end_site = False
    for line in head.splitlines():
        words = line.split()
        match words:
            case ["ROOT" | "JOINT", *rest]:
                joints.append(_Joint(" ".join(rest), open_joints[-1] if open_joints else -1, [0.0, 0.0, 0.0], []))
                open_joints.append(len(joints) - 1)
            case ["End", "Site"]:
                in_end_site = True
            case ["OFFSET", x, y, z] if not in_end_site:
                joints[open_joints[-1]].offset = [float(x), float(y), float(z)]
            case ["CHANNELS", _, *channels]:
                joints[open_joints[-1]].channels = channels
            case ["}"] if in_end_site:
                in_end_site = False
            case ["}"]:
                open_joints.pop()
    return joints
