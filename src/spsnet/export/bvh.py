"""A person's skeleton in motion as Biovision hierarchy (`.bvh`)."""

import warnings
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from spsnet.export.animation import JOINT_NAMES, Animation, choose_influences, resample

_CM = 100.0
_ORDER = "ZXY"
_PLACE = "Xposition Yposition Zposition"
_TURN = " ".join(f"{axis}rotation" for axis in _ORDER)


def write_bvh(animation: Animation, path: Path) -> None:
    """Write one person.

    Convention:
        Centimetres, y up, degrees; channels Zrotation Xrotation Yrotation, multiplied from left to right. A file has
        frames of one length: the film's average rate, from the person's first frame on (`resample`). Joints bear
        SMPL's names; at rest the person stands upright, arms out, facing +z.

    Raises:
        OSError: If the file cannot be written.
    """
    even = resample(animation)
    lines = ["HIERARCHY", *_list_hierarchy(even), "MOTION", f"Frames: {len(even)}", f"Frame Time: {1 / even.fps:.9g}"]
    angles = _compute_angles(even.rotations)
    rows = np.concatenate(
        [even.root_m * _CM, angles[:, _list_depth_first(even.body.parents)].reshape(len(even), -1)], 1
    )
    lines += [" ".join(f"{number:.6f}" for number in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _compute_angles(rotations: Float[np.ndarray, "time 24 3 3"]) -> Float[np.ndarray, "time 24 3"]:
    """Euler angles in degrees that run on over half a turn, so that they can be interpolated."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Gimbal lock")  # the angles that come out still make the rotation
        angles = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_euler(_ORDER)
    return np.rad2deg(np.unwrap(angles.reshape(-1, 24, 3), axis=0))


def _list_depth_first(parents: tuple[int, ...], joint: int = 0) -> list[int]:
    """Joints in the order in which a file names them: each followed by all that hang on it."""
    below = [child for child, parent in enumerate(parents) if parent == joint]
    return [joint, *(one for child in below for one in _list_depth_first(parents, child))]


def _list_hierarchy(animation: Animation, joint: int = 0, depth: int = 0) -> list[str]:
    parents, rest = animation.body.parents, animation.rest_joints_m
    below = [child for child, parent in enumerate(parents) if parent == joint]
    offset = np.zeros(3) if joint == 0 else rest[joint] - rest[parents[joint]]
    channels = f"CHANNELS 6 {_PLACE} {_TURN}" if joint == 0 else f"CHANNELS 3 {_TURN}"
    lines = [f"\tOFFSET {_format(offset)}", f"\t{channels}"]
    for child in below:
        lines += _list_hierarchy(animation, child, depth + 1)
    if not below:
        lines += ["\tEnd Site", "\t{", f"\t\tOFFSET {_format(_find_tip(animation, joint) - rest[joint])}", "\t}"]
    indent = "\t" * depth
    head = [f"{'JOINT' if depth else 'ROOT'} {JOINT_NAMES[joint]}", "{"]
    own = [f"{indent}{line}" for line in [*head, *lines[:2]]]
    return own + [line if below else f"{indent}{line}" for line in lines[2:]] + [f"{indent}}}"]


def _find_tip(animation: Animation, joint: int) -> Float[np.ndarray, "3"]:
    """The end of a limb: of the vertices that its last joint moves most, the one farthest along the bone."""
    rest = animation.rest_joints_m
    along = rest[joint] - rest[animation.body.parents[joint]]
    joints, _ = choose_influences(animation.body.skinning_weights)
    vertices = animation.rest_vertices_m[joints[:, 0] == joint]
    return vertices[np.argmax(vertices @ along)] if len(vertices) else rest[joint] + along


def _format(place_m: Float[np.ndarray, "3"]) -> str:
    return " ".join(f"{part:.6f}" for part in place_m * _CM)
