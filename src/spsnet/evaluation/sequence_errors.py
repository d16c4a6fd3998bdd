"""One sequence under a protocol: errors of every counted frame, unreduced."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.evaluation.frame_selection import FrameSelection
from spsnet.evaluation.measured_motion import LabelledMotion, MotionArrays
from spsnet.evaluation.protocols import HUMAN36M, MPI_INF_3DHP, Protocol
from spsnet.metrics import compute_acceleration_error, compute_mpjpe, compute_pa_mpjpe, compute_pve, mask_accelerations

NO_PREDICTION = "not predicted"
_ROOTED_BEFORE_ROUNDING = (MPI_INF_3DHP, HUMAN36M)
_CHUNK = 256  # frames whose surfaces are compared at once


@dataclass(frozen=True, kw_only=True, eq=False)
class SequenceErrors:
    """Of the frames that count; a joint that is not labelled is False in `joint_mask`, its errors mean nothing."""

    protocol: Protocol
    dataset: str
    name: str
    sequence: str
    """The film: people of one film are drawn together for confidence intervals."""
    fps: float
    """Of the labels: frames of the film in between do not count."""
    total_frames: int
    dropped: Mapping[str, int]
    """Frames by reason: the protocol's, then those that were not predicted."""
    frame_index: Int[np.ndarray, " frames"]
    difference_m: Float[np.ndarray, "frames joints 3"]
    """Predicted less true joints, roots taken off."""
    joint_mask: Bool[np.ndarray, "frames joints"]
    mpjpe_mm: Float[np.ndarray, "frames joints"]
    pa_mpjpe_mm: Float[np.ndarray, "frames joints"]
    pve_mm: Float[np.ndarray, " frames"] | None
    """Mean over vertices; None where the protocol wants none or a surface is missing."""
    acceleration_mm_frame2: Float[np.ndarray, "frames joints"]
    """At the middle one of three neighbouring frames that count; NaN elsewhere. Roots taken off."""

    def __len__(self) -> int:
        """Number of frames that count."""
        return len(self.frame_index)


def score_sequence(
    protocol: Protocol, predicted: MotionArrays, truth: LabelledMotion, selection: FrameSelection
) -> SequenceErrors:
    """Compare one person's predicted motion with the truth.

    A frame whose prediction is not finite in every joint does not count, and is reported.

    Args:
        protocol: Decides joints, root, precision and alignment.
        predicted: As many frames as the truth.
        truth: Posed with the body that `Protocol.choose_gender` says, its parameters through `Protocol.round_truth`.
        selection: Of `select_frames`, of the same truth.

    Raises:
        ValueError: If frames, joints or vertices of the two do not agree with each other or with the protocol.
    """
    _require_alike(protocol, predicted, truth)
    root = predicted.compute_root(protocol.root)
    given = np.isfinite(predicted.joints_m).all((1, 2)) & np.isfinite(root).all(1)
    mask = selection.mask & given
    dropped = dict(selection.dropped)
    if np.any(selection.mask & ~given):
        dropped[NO_PREDICTION] = int((selection.mask & ~given).sum())
    ours = predicted.joints_m - root[:, None]
    true = _take_root_off(protocol, truth)
    difference = ours - true
    joint_mask = np.isfinite(truth.motion.joints_m).all(2)
    return SequenceErrors(
        protocol=protocol,
        dataset=truth.dataset,
        name=truth.name,
        sequence=truth.sequence,
        fps=truth.fps / truth.frame_step,
        total_frames=len(truth),
        dropped=dropped,
        frame_index=truth.frame_index[mask],
        difference_m=difference[mask],
        joint_mask=joint_mask[mask],
        mpjpe_mm=compute_mpjpe(ours[mask], true[mask], root=None),
        pa_mpjpe_mm=compute_pa_mpjpe(ours[mask], true[mask], valid_mask=joint_mask[mask]),
        pve_mm=_measure_surface(protocol, predicted, truth.motion, mask),
        acceleration_mm_frame2=_measure_acceleration(truth, difference, joint_mask & mask[:, None])[mask],
    )


def _require_alike(protocol: Protocol, predicted: MotionArrays, truth: LabelledMotion) -> None:
    wanted = protocol.get_joint_set(truth.dataset)
    for whose, motion in (("predicted", predicted), ("true", truth.motion)):
        if motion.joint_set != wanted:
            raise ValueError(
                f"protocol {protocol.name!r} compares {wanted} joints on {truth.dataset}, the {whose} ones are "
                f"{motion.joint_set}"
            )
    if len(predicted) != len(truth):
        raise ValueError(f"{truth.name} has {len(truth)} frames, {len(predicted)} are predicted")
    surfaces = (predicted.vertices_m, truth.motion.vertices_m)
    if surfaces[0] is not None and surfaces[1] is not None and surfaces[0].shape != surfaces[1].shape:
        raise ValueError(f"the predicted surface has {surfaces[0].shape[1]} vertices, the true {surfaces[1].shape[1]}")


def _take_root_off(protocol: Protocol, truth: LabelledMotion) -> Float[np.ndarray, "time joints 3"]:
    """True joints about their root, in float64, through the protocol's precision.

    VIBE's family rounds 3DPW's joints where they stand, and the others' about the pelvis, where it costs nothing.
    """
    joints, pelvis = truth.motion.joints_m.astype(np.float64), truth.motion.pelvis_m
    root = truth.motion.compute_root(protocol.root)
    if protocol.half_precision_truth:
        start = root if truth.dataset in _ROOTED_BEFORE_ROUNDING else np.zeros_like(root)
        rounded = MotionArrays(
            joints_m=protocol.round_truth(joints - start[:, None]),
            joint_set=truth.motion.joint_set,
            pelvis_m=None if pelvis is None else protocol.round_truth(pelvis - start),
        )
        joints, root = rounded.joints_m, rounded.compute_root(protocol.root)
    return np.asarray(joints - root[:, None])


def _measure_surface(
    protocol: Protocol, predicted: MotionArrays, true: MotionArrays, mask: Bool[np.ndarray, " time"]
) -> Float[np.ndarray, " frames"] | None:
    if protocol.pve is None or predicted.vertices_m is None or true.vertices_m is None:
        return None
    bases = []
    for motion in (predicted, true):
        base = motion.compute_root(protocol.root) if protocol.pve == "root" else motion.translation_m
        assert base is not None
        bases.append(base)
    frames = np.flatnonzero(mask)
    parts = [
        compute_pve(
            predicted.vertices_m[part],
            true.vertices_m[part],
            predicted_root_m=bases[0][part],
            target_root_m=bases[1][part],
        ).mean(-1)
        for part in np.split(frames, range(_CHUNK, len(frames), _CHUNK))
    ]
    return np.concatenate(parts)


def _measure_acceleration(
    truth: LabelledMotion, difference_m: Float[np.ndarray, "time joints 3"], counted: Bool[np.ndarray, "time joints"]
) -> Float[np.ndarray, "time joints"]:
    error = np.full(counted.shape, np.nan)
    if len(counted) > 2:
        step = np.diff(truth.frame_index) == truth.frame_step
        even = mask_accelerations(counted) & (step[1:] & step[:-1])[:, None]
        values = compute_acceleration_error(difference_m, np.zeros_like(difference_m))
        error[1:-1] = np.where(even, values, np.nan)
    return error
