"""Errors reduced to the numbers of a table, with how sure they are."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from spsnet.datasets.motion_clips import FPS
from spsnet.evaluation.errors import Errors, ShapeErrors
from spsnet.metrics import average, mask_accelerations

_DRAWS = 2000
_TAILS = (2.5, 97.5)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean over frames, and where it lies in 95 of 100 draws of as many windows from these."""

    value: float
    low: float
    high: float

    @property
    def margin(self) -> float:
        """Half the interval."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, kw_only=True)
class ShapeScores:
    """Means over windows; errors of lengths without their sign."""

    error: float
    """Mean squared error of β."""
    stature_mm: float
    chest_girth_mm: float
    waist_girth_mm: float
    hip_girth_mm: float

    @property
    def girth_mm(self) -> float:
        """Mean of the three girths."""
        return (self.chest_girth_mm + self.waist_girth_mm + self.hip_girth_mm) / 3


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Means over the frames that count."""

    frames: int
    mpjpe_mm: float
    pa_mpjpe_mm: Estimate
    acceleration_mm_frame2: float
    pve_mm: float | None
    shape: ShapeScores | None

    @property
    def acceleration_mm_s2(self) -> float:
        """The same by real time."""
        return self.acceleration_mm_frame2 * FPS**2


def reduce_errors(errors: Errors, scored_mask: Bool[np.ndarray, "windows time"]) -> Scores:
    """Mean over frames that count; of accelerations over three such in a row, of shapes over windows with any."""
    inner = mask_accelerations(scored_mask[..., None])[..., 0]
    return Scores(
        frames=int(scored_mask.sum()),
        mpjpe_mm=average(errors.mpjpe_mm, scored_mask),
        pa_mpjpe_mm=estimate_mean(errors.pa_mpjpe_mm, scored_mask),
        acceleration_mm_frame2=average(errors.acceleration_mm_frame2, inner),
        pve_mm=None if errors.pve_mm is None else average(errors.pve_mm, scored_mask),
        shape=None if errors.shape is None else reduce_shapes(errors.shape, scored_mask),
    )


def reduce_shapes(errors: ShapeErrors, scored_mask: Bool[np.ndarray, "windows time"]) -> ShapeScores:
    """Mean over windows in which any frame counts."""
    counts = np.asarray(scored_mask.any(1))
    return ShapeScores(
        error=average(errors.shape, counts),
        stature_mm=average(errors.stature_mm, counts),
        chest_girth_mm=average(errors.chest_girth_mm, counts),
        waist_girth_mm=average(errors.waist_girth_mm, counts),
        hip_girth_mm=average(errors.hip_girth_mm, counts),
    )


def estimate_mean(values: Float[np.ndarray, "windows time"], valid_mask: Bool[np.ndarray, "windows time"]) -> Estimate:
    """Mean over valid frames; its interval by drawing windows with replacement, since frames of one are alike.

    Convention:
        Two windows of means 10 and 20: 15, from 10 to 20. One window tells no interval: low and high are the value.
    """
    return _make_estimate(average(values, valid_mask), _draw_means(values, valid_mask, seed=0))


def estimate_difference(
    values: Float[np.ndarray, "windows time"],
    valid_mask: Bool[np.ndarray, "windows time"],
    other_values: Float[np.ndarray, "others other_time"],
    other_mask: Bool[np.ndarray, "others other_time"],
) -> Estimate:
    """Mean less the mean over other windows, both drawn anew."""
    drawn = _draw_means(values, valid_mask, seed=0) - _draw_means(other_values, other_mask, seed=1)
    return _make_estimate(average(values, valid_mask) - average(other_values, other_mask), drawn)


def _draw_means(
    values: Float[np.ndarray, "windows time"], valid_mask: Bool[np.ndarray, "windows time"], *, seed: int
) -> Float[np.ndarray, " draws"]:
    sums, counts = np.where(valid_mask, values, 0).sum(1), valid_mask.sum(1)
    sums, counts = sums[counts > 0], counts[counts > 0]
    windows = len(sums)
    if not windows:
        return np.full(_DRAWS, np.nan)
    drawn = np.random.default_rng(seed).multinomial(windows, np.full(windows, 1 / windows), size=_DRAWS)
    return np.asarray((drawn @ sums) / (drawn @ counts))


def _make_estimate(value: float, drawn: Float[np.ndarray, " draws"]) -> Estimate:
    low, high = np.percentile(drawn, _TAILS)
    return Estimate(value=value, low=float(low), high=float(high))
