"""One person's motion ready for files of animations: a body of the person's own build, and how it moves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, UInt8

from spsnet.body import BodyModel, compute_joints, compute_pose_feature, compute_vertices, place_rest_joints
from spsnet.geometry import axis_angle_to_matrix, interpolate_rotations, matrix_to_quaternion
from spsnet.records import Pinhole, PredictedMotion
from spsnet.skeletons import get_joint_set

JOINT_NAMES = get_joint_set("smpl24").joint_names
INFLUENCES = 4
"""Joints that may move a vertex in a file."""
LONGEST_GAP_S = 1.0
"""People are interpolated over gaps up to this, and hidden in longer ones."""
FROM_CAMERA = np.diag([1.0, -1.0, -1.0])
"""From the camera's axes to a file's: half a turn about x."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Animation:
    """A person in motion.

    Convention:
        Metres, y up, right-handed; the camera stands in the origin and looks along −z. What lies at (1, 2, 5) in the
        camera's own axes (y down, z forward) lies at (1, −2, −5) here. Seconds are the film's: 0 is its beginning.
    """

    name: str
    """Of the file and of the nodes in it, such as person_001."""
    color_rgb: tuple[float, float, float]
    """0 to 1, as a screen shows it (sRGB)."""
    body: BodyModel
    shape: Float[np.ndarray, "10"]
    frame_index: Int[np.ndarray, " time"]
    """Of the film."""
    time_s: Float[np.ndarray, " time"]
    """Rising."""
    fps: float
    """Of the film, on average."""
    rotations: Float[np.ndarray, "time 24 3 3"]
    """Each joint's relative to its parent, the root's relative to the axes above."""
    translation_m: Float[np.ndarray, "time 3"]
    """Added to everything after it is posed, as `body.compute_vertices` does."""

    def __post_init__(self) -> None:
        """Check that there is something, and that time passes."""
        if not len(self.time_s):
            raise ValueError(f"Animation.time_s of {self.name} should hold a time")
        if not np.all(np.isfinite(self.time_s)) or np.any(np.diff(self.time_s) <= 0):
            raise ValueError(f"Animation.time_s of {self.name} should be finite and rise")

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.time_s)

    @cached_property
    def rest_joints_m(self) -> Float[np.ndarray, "24 3"]:
        """Joints of the person at rest: upright, arms out, facing +z."""
        body = self.body
        return place_rest_joints(
            body.rest_joints_m.astype(np.float64), body.rest_joint_shape.astype(np.float64), self.shape
        )[0]

    @cached_property
    def rest_vertices_m(self) -> Float[np.ndarray, "vertices 3"]:
        """Mesh at rest, with the mean of the motion's pose correctives, which skinning by itself does not know.

        Without them the surface of the film `sports2d` is off by 1.3 mm on average, with them by 0.7 mm.
        """
        body = self.body
        vertices = body.template_m + body.shape_directions.astype(np.float64) @ self.shape
        if body.pose_directions is not None:
            vertices = vertices + body.pose_directions @ compute_pose_feature(self.rotations).mean(0)
        return vertices

    @cached_property
    def root_m(self) -> Float[np.ndarray, "time 3"]:
        """Place of the root joint: it turns about itself, not about the body's origin."""
        return self.rest_joints_m[0] + self.translation_m

    @cached_property
    def quaternions(self) -> Float[np.ndarray, "time 24 4"]:
        """The rotations as x, y, z, w; from frame to frame the nearer of the two signs."""
        w_first = matrix_to_quaternion(self.rotations)
        flips = np.sum(w_first[1:] * w_first[:-1], axis=-1, keepdims=True) < 0
        signs = np.cumprod(np.where(flips, -1.0, 1.0), axis=0)
        w_first[1:] *= signs
        return np.roll(w_first, -1, axis=-1)

    @property
    def color_linear(self) -> tuple[float, float, float]:
        """The colour as light, which materials of files mean, not as a screen shows it."""
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in self.color_rgb
        )
        return red, green, blue

    def compute_joints(self) -> Float[np.ndarray, "time 24 3"]:
        """Places of the joints."""
        return compute_joints(self.body, self.rotations, self.shape, self.translation_m)

    def compute_vertices(self) -> Float[np.ndarray, "time vertices 3"]:
        """The exact surface, pose correctives included."""
        return compute_vertices(self.body, self.rotations, self.shape, self.translation_m)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """People before a camera: what one file holds."""

    people: tuple[Animation, ...]
    """With names that differ."""
    camera: Pinhole | None = None
    """Stands in the origin; formats take its principal point for the middle of the picture."""

    def __post_init__(self) -> None:
        """Check that there is somebody."""
        if not self.people:
            raise ValueError("Scene.people should hold somebody")


def animate(motion: PredictedMotion, body: BodyModel, *, name: str, color_rgb: Sequence[float]) -> Animation:
    r"""A motion in the camera's axes as an animation.

        R'_0 = F R_0,   t' = F (J_0 + t) − J_0,   F = diag(1, −1, −1)

    The root turns about the joint J_0, so the place of that joint is turned, and J_0 taken off again.

    Args:
        motion: With places; where it has no times, frames per second say them.
        body: That its shape is of. A shape that changes is replaced by its mean.
        name: Of the person in files.
        color_rgb: Of the person in files.

    Raises:
        ValueError: If places, or both times and frames per second are missing.
    """
    if motion.translation_m is None:
        raise ValueError(f"person {motion.person} should have a translation_m")
    time_s = _find_times(motion)
    rotations = axis_angle_to_matrix(motion.pose_rad.reshape(-1, 24, 3).astype(np.float64))
    rotations[:, 0] = FROM_CAMERA @ rotations[:, 0]
    red, green, blue = (float(part) for part in color_rgb)
    at_rest = Animation(
        name=name,
        color_rgb=(red, green, blue),
        body=body,
        shape=motion.shape.mean(0, dtype=np.float64),
        frame_index=motion.frame_index,
        time_s=time_s,
        fps=_find_rate(motion, time_s),
        rotations=rotations,
        translation_m=motion.translation_m.astype(np.float64),
    )
    root = at_rest.rest_joints_m[0]
    return replace(at_rest, translation_m=(root + at_rest.translation_m) @ FROM_CAMERA - root)


def _find_times(motion: PredictedMotion) -> Float[np.ndarray, " time"]:
    if motion.time_s is not None:
        return motion.time_s.astype(np.float64)
    if motion.fps is None:
        raise ValueError(f"person {motion.person} should have a time_s or an fps")
    return motion.frame_index / motion.fps


def _find_rate(motion: PredictedMotion, time_s: Float[np.ndarray, " time"]) -> float:
    """Frames per second as they are said, else as the times say them."""
    if motion.fps is not None:
        return motion.fps
    return float(np.ptp(motion.frame_index) / np.ptp(time_s)) if len(time_s) > 1 else 1.0


def resample(animation: Animation) -> Animation:
    r"""The same motion at a constant rate, for files that know no times of their frames.

        t_k = t_0 + k / fps,   rotations along the shortest arc between two frames, places along the line

    A film of constant rate stays as it is; `frame_index` counts on from the first frame.
    """
    time_s, count = animation.time_s, round(float(np.ptp(animation.time_s)) * animation.fps) + 1
    wanted = np.minimum(time_s[0] + np.arange(count) / animation.fps, time_s[-1])
    after = np.clip(np.searchsorted(time_s, wanted), min(1, len(time_s) - 1), len(time_s) - 1)
    before = np.maximum(after - 1, 0)
    span = np.where(after > before, time_s[after] - time_s[before], 1.0)
    weight = np.clip((wanted - time_s[before]) / span, 0.0, 1.0)
    step = animation.translation_m[after] - animation.translation_m[before]
    return replace(
        animation,
        frame_index=animation.frame_index[0] + np.arange(count),
        time_s=time_s[0] + np.arange(count) / animation.fps,
        rotations=interpolate_rotations(
            animation.rotations[before], animation.rotations[after], np.repeat(weight[:, None], 24, axis=1)
        ),
        translation_m=animation.translation_m[before] + step * weight[:, None],
    )


def find_presence(animation: Animation) -> list[tuple[float, bool]]:
    """When the person comes and goes: seconds, and whether the person is there from then on.

    Convention:
        There from 2 to 4 s and from 9 s to 9.9 s at 10 frames per second: (0, no), (2, yes), (4.1, no), (9, yes),
        (10, no). Gaps up to `LONGEST_GAP_S` do not count.
    """
    time_s, frame_s = animation.time_s, 1 / animation.fps
    ends = np.flatnonzero(np.diff(time_s) > LONGEST_GAP_S + frame_s)
    starts_s = time_s[np.concatenate([[0], ends + 1])]
    ends_s = time_s[np.concatenate([ends, [-1]])] + frame_s
    first = [(0.0, False)] if starts_s[0] > 0 else []
    changes = [
        (float(at), there)
        for start, end in zip(starts_s, ends_s, strict=True)
        for at, there in ((start, True), (end, False))
    ]
    return first + changes


def choose_influences(
    skinning_weights: Float[np.ndarray, "vertices joints"],
) -> tuple[UInt8[np.ndarray, "vertices 4"], Float[np.ndarray, "vertices 4"]]:
    """The four joints that move each vertex most, and their weights scaled to sum to 1; a joint of no weight is 0.

    The open body and SMPL have no vertex with more than four, so nothing is lost.
    """
    joints = np.argsort(-skinning_weights, axis=1, kind="stable")[:, :INFLUENCES]
    weights = np.take_along_axis(skinning_weights, joints, axis=1).astype(np.float64)
    weights = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return np.where(weights > 0, joints, 0).astype(np.uint8), weights


def compute_normals(
    vertices_m: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
) -> Float[np.ndarray, "vertices 3"]:
    """Unit normals, faces weighted by their area; up where a vertex has no face of any area.

    Convention:
        Counter-clockwise seen from outside: (0,0,0), (1,0,0), (0,1,0) face +z.
    """
    a, b, c = (vertices_m[faces[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    total = np.stack(
        [np.bincount(faces.ravel(), np.repeat(across[:, axis], 3), len(vertices_m)) for axis in range(3)], axis=-1
    )
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(length > 0, total / np.where(length > 0, length, 1), (0.0, 1.0, 0.0))
