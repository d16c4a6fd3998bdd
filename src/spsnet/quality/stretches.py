"""Stretches of time: where something goes on."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float


class Stretch(NamedTuple):
    """Frames from `start` to before `stop`."""

    start: int
    stop: int


def measure_period(time_s: Float[np.ndarray, " time"]) -> float:
    """Median seconds from frame to frame; a thirtieth where there is one frame."""
    return float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1 / 30


def find_stretches(
    mask: Bool[np.ndarray, " time"], time_s: Float[np.ndarray, " time"], *, shortest_s: float = 0.0
) -> list[Stretch]:
    """Runs of True that last at least `shortest_s`; a run of one frame lasts as long as a frame does.

    Convention:
        (F, T, T, F, T) at 10 frames a second with 0.2 s: [(1, 3)].
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    period = measure_period(time_s)
    return [
        Stretch(int(start), int(stop))
        for start, stop in edges.reshape(-1, 2)
        if time_s[stop - 1] - time_s[start] + period >= shortest_s - 1e-6
    ]


def compute_running_median(
    values: Float[np.ndarray, " time"], time_s: Float[np.ndarray, " time"], width_s: float
) -> Float[np.ndarray, " time"]:
    """Median of the values about each frame, mirrored at the ends; NaN is left out, and stays where all is NaN.

    Convention:
        (1, 9, 1, 1) at 10 frames a second, 0.3 s: (9, 1, 1, 1). A step stays where it is.
    """
    half = min(round(width_s / measure_period(time_s)) // 2, len(values) - 1)
    if half < 1:
        return values
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, half, mode="reflect"), 2 * half + 1)
    known = np.isfinite(windows)
    ordered = np.sort(np.where(known, windows, np.inf), axis=1)
    count = known.sum(1)
    rows = np.arange(len(values))
    low, high = ordered[rows, np.maximum(count - 1, 0) // 2], ordered[rows, np.minimum(count // 2, 2 * half)]
    return np.where(count > 0, (low + high) / 2, np.nan)
