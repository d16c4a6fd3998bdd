"""Skinned, animated bodies as glTF in one binary file (`.glb`): one person, or everybody with the camera."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet import __version__
from spsnet.export.animation import (
    JOINT_NAMES,
    Animation,
    Scene,
    choose_influences,
    compute_normals,
    find_presence,
)
from spsnet.export.glb_container import ELEMENTS, GlbContainer
from spsnet.records import Pinhole

ANIMATION = "motion"
"""Name of the one animation of a file: everybody's, so that they play together."""
_NEAREST_M = 0.05
_ROUGHNESS = 0.8


def encode_person(animation: Animation) -> bytes:
    """One person: nodes `person_001`, `person_001_mesh` and the joints by their SMPL names, `pelvis` to `right_hand`.

    See `encode_scene`; here the person is never hidden, and there is no camera.
    """
    return _encode(Scene(people=(animation,)), prefixed=False)


def encode_scene(scene: Scene) -> bytes:
    """Everybody and the camera, where it is known.

    Convention:
        glTF's axes: metres, y up, and the `camera` node in the origin looks along −z. For each person three kinds of
        nodes: `person_001`, whose scale is 0 while the person is not there (`find_presence`); below it the joints,
        `person_001_pelvis` as root; and beside it `person_001_mesh`, skinned. One animation, `motion`, moves all of
        them; 0 is the film's beginning and keys lie at the frames' own times. Joints at rest stand upright with their
        arms out where the person is first seen. `extras` of `person_001` hold `first_frame` and `last_frame` of the
        film; those of `asset` the axes, the unit and `frames_per_second`.
    """
    return _encode(scene, prefixed=True)


def _encode(scene: Scene, *, prefixed: bool) -> bytes:
    file = GlbContainer(_describe_asset(scene.people[0].fps))
    channels: list[dict[str, Any]] = []
    samplers: list[dict[str, Any]] = []
    skins = _SkinParts(file)
    for animation in scene.people:
        joints, group = _add_person(file, skins, animation, prefix=f"{animation.name}_" if prefixed else "")
        for node, path, inputs, outputs, blend in [
            *_list_motion(file, animation, joints),
            *(_list_presence(file, animation, group) if prefixed else []),
        ]:
            channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
            samplers.append({"input": inputs, "output": outputs, "interpolation": blend})
    file.add("animations", {"name": ANIMATION, "channels": channels, "samplers": samplers})
    if scene.camera is not None:
        file.add_root({"name": "camera", "camera": file.add("cameras", _describe_camera(scene.camera))})
    return file.encode()


def _describe_asset(fps: float) -> dict[str, Any]:
    return {
        "version": "2.0",
        "generator": f"spsnet {__version__}",
        "extras": {
            "up_axis": "+Y",
            "unit": "metre",
            "frames_per_second": fps,
            "time": "seconds from the beginning of the film",
        },
    }


def _describe_camera(camera: Pinhole) -> dict[str, Any]:
    lens = {
        "yfov": 2 * math.atan(camera.height / (2 * camera.focal_px)),
        "aspectRatio": camera.width / camera.height,
        "znear": _NEAREST_M,
    }
    return {"name": "camera", "type": "perspective", "perspective": lens}


class _SkinParts:
    """Faces and weights, which people of one body share."""

    def __init__(self, file: GlbContainer) -> None:
        self._file = file
        self._made: dict[int, tuple[int, int, int]] = {}

    def get(self, animation: Animation) -> tuple[int, int, int]:
        """Accessors of the faces, the joints and the weights."""
        body = animation.body
        if id(body) not in self._made:
            joints, weights = choose_influences(body.skinning_weights)
            small = np.uint16 if len(body.template_m) < 1 << 16 else np.uint32
            self._made[id(body)] = (
                self._file.add_array(body.faces.reshape(-1).astype(small), "SCALAR", target=ELEMENTS),
                self._file.add_vertices(joints, "VEC4"),
                self._file.add_vertices(weights, "VEC4"),
            )
        return self._made[id(body)]


def _add_person(file: GlbContainer, skins: _SkinParts, animation: Animation, *, prefix: str) -> tuple[list[int], int]:
    """Add skeleton, mesh and skin; gives the nodes of the joints, and the node above them."""
    joints = _add_skeleton(file, animation, prefix)
    frames = {"first_frame": int(animation.frame_index[0]), "last_frame": int(animation.frame_index[-1])}
    group = file.add_root({"name": animation.name, "children": [joints[0]], "extras": frames})
    inverse = np.tile(np.eye(4, dtype=np.float32), (24, 1, 1))
    inverse[:, 3, :3] = -animation.rest_joints_m  # column by column, as glTF stores matrices
    binds = file.add_array(inverse.reshape(24, 16), "MAT4")
    skin = file.add(
        "skins", {"name": animation.name, "joints": joints, "skeleton": group, "inverseBindMatrices": binds}
    )
    mesh = file.add("meshes", {"name": animation.name, "primitives": [_describe_surface(file, skins, animation)]})
    file.add_root({"name": f"{animation.name}_mesh", "mesh": mesh, "skin": skin})
    return joints, group


def _add_skeleton(file: GlbContainer, animation: Animation, prefix: str) -> list[int]:
    """Nodes of the joints, the root's where the person is first seen; children have numbers after their parents'."""
    parents, rest = animation.body.parents, animation.rest_joints_m
    first = file.count("nodes")
    for joint, name in enumerate(JOINT_NAMES):
        offset = animation.root_m[0] if joint == 0 else rest[joint] - rest[parents[joint]]
        node = {"name": prefix + name, "translation": [float(part) for part in offset.astype(np.float32)]}
        children = [first + child for child, parent in enumerate(parents) if parent == joint]
        file.add("nodes", {**node, "children": children} if children else node)
    return list(range(first, first + len(JOINT_NAMES)))


def _describe_surface(file: GlbContainer, skins: _SkinParts, animation: Animation) -> dict[str, Any]:
    vertices = animation.rest_vertices_m
    faces, joints, weights = skins.get(animation)
    material = {
        "name": animation.name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*animation.color_linear, 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": _ROUGHNESS,
        },
    }
    return {
        "attributes": {
            "POSITION": file.add_vertices(vertices.astype(np.float32), "VEC3", bounds=True),
            "NORMAL": file.add_vertices(compute_normals(vertices, animation.body.faces).astype(np.float32), "VEC3"),
            "JOINTS_0": joints,
            "WEIGHTS_0": weights,
        },
        "indices": faces,
        "material": file.add("materials", material),
    }


_Channel = tuple[int, str, int, int, str]
"""Node, what moves of it, accessors of the times and the values, how they are blended."""


def _list_motion(file: GlbContainer, animation: Animation, joints: Sequence[int]) -> list[_Channel]:
    times = _add_times(file, animation.time_s)
    place = file.add_array(animation.root_m.astype(np.float32), "VEC3")
    turns = animation.quaternions.astype(np.float32)
    return [
        (joints[0], "translation", times, place, "LINEAR"),
        *(
            (node, "rotation", times, file.add_array(np.ascontiguousarray(turns[:, joint]), "VEC4"), "LINEAR")
            for joint, node in enumerate(joints)
        ),
    ]


def _list_presence(file: GlbContainer, animation: Animation, group: int) -> list[_Channel]:
    changes = find_presence(animation)
    times = _add_times(file, np.array([at for at, _ in changes]))
    sizes = np.repeat(np.array([[float(there)] for _, there in changes], np.float32), 3, axis=1)
    return [(group, "scale", times, file.add_array(sizes, "VEC3"), "STEP")]


def _add_times(file: GlbContainer, time_s: Float[np.ndarray, " keys"]) -> int:
    return file.add_array(time_s.astype(np.float32), "SCALAR", bounds=True)
