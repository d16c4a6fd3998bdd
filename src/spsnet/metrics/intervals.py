"""How sure a mean is: bootstrap over sequences, since frames of one are alike."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.metrics.reduction import average, sum_by_sequence

_DRAWS = 2000
_TAILS = (2.5, 97.5)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean, and where it lies in 95 of 100 draws of as many sequences from these."""

    value: float
    low: float
    high: float

    @property
    def margin(self) -> float:
        """Half the interval."""
        return (self.high - self.low) / 2


def estimate_mean(
    values: Float[np.ndarray, "frames *any"],
    valid_mask: Bool[np.ndarray, "frames *any"],
    *,
    sequence: Int[np.ndarray, " frames"] | None = None,
) -> Estimate:
    r"""Mean over valid elements, and its interval by drawing whole sequences with replacement.

        m_b = Σ_s n_bs S_s / Σ_s n_bs N_s,   n_b ~ multinomial;   S_s, N_s: sum and number of sequence s

    Convention:
        Two sequences of means 10 and 20, as long: 15, from 10 to 20. One sequence tells no interval: low and high are
        the value. The same numbers give the same interval.

    Args:
        values: Of each frame, joints too if they are to weigh alike.
        valid_mask: What counts. A sequence of which nothing counts is not drawn.
        sequence: Number of each frame's sequence, from 0. None: each row of `values` is a sequence (a window).

    Raises:
        ValueError: If a valid element is not finite, or a sequence's number is negative.

    Source:
        Efron and Tibshirani, "An introduction to the bootstrap", 1993, percentile intervals; sequences as clusters.
    """
    return _make_estimate(average(values, valid_mask), _draw_means(values, valid_mask, sequence, seed=0))


def estimate_by_joint(
    values: Float[np.ndarray, "frames *any joints"],
    valid_mask: Bool[np.ndarray, "frames *any joints"],
    *,
    sequence: Int[np.ndarray, " frames"] | None = None,
) -> list[Estimate]:
    """`estimate_mean` of each joint by itself.

    Convention:
        Two sequences of one frame, joints of (10, 1) and (20, 1): 15 from 10 to 20, and 1 from 1 to 1. Each interval
        holds for its joint alone: of 20 joints, one is expected to lie outside.

    Raises:
        ValueError: As `estimate_mean`.
    """
    of_joints, masks = (np.ascontiguousarray(np.moveaxis(part, -1, 0)) for part in (values, valid_mask))
    return [estimate_mean(*parts, sequence=sequence) for parts in zip(of_joints, masks, strict=True)]


def estimate_difference(
    values: Float[np.ndarray, "frames *any"],
    valid_mask: Bool[np.ndarray, "frames *any"],
    other_values: Float[np.ndarray, "others *other"],
    other_mask: Bool[np.ndarray, "others *other"],
    *,
    sequence: Int[np.ndarray, " frames"] | None = None,
    other_sequence: Int[np.ndarray, " others"] | None = None,
) -> Estimate:
    """Mean less the mean over other sequences, both drawn anew.

    Where both saw the same frames, `estimate_mean` of the differences is surer.

    Raises:
        ValueError: As `estimate_mean`.
    """
    drawn = _draw_means(values, valid_mask, sequence, seed=0)
    other_drawn = _draw_means(other_values, other_mask, other_sequence, seed=1)
    return _make_estimate(average(values, valid_mask) - average(other_values, other_mask), drawn - other_drawn)


def _draw_means(
    values: Float[np.ndarray, "frames *any"],
    valid_mask: Bool[np.ndarray, "frames *any"],
    sequence: Int[np.ndarray, " frames"] | None,
    *,
    seed: int,
) -> Float[np.ndarray, " draws"]:
    sums, counts = sum_by_sequence(values, valid_mask, np.arange(len(values)) if sequence is None else sequence)
    sums, counts = sums[counts > 0], counts[counts > 0]
    if not len(sums):
        return np.full(_DRAWS, np.nan)
    drawn = _draw_sequences(len(sums), seed)
    return np.asarray((drawn @ sums) / (drawn @ counts))


@lru_cache(maxsize=2)
def _draw_sequences(sequences: int, seed: int) -> Int[np.ndarray, "draws sequences"]:
    """How often each sequence is drawn, each time; the same for every metric and joint of a data set."""
    drawn = np.random.default_rng(seed).multinomial(sequences, np.full(sequences, 1 / sequences), size=_DRAWS)
    return drawn.astype(np.int32)


def _make_estimate(value: float, drawn: Float[np.ndarray, " draws"]) -> Estimate:
    low, high = np.percentile(drawn, _TAILS)
    return Estimate(value=value, low=float(low), high=float(high))
