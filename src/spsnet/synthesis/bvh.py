"""Read Biovision hierarchy files (`.bvh`): a skeleton and its motion."""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from spsnet.records import UserError

_CHANNELS = {f"{axis}{kind}" for axis in "XYZ" for kind in ("position", "rotation")}


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
    joints = _parse_hierarchy(head, name)
    found = re.match(r"\s*Frames:\s*(\d+)\s*Frame Time:\s*(\d*\.?\d+(?:[eE][+-]?\d+)?)\s", motion)
    if not found or not float(found[2]) > 0:
        raise UserError(f"{name} does not state 'Frames' and a positive 'Frame Time' after MOTION")
    frames, frame_time_s = int(found[1]), float(found[2])
    width = sum(len(joint.channels) for joint in joints)
    try:
        values = np.array(motion[found.end() :].split(), dtype=np.float64)
    except ValueError as error:
        raise UserError(f"{name} holds something else than numbers in its motion: {error}") from error
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
        if turns:
            order = "".join(joint.channels[i][0] for i in turns)
            rotations[:, index] = Rotation.from_euler(order, of_joint[:, turns], degrees=True).as_matrix()
        if joint.parent < 0:
            root = of_joint[:, [joint.channels.index(f"{axis}position") for axis in "XYZ"]]
    return BvhMotion(
        names=tuple(joint.name for joint in joints),
        parents=tuple(joint.parent for joint in joints),
        offsets=np.array([joint.offset for joint in joints]),
        rotations=rotations,
        root=root,
        frame_time_s=frame_time_s,
    )


def _parse_hierarchy(head: str, name: str) -> list[_Joint]:
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
            case ["}"] if in_end_site:
                in_end_site = False
            case ["OFFSET", *_] if in_end_site:
                pass
            case ["OFFSET" | "CHANNELS" | "}", *_] if not open_joints:
                raise UserError(f"{name} has {words[0]!r} outside of a joint")
            case ["OFFSET", x, y, z]:
                joints[open_joints[-1]].offset = _read_offset((x, y, z), name)
            case ["CHANNELS", _, *channels]:
                if not set(channels) <= _CHANNELS:
                    raise UserError(f"{name} has channels that are none: {' '.join(channels)}")
                joints[open_joints[-1]].channels = channels
            case ["}"]:
                open_joints.pop()
    roots = [joint for joint in joints if joint.parent < 0]
    if len(roots) != 1 or not {"Xposition", "Yposition", "Zposition"} <= set(roots[0].channels):
        raise UserError(f"{name} should have one ROOT with three position channels, it has {len(roots)} roots")
    return joints


def _read_offset(words: tuple[str, str, str], name: str) -> list[float]:
    try:
        return [float(word) for word in words]
    except ValueError as error:
        raise UserError(f"{name} has an offset that is no number: {' '.join(words)}") from error
