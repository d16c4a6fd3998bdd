"""The only reductions of metrics: plain means over what is valid."""

import numpy as np
from jaxtyping import Bool, Float, Int


def average(values: Float[np.ndarray, "*any"], valid_mask: Bool[np.ndarray, "*any"] | None = None) -> float:
    """Mean over all valid elements, each counted once; NaN where there is none.

    Convention:
        (1, 3, 5) with mask (True, True, False) gives 2. Frames with more valid joints weigh more.

    Raises:
        ValueError: If a valid element is not finite, saying how many.
    """
    counted = values if valid_mask is None else values[valid_mask]
    _require_finite(counted)
    return float(counted.mean()) if counted.size else float("nan")


def average_by_joint(
    values: Float[np.ndarray, "*batch joints"], valid_mask: Bool[np.ndarray, "*batch joints"] | None = None
) -> Float[np.ndarray, " joints"]:
    """Mean of each joint over all frames it is valid in; NaN where there is none.

    Raises:
        ValueError: If a valid element is not finite, saying how many.
    """
    return _average(values, valid_mask, axis=tuple(range(values.ndim - 1)))


def average_by_frame(
    values: Float[np.ndarray, "*batch joints"], valid_mask: Bool[np.ndarray, "*batch joints"] | None = None
) -> Float[np.ndarray, "*batch"]:
    """Mean of each frame over its valid joints; NaN where there is none.

    Raises:
        ValueError: If a valid element is not finite, saying how many.
    """
    return _average(values, valid_mask, axis=-1)


def average_by_sequence(
    values: Float[np.ndarray, "frames *any"],
    sequence: Int[np.ndarray, " frames"],
    valid_mask: Bool[np.ndarray, "frames *any"] | None = None,
) -> Float[np.ndarray, " sequences"]:
    """Mean of each sequence over all its valid elements; NaN where there is none.

    Convention:
        Frames of 1, 3 and 8 mm, the first two of sequence 0 and the third of sequence 1, give (2, 8). The mean of these
        (5) is not the mean over frames (4): protocols differ, most mean over frames.

    Args:
        values: Of the frames of all sequences, one after the other or mixed.
        sequence: Number of each frame's sequence, from 0.
        valid_mask: What counts; all where None.

    Raises:
        ValueError: If a valid element is not finite, or a sequence's number is negative.
    """
    mask = np.ones(values.shape, bool) if valid_mask is None else valid_mask
    _require_finite(values[mask])
    sums, counts = sum_by_sequence(values, mask, sequence)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def sum_by_sequence(
    values: Float[np.ndarray, "frames *any"],
    valid_mask: Bool[np.ndarray, "frames *any"],
    sequence: Int[np.ndarray, " frames"],
) -> tuple[Float[np.ndarray, " sequences"], Int[np.ndarray, " sequences"]]:
    """Sum and number of each sequence's valid elements.

    Raises:
        ValueError: If a sequence's number is negative.
    """
    if np.any(sequence < 0):
        raise ValueError(f"sequence should number sequences from 0, got {sequence.min()}")
    rest = tuple(range(1, values.ndim))
    sums, counts = np.where(valid_mask, values, 0.0).sum(rest), valid_mask.sum(rest)
    return np.bincount(sequence, sums).astype(np.float64), np.bincount(sequence, counts).astype(np.int64)


def _average(values: np.ndarray, valid_mask: np.ndarray | None, axis: int | tuple[int, ...]) -> np.ndarray:
    mask = np.ones(values.shape, bool) if valid_mask is None else valid_mask
    _require_finite(values[mask])
    count = mask.sum(axis)
    return np.where(count > 0, np.where(mask, values, 0.0).sum(axis) / np.maximum(count, 1), np.nan)


def _require_finite(counted: np.ndarray) -> None:
    bad = int(np.count_nonzero(~np.isfinite(counted)))
    if bad:
        raise ValueError(f"valid values should be finite, {bad} of {counted.size} are not; leave them out of the mask")
