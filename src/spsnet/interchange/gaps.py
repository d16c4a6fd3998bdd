"""Motions without holes, for formats that have no frame numbers."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from spsnet.geometry import axis_angle_to_matrix, interpolate_rotations, matrix_to_axis_angle
from spsnet.records import PredictedMotion


def fill_gaps(motion: PredictedMotion) -> PredictedMotion:
    """Every frame from the first to the last: between two that are there, rotations along the shortest arc.

    Joints and mesh are left out where a frame was added: they would be neither the system's nor a body's.

    Convention:
        Frames 3 and 5, x = 1 and 2 m: frame 4 at 1.5 m. Frames that are there stay as they are.
    """
    known = motion.frame_index
    if not len(known) or len(known) == known[-1] - known[0] + 1:
        return motion
    wanted = np.arange(known[0], known[-1] + 1)
    after = np.searchsorted(known, wanted)
    before = np.where(known[after] == wanted, after, after - 1)
    span = np.maximum(known[after] - known[before], 1)
    weight = (wanted - known[before]) / span

    def blend(values: Float[np.ndarray, "time channels"]) -> Float[np.ndarray, "frames channels"]:
        return values[before] + (values[after] - values[before]) * weight[:, None].astype(values.dtype)

    rotations = axis_angle_to_matrix(motion.pose_rad.reshape(len(motion), 24, 3).astype(np.float64))
    between = interpolate_rotations(rotations[before], rotations[after], np.repeat(weight[:, None], 24, axis=1))
    pose = matrix_to_axis_angle(between).reshape(-1, 72).astype(motion.pose_rad.dtype)
    pose[weight == 0] = motion.pose_rad[before[weight == 0]]
    return replace(
        motion,
        frame_index=wanted,
        pose_rad=pose,
        shape=blend(motion.shape),
        translation_m=None if motion.translation_m is None else blend(motion.translation_m),
        box_xys_px=None if motion.box_xys_px is None else blend(motion.box_xys_px),
        time_s=None if motion.time_s is None else blend(motion.time_s[:, None])[:, 0],
        joints_m=None,
        joint_set=None,
        vertices_m=None,
    )
