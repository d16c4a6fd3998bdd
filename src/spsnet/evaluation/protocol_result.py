"""Sequences joined to a data set's numbers, with what they were measured on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.evaluation.protocols import MPI_INF_3DHP, AccelerationUnit, Protocol
from spsnet.evaluation.sequence_errors import SequenceErrors
from spsnet.metrics import (
    Estimate,
    average,
    average_by_frame,
    compute_acceleration_error,
    compute_auc,
    compute_pck,
    estimate_by_joint,
    estimate_mean,
    mask_accelerations,
)
from spsnet.metrics.joints import MM_PER_M
from spsnet.skeletons import JointSet, get_joint_set

_NOT_IN_PCK = ("pelvis", "mpi_spine", "mpi_head")


@dataclass(frozen=True, kw_only=True)
class SequenceScore:
    """Means over one person's counted frames in one film; NaN where none counts."""

    name: str
    frames: int
    mpjpe_mm: float
    pa_mpjpe_mm: float
    pve_mm: float | None
    acceleration_mm_frame2: float
    """Within the sequence, whatever the protocol."""


@dataclass(frozen=True, kw_only=True)
class ProtocolResult:
    """A data set's numbers under a protocol; every frame counts once, and its joints alike."""

    protocol: Protocol
    dataset: str
    joint_set: str
    frames: int
    """That count."""
    total_frames: int
    dropped: Mapping[str, int]
    """The others, by reason."""
    mpjpe_mm: Estimate
    pa_mpjpe_mm: Estimate
    pve_mm: Estimate | None
    """None where the protocol has none, or a surface is not known in some sequence."""
    acceleration: Mapping[AccelerationUnit, Estimate]
    """In the protocol's units."""
    pck_percent: Estimate | None
    """Of 3DHP's 14 joints (without pelvis, spine, head), nearer than 150 mm; None on other data sets."""
    auc_percent: Estimate | None
    """Mean of the PCK at 0, 5, …, 150 mm (`metrics.AUC_THRESHOLDS_MM`)."""
    joint_mpjpe_mm: Mapping[str, Estimate]
    """Each interval holds for its joint alone; NaN where a joint is never labelled."""
    joint_pa_mpjpe_mm: Mapping[str, Estimate]
    sequences: tuple[SequenceScore, ...]

    def describe(self) -> str:
        """What was measured, and on which frames, in one line.

        Convention:
            "protocol wham: lsp14 joints, root between the hips, true bodies gendered where a gender is given; 18 of 20
            frames count; 2 dropped: first or last frame".
        """
        lost = "; ".join(f"{count} dropped: {reason}" for reason, count in self.dropped.items())
        counts = f"{self.frames} of {self.total_frames} frames count"
        return "; ".join(part for part in (self.protocol.describe(self.dataset), counts, lost) if part)


def join_sequences(sequences: Sequence[SequenceErrors]) -> ProtocolResult:
    """Reduce a data set's sequences to its numbers.

    Intervals hold 95 of 100 draws of as many films. Order matters only where accelerations run over the
    concatenation (`vibe`): its seams depend on it.

    Raises:
        ValueError: If there is no sequence, or they were not scored under one protocol on one data set.
    """
    if not sequences:
        raise ValueError("at least one sequence should be joined")
    protocol, dataset = sequences[0].protocol, sequences[0].dataset
    for errors in sequences:
        if (errors.protocol.name, errors.dataset) != (protocol.name, dataset):
            raise ValueError(
                f"sequences of one result should share protocol and data set, got {protocol.name} on {dataset} and "
                f"{errors.protocol.name} on {errors.dataset}"
            )
    joint_set = get_joint_set(protocol.get_joint_set(dataset))
    means = [_average_frames(errors) for errors in sequences]
    surfaces = [mean.pve_mm for mean in means if mean.pve_mm is not None]
    correct = [_measure_thresholds(errors) for errors in sequences] if dataset == MPI_INF_3DHP else []
    films = list(dict.fromkeys(errors.sequence for errors in sequences))
    film = np.repeat([films.index(errors.sequence) for errors in sequences], [len(errors) for errors in sequences])

    def estimate(parts: Sequence[Float[np.ndarray, " _"]]) -> Estimate:
        """Mean over the frames that have a number."""
        values = np.concatenate(parts)
        return estimate_mean(values, np.isfinite(values), sequence=film)

    return ProtocolResult(
        protocol=protocol,
        dataset=dataset,
        joint_set=joint_set.name,
        frames=sum(map(len, sequences)),
        total_frames=sum(errors.total_frames for errors in sequences),
        dropped=_add_dropped(sequences),
        mpjpe_mm=estimate([mean.mpjpe_mm for mean in means]),
        pa_mpjpe_mm=estimate([mean.pa_mpjpe_mm for mean in means]),
        pve_mm=estimate(surfaces) if len(surfaces) == len(sequences) else None,
        acceleration={unit: estimate(parts) for unit, parts in _accelerate(protocol, sequences, means).items()},
        pck_percent=estimate([pck for pck, _ in correct]) if correct else None,
        auc_percent=estimate([auc for _, auc in correct]) if correct else None,
        joint_mpjpe_mm=_estimate_joints([(e.mpjpe_mm, e.joint_mask) for e in sequences], film, joint_set),
        joint_pa_mpjpe_mm=_estimate_joints(
            [(e.pa_mpjpe_mm, np.isfinite(e.pa_mpjpe_mm)) for e in sequences], film, joint_set
        ),
        sequences=tuple(_score(errors, mean) for errors, mean in zip(sequences, means, strict=True)),
    )


class _FrameMeans(NamedTuple):
    """One sequence, a number for each counted frame; NaN where there is none."""

    mpjpe_mm: Float[np.ndarray, " frames"]
    pa_mpjpe_mm: Float[np.ndarray, " frames"]
    pve_mm: Float[np.ndarray, " frames"] | None
    acceleration_mm_frame2: Float[np.ndarray, " frames"]


def _average_frames(errors: SequenceErrors) -> _FrameMeans:
    return _FrameMeans(
        average_by_frame(errors.mpjpe_mm, errors.joint_mask),
        average_by_frame(errors.pa_mpjpe_mm, np.isfinite(errors.pa_mpjpe_mm)),
        errors.pve_mm,
        average_by_frame(errors.acceleration_mm_frame2, np.isfinite(errors.acceleration_mm_frame2)),
    )


def _estimate_joints(
    values: list[tuple[Float[np.ndarray, "_ joints"], Bool[np.ndarray, "_ joints"]]],
    film: Int[np.ndarray, " frames"],
    joint_set: JointSet,
) -> dict[str, Estimate]:
    errors, masks = (np.concatenate(parts) for parts in zip(*values, strict=True))
    return dict(zip(joint_set.joint_names, estimate_by_joint(errors, masks, sequence=film), strict=True))


def _accelerate(
    protocol: Protocol, sequences: Sequence[SequenceErrors], means: Sequence[_FrameMeans]
) -> dict[AccelerationUnit, list[Float[np.ndarray, " frames"]]]:
    """Acceleration errors of each sequence's frames in the protocol's units."""
    if protocol.acceleration is None:
        return {}
    parts = [mean.acceleration_mm_frame2 for mean in means]
    if protocol.acceleration.concatenated:
        parts = _run_together(sequences)
    scales = {
        "mm/frame²": [1.0 for _ in sequences],
        "mm/s²": [errors.fps**2 for errors in sequences],
        "m/s²": [errors.fps**2 / MM_PER_M for errors in sequences],
    }
    return {
        unit: [scale * part for scale, part in zip(scales[unit], parts, strict=True)]
        for unit in protocol.acceleration.units
    }


def _run_together(sequences: Sequence[SequenceErrors]) -> list[Float[np.ndarray, " frames"]]:
    """Acceleration error of all sequences as one film; a value belongs to its middle frame's sequence."""
    difference = np.concatenate([errors.difference_m for errors in sequences])
    known = mask_accelerations(np.concatenate([errors.joint_mask for errors in sequences]))
    error = np.full(len(difference), np.nan)
    if len(difference) > 2:
        error[1:-1] = average_by_frame(compute_acceleration_error(difference, np.zeros_like(difference)), known)
    return np.split(error, np.cumsum([len(errors) for errors in sequences])[:-1])


def _measure_thresholds(errors: SequenceErrors) -> tuple[Float[np.ndarray, " frames"], Float[np.ndarray, " frames"]]:
    """PCK and AUC of each frame, per cent."""
    names = get_joint_set(errors.protocol.get_joint_set(errors.dataset)).joint_names
    counted = errors.joint_mask & np.array([name not in _NOT_IN_PCK for name in names])
    pck, auc = (compute(errors.mpjpe_mm) for compute in (compute_pck, compute_auc))
    return 100.0 * average_by_frame(pck, counted), 100.0 * average_by_frame(auc, counted)


def _score(errors: SequenceErrors, means: _FrameMeans) -> SequenceScore:
    def average_known(values: Float[np.ndarray, " frames"]) -> float:
        return average(values, np.isfinite(values))

    return SequenceScore(
        name=errors.name,
        frames=len(errors),
        mpjpe_mm=average_known(means.mpjpe_mm),
        pa_mpjpe_mm=average_known(means.pa_mpjpe_mm),
        pve_mm=None if means.pve_mm is None else average_known(means.pve_mm),
        acceleration_mm_frame2=average_known(means.acceleration_mm_frame2),
    )


def _add_dropped(sequences: Sequence[SequenceErrors]) -> dict[str, int]:
    dropped = dict[str, int]()
    for errors in sequences:
        for reason, count in errors.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
    return dropped
