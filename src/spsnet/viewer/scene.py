"""A run's people as the page's script wants them: a short header and one block of bytes.

The browser skins the bodies: a person is a mesh at rest once, and 24 rotations and a place for each frame. A person of
three minutes at 30 frames a second takes 1.2 MB.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from spsnet.body import BodyModel, compute_joints
from spsnet.body.kinematics import place_rest_joints
from spsnet.export.animation import choose_influences
from spsnet.geometry import axis_angle_to_matrix, matrix_to_quaternion
from spsnet.pipeline.drawing import estimate_level, measure_extent
from spsnet.records import PersonMotion
from spsnet.rendering.palette import get_track_color
from spsnet.skeletons import get_joint_set
from spsnet.viewer.packing import Packer
from spsnet.viewer.simplifying import simplify_mesh

LOW_CONFIDENCE = 0.4
"""Frames below are marked on the timeline."""
_DEFAULT_FPS = 30.0
_QUATERNION_UNIT, _VERTEX_UNIT = 32767, 16384
"""As in figures.js."""
_ABOVE_EDGE_M = 0.15
"""Of the ground over the extent's lower edge, which lies 0.2 m under the lowest joint: soles are 5 cm under it."""
_LIGHT_CELL_M = 0.04
_EMPTY_EXTENT_M = np.array([[-1.0, -1.0, 2.0], [1.0, 1.0, 4.0]])


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the page draws."""

    header: dict[str, Any]
    """For the script, as JSON: numbers, and where each array lies in `content`."""
    content: bytes
    notes: tuple[str, ...]
    """Sentences that a user should read."""


def make_scene(people: Sequence[PersonMotion], summary: dict[str, Any], body: BodyModel) -> Scene:
    """Pack everybody of a run.

    Args:
        people: As the run's folder holds them.
        summary: As its `summary.json` says; results of other programs lack much of it.
        body: That the bodies are drawn with. Where the run names another, whose mesh is not at hand, it stands in with
            its average shape, and `notes` say so.
    """
    packer = Packer()
    people = [person if len(person.joint_names) else _place_joints(person, body) for person in people]
    fps = _find_fps(people, summary)
    level = estimate_level(people)
    extent_m = measure_extent(people, level)
    extent_m = _EMPTY_EXTENT_M if extent_m is None else extent_m
    is_own_body = summary.get("body") in (None, body.name)
    note = "" if is_own_body else f"The run's body is {summary['body']}: drawn as the average {body.name} instead."
    header = {
        "fps": fps,
        "lowConfidence": LOW_CONFIDENCE,
        "camera": _describe_camera(summary),
        "level": level.tolist(),
        "extent_m": extent_m.tolist(),
        "ground_m": float(extent_m[1, 1]) - _ABOVE_EDGE_M,
        "body": _pack_body(body, packer),
        "people": [_pack_person(person, fps, body, packer, keep_shape=is_own_body) for person in people],
    }
    return Scene(header=header, content=packer.join(), notes=(note,) if note else ())


def quantize_quaternions(rotations: Float[np.ndarray, "time 24 3 3"]) -> Int[np.ndarray, "time 24 4"]:
    """Unit quaternions x, y, z, w in 32767ths, each within 0.004 degrees of the rotation.

    Convention:
        No rotation is (0, 0, 0, 32767); half a turn about x is (32767, 0, 0, 0).
    """
    w_first = matrix_to_quaternion(rotations)
    return np.rint(np.roll(w_first, -1, axis=-1) * _QUATERNION_UNIT).astype(np.int16)


def quantize_vertices(vertices_m: Float[np.ndarray, "vertices 3"]) -> Int[np.ndarray, "vertices 3"]:
    """A mesh at rest in 16384ths of a metre, half the bytes of floats.

    Convention:
        1 m is 16384; what lies over 2 m from the origin is set to 2 m: no body at rest reaches there.
    """
    return np.clip(np.rint(vertices_m * _VERTEX_UNIT), -(1 << 15), (1 << 15) - 1).astype(np.int16)


def _place_joints(person: PersonMotion, body: BodyModel) -> PersonMotion:
    """The person with the joints of a body, where the results of another program bring none."""
    rotations = axis_angle_to_matrix(person.body.pose_rad.reshape(-1, 24, 3).astype(np.float64))
    joints_m = compute_joints(body, rotations, person.body.shape, person.body.translation_m)
    nowhere_px = np.full((*joints_m.shape[:2], 2), np.nan)
    return replace(person, joints_m=joints_m, joints_px=nowhere_px, joint_names=get_joint_set("smpl24").joint_names)


def _pack_body(body: BodyModel, packer: Packer) -> dict[str, Any]:
    bones, weights = choose_influences(body.skinning_weights)
    kept, light_faces = simplify_mesh(body.template_m, body.faces, bones[:, 0].astype(np.int64), _LIGHT_CELL_M)
    return {
        "parents": list(body.parents),
        "faces": packer.add(body.faces.astype(np.uint16 if len(body.template_m) <= 1 << 16 else np.uint32)),
        "bones": packer.add(bones),
        "weights": packer.add(weights),
        "light": {"kept": packer.add(kept.astype(np.uint32)), "faces": packer.add(light_faces.astype(np.uint16))},
    }


def _pack_person(
    person: PersonMotion, fps: float, body: BodyModel, packer: Packer, *, keep_shape: bool
) -> dict[str, Any]:
    shape = person.body.shape.astype(np.float32) * np.float32(keep_shape)
    time_s = person.time_s if np.all(np.isfinite(person.time_s)) else person.frame_index / fps
    rotations = axis_angle_to_matrix(person.body.pose_rad.reshape(-1, 24, 3).astype(np.float64))
    rest_joints = place_rest_joints(body.rest_joints_m, body.rest_joint_shape, shape)[0]
    return {
        "id": person.track_id,
        "color": "#" + "".join(f"{round(255 * float(part)):02x}" for part in get_track_color(person.track_id)),
        "time_s": packer.add(time_s.astype(np.float64)),
        "frame": packer.add(person.frame_index.astype(np.uint32)),
        "confidence": packer.add(person.confidence.astype(np.float32)),
        "filled": packer.add(person.filled_mask.astype(np.uint8)),
        "quaternions": packer.add(quantize_quaternions(rotations)),
        "translation_m": packer.add(person.body.translation_m.astype(np.float32)),
        "vertices": packer.add(quantize_vertices(body.template_m + body.shape_directions @ shape)),
        "joints_m": packer.add(rest_joints.astype(np.float32)),
    }


def _find_fps(people: Sequence[PersonMotion], summary: dict[str, Any]) -> float:
    """Frames per second as the run says, else by the people's own times, else 30."""
    fps = summary.get("input", {}).get("fps")
    if fps:
        return float(fps)
    for person in people:
        if len(person) > 1 and np.all(np.isfinite(person.time_s)):
            frames, seconds = np.ptp(person.frame_index), np.ptp(person.time_s)
            return float(frames / seconds)
    return _DEFAULT_FPS


def _describe_camera(summary: dict[str, Any]) -> dict[str, float] | None:
    """The film's camera; None where results of another program do not say it."""
    camera = summary.get("camera")
    if not camera or not camera.get("focal_px"):
        return None
    center = camera["center_px"]
    size = summary.get("input", {})
    return {
        "focal_px": float(camera["focal_px"]),
        "center_x": float(center[0]),
        "center_y": float(center[1]),
        "width": float(size.get("width", 2 * center[0])),
        "height": float(size.get("height", 2 * center[1])),
    }
