"""Joints out of animation files by libraries that had no part in writing them; the tests use these readers too.

All give places in a file's axes (y up), metres, with seconds where the file knows them.
"""

import struct
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

FLIP = np.array([1.0, -1.0, -1.0])
"""From the camera's axes to a file's."""
_GLTF_TYPES = {5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_GLTF_PARTS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Readback(NamedTuple):
    """One person as a file tells."""

    time_s: Float[np.ndarray, " frames"] | None
    """None where the file only has a rate; then `fps` counts from the person's first frame."""
    fps: float
    joints_m: Float[np.ndarray, "frames 24 3"]


class Gltf:
    """A file as `pygltflib` takes it apart; its nodes are moved by glTF's rules, written here anew."""

    def __init__(self, path: Path) -> None:
        """Read the file."""
        import pygltflib

        self.file = pygltflib.GLTF2().load(str(path))
        self._binary = self.file.binary_blob()
        self.nodes = {node.name: number for number, node in enumerate(self.file.nodes)}
        self._parents = {child: n for n, node in enumerate(self.file.nodes) for child in node.children or ()}
        self._tracks: dict[tuple[int, str], tuple[np.ndarray, np.ndarray, str]] = {}
        (animation,) = self.file.animations
        for channel in animation.channels:
            sampler = animation.samplers[channel.sampler]
            track = (self.get_array(sampler.input), self.get_array(sampler.output), sampler.interpolation)
            self._tracks[channel.target.node, channel.target.path] = track

    def get_array(self, accessor: int) -> np.ndarray:
        """Numbers of an accessor."""
        item = self.file.accessors[accessor]
        view = self.file.bufferViews[item.bufferView]
        start, parts = (view.byteOffset or 0) + (item.byteOffset or 0), _GLTF_PARTS[item.type]
        array = np.frombuffer(self._binary, _GLTF_TYPES[item.componentType], item.count * parts, start)
        return array.reshape(item.count, parts) if parts > 1 else array

    def get_times(self, node: str, path: str = "rotation") -> np.ndarray:
        """Seconds of a node's keys."""
        return self._tracks[self.nodes[node], path][0]

    def place(self, node: int, time_s: np.ndarray) -> Float[np.ndarray, "times 4 4"]:
        """Where a node is in the world, at each time."""
        own = np.tile(np.eye(4), (len(time_s), 1, 1))
        size = self._sample(node, "scale", [1.0, 1.0, 1.0], time_s)
        own[:, :3, :3] = _turn(self._sample(node, "rotation", [0.0, 0.0, 0.0, 1.0], time_s)) * size[:, None]
        own[:, :3, 3] = self._sample(node, "translation", [0.0, 0.0, 0.0], time_s)
        return self.place(self._parents[node], time_s) @ own if node in self._parents else own

    def _sample(self, node: int, path: str, otherwise: list[float], time_s: np.ndarray) -> np.ndarray:
        if (node, path) not in self._tracks:
            value = getattr(self.file.nodes[node], path) or otherwise
            return np.tile(np.array(value, dtype=np.float64), (len(time_s), 1))
        keys, values, blend = self._tracks[node, path]
        before = np.clip(np.searchsorted(keys, time_s, side="right") - 1, 0, len(keys) - 1)
        if blend == "STEP":
            return values[before].astype(np.float64)
        after = np.minimum(before + 1, len(keys) - 1)
        weight = np.clip((time_s - keys[before]) / np.where(after > before, keys[after] - keys[before], 1), 0, 1)
        return values[before] * (1 - weight[:, None]) + values[after] * weight[:, None]


def _turn(quaternion: Float[np.ndarray, "times 4"]) -> Float[np.ndarray, "times 3 3"]:
    from scipy.spatial.transform import Rotation

    return Rotation.from_quat(quaternion).as_matrix()


def read_glb(path: Path, person: str) -> Readback:
    """Joints of a person at the keys; of a scene, where nodes bear the person's name, or of the person's own file."""
    file = Gltf(path)
    (skin,) = (skin for skin in file.file.skins if skin.name == person)
    times = file.get_times(file.file.nodes[skin.joints[0]].name)
    places = np.stack([file.place(joint, times)[:, :3, 3] for joint in skin.joints], axis=1)
    return Readback(times, file.file.asset.extras["frames_per_second"], places)


def read_bvh(path: Path, person: str) -> Readback:  # noqa: ARG001 - one person a file
    """Joints by `pybvh`, centimetres there; in SMPL's order, which the names tell."""
    import pybvh

    from spsnet.skeletons import get_joint_set

    file = pybvh.read_bvh_file(path, world_up="+y")
    order = [file.joint_index[name] for name in get_joint_set("smpl24").joint_names]
    return Readback(None, 1 / file.frame_time, file.joint_positions()[:, order] / 100)


def read_usd(path: Path, person: str) -> Readback:
    """Joints by UsdSkel's own queries."""
    from pxr import Usd, UsdGeom, UsdSkel

    stage = Usd.Stage.Open(str(path))
    root = UsdSkel.Root(stage.GetPrimAtPath(f"/scene/{person}"))
    skeleton = UsdSkel.Skeleton(stage.GetPrimAtPath(f"/scene/{person}/skeleton"))
    cache = UsdSkel.Cache()
    cache.Populate(root, Usd.PrimDefaultPredicate)
    query = cache.GetSkelQuery(skeleton)
    codes = query.GetAnimQuery().GetJointTransformTimeSamples()
    unit = UsdGeom.GetStageMetersPerUnit(stage)
    places = [[m.ExtractTranslation() for m in query.ComputeJointSkelTransforms(code)] for code in codes]
    rate = stage.GetTimeCodesPerSecond()
    return Readback(np.array(codes) / rate, rate, np.array(places) * unit)


def read_c3d(path: Path, person: str) -> Readback:  # noqa: ARG001 - one person a file
    """Points by the package `c3d`, which shares nothing with `ezc3d`; millimetres there."""
    import c3d

    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no force plates, and what pads the last block
        reader = c3d.Reader(stream)
        frames = list(reader.read_frames())
        rate = float(reader.point_rate)
    numbers = np.array([number for number, _, _ in frames])
    return Readback((numbers - 1) / rate, rate, np.array([points[:, :3] for _, points, _ in frames]) / 1000)


def read_trc(path: Path, person: str) -> Readback:  # noqa: ARG001 - one person a file
    """The table by `numpy.loadtxt`, its head by its words; millimetres there."""
    with path.open(encoding="utf-8") as stream:
        head = [next(stream).rstrip("\n").split("\t") for _ in range(5)]
    facts = dict(zip(head[1], head[2], strict=True))
    assert (facts["Units"], facts["NumMarkers"]) == ("mm", "24")
    table = np.loadtxt(path, delimiter="\t", skiprows=6, ndmin=2)
    return Readback(table[:, 1], float(facts["DataRate"]), table[:, 2:].reshape(len(table), -1, 3) / 1000)


SKELETON_READERS: Mapping[str, tuple[str, Callable[[Path, str], Readback]]] = {
    "glb": ("pygltflib", read_glb),
    "usd": ("usd-core, UsdSkel", read_usd),
    "bvh": ("pybvh", read_bvh),
    "c3d": ("c3d", read_c3d),
    "trc": ("numpy.loadtxt", read_trc),
}
"""By format: what reads it, and the reader."""


def compare_joints(
    read: Readback, time_s: Float[np.ndarray, " time"], joints_m: Float[np.ndarray, "time 24 3"]
) -> Float[np.ndarray, "time 24"]:
    """Distance in millimetres of each joint of each frame.

    Args:
        read: Of a file.
        time_s: Of the frames that were written.
        joints_m: In the camera's axes.

    Raises:
        ValueError: If a frame is not in the file at its time.
    """
    times = time_s[0] + np.arange(len(read.joints_m)) / read.fps if read.time_s is None else read.time_s
    nearest = np.abs(times[None] - time_s[:, None]).argmin(axis=1)
    late = np.abs(times[nearest] - time_s).max()
    if late > 1e-3:
        raise ValueError(f"a frame is {late * 1e3:.1f} ms from the nearest in the file")
    return 1000 * np.linalg.norm(read.joints_m[nearest] - joints_m * FLIP, axis=-1)


def read_vertices(path: Path) -> Float[np.ndarray, "vertices 3"]:
    """Vertices of a mesh by `trimesh`, people one after the other, in the file's order."""
    import trimesh

    return np.asarray(trimesh.load(path, process=False, maintain_order=True, force="mesh").vertices, dtype=np.float64)


def read_chunks(path: Path) -> list[tuple[int, int]]:
    """Kinds and lengths of a GLB's chunks, byte by byte; a check on the container."""
    content = path.read_bytes()
    magic, version, length = struct.unpack_from("<III", content)
    assert (magic, version, length) == (0x46546C67, 2, len(content))
    chunks, at = [], 12
    while at < length:
        size, kind = struct.unpack_from("<II", content, at)
        chunks.append((kind, size))
        at += 8 + size
    return chunks


def list_faces(path: Path) -> Int[np.ndarray, "faces 3"]:
    """Faces of a mesh by `trimesh`."""
    import trimesh

    mesh: Any = trimesh.load(path, process=False, maintain_order=True, force="mesh")
    return np.asarray(mesh.faces)
