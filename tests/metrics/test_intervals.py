import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap

from spsnet.metrics import average, average_by_sequence, estimate_by_joint, estimate_difference, estimate_mean


def count_all(values: np.ndarray) -> np.ndarray:
    return np.ones(values.shape, bool)


def test_an_interval_by_hand_and_none_of_a_single_sequence() -> None:
    values = np.array([[10.0] * 4, [20.0] * 4])
    estimate = estimate_mean(values, count_all(values))
    assert (estimate.value, estimate.low, estimate.high, estimate.margin) == (15, 10, 20, 5)
    alone = estimate_mean(np.array([10.0, 20, 10, 20]), np.ones(4, bool), sequence=np.zeros(4, int))
    assert (alone.value, alone.low, alone.high) == (15, 15, 15)


def test_frames_grouped_by_sequence_are_drawn_together() -> None:
    """Frames 0, 2 and 3 of one sequence and 1 of another: each draw has both, or one of them twice."""
    values, sequence = np.array([1.0, 9, 2, 3]), np.array([0, 1, 0, 0])
    estimate = estimate_mean(values, count_all(values), sequence=sequence)
    assert (estimate.value, estimate.low, estimate.high) == (3.75, 2, 9)


def test_the_interval_is_that_of_the_normal_distribution_over_many_windows() -> None:
    values = np.random.default_rng(0).normal(50, 10, size=(400, 1)) + np.zeros((400, 33))
    estimate = estimate_mean(values, count_all(values))
    assert estimate.margin == pytest.approx(1.96 * 10 / math.sqrt(400), rel=0.1)
    assert estimate == estimate_mean(values, count_all(values))


def test_the_interval_is_that_of_scipy() -> None:
    """Scipy draws pairs of a sequence's sum and number; the ends are random, by about 3 % of the interval.

    Long sequences are worse, so that a mean over sequences, each as heavy as the others, would lie elsewhere.
    """
    rng = np.random.default_rng(3)
    length = np.linspace(0.1, 2, 24)
    sequence = rng.choice(24, 3000, p=length / length.sum())
    values = (50 * length + rng.gamma(2, 10, size=24))[sequence, None] + rng.normal(0, 10, size=(3000, 14))
    mask = rng.random(values.shape) < 0.8
    estimate = estimate_mean(values, mask, sequence=sequence)
    sums = np.array([values[sequence == number][mask[sequence == number]].sum() for number in range(24)])
    counts = np.array([mask[sequence == number].sum() for number in range(24)])
    other = bootstrap(
        (sums, counts),
        lambda total, number, axis: total.sum(axis) / number.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=5000,
        confidence_level=0.95,
        method="percentile",
        rng=rng,
    ).confidence_interval
    width = other.high - other.low
    assert estimate.low == pytest.approx(other.low, abs=0.08 * width)
    assert estimate.high == pytest.approx(other.high, abs=0.08 * width)


def test_each_joint_has_the_interval_it_would_have_alone() -> None:
    by_hand = estimate_by_joint(np.array([[10.0, 1], [20, 1]]), np.ones((2, 2), bool))
    assert [(joint.value, joint.low, joint.high) for joint in by_hand] == [(15, 10, 20), (1, 1, 1)]
    rng = np.random.default_rng(4)
    values, mask, sequence = rng.normal(size=(60, 3)), rng.random((60, 3)) < 0.7, np.arange(60) // 10
    mask[:20, 1], mask[:, 2] = False, False
    first, second, nothing = estimate_by_joint(values, mask, sequence=sequence)
    assert first == estimate_mean(values[:, 0], mask[:, 0], sequence=sequence)
    assert second == estimate_mean(values[20:, 1], mask[20:, 1], sequence=sequence[20:] - 2)
    assert math.isnan(nothing.value)
    twice = estimate_by_joint(values.reshape(30, 2, 3), mask.reshape(30, 2, 3), sequence=sequence[::2])
    for got, expected in zip(twice[:2], (first, second), strict=True):
        np.testing.assert_allclose((got.value, got.low, got.high), (expected.value, expected.low, expected.high))
    with pytest.raises(ValueError, match="1 of 2 are not"):
        estimate_by_joint(np.array([[1.0, 1], [1, np.nan]]), np.ones((2, 2), bool))


def test_frames_of_one_sequence_do_not_make_a_mean_surer() -> None:
    """Were frames drawn one by one, ten times as many like ones would make the interval three times as narrow."""
    means = np.random.default_rng(1).normal(50, 10, size=60)
    few = estimate_mean(means, count_all(means), sequence=np.arange(60))
    many = np.repeat(means, 10)
    assert estimate_mean(many, count_all(many), sequence=np.repeat(np.arange(60), 10)).margin == pytest.approx(
        few.margin
    )
    assert estimate_mean(many, count_all(many)).margin < few.margin / 2.5


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), order=st.randoms(use_true_random=False))
def test_the_order_of_frames_does_not_matter(seed: int, order) -> None:
    rng = np.random.default_rng(seed)
    values, sequence, mask = rng.normal(size=(40, 3)), rng.integers(0, 5, 40), rng.random((40, 3)) < 0.7
    shuffled = np.array(order.sample(range(40), 40))
    before = estimate_mean(values, mask, sequence=sequence)
    after = estimate_mean(values[shuffled], mask[shuffled], sequence=sequence[shuffled])
    np.testing.assert_allclose(
        (after.value, after.low, after.high), (before.value, before.low, before.high), atol=1e-12
    )
    assert before.low <= before.value <= before.high


def test_what_is_not_valid_is_not_drawn() -> None:
    values = np.array([[10.0, np.nan], [20.0, 20.0], [np.nan, np.nan]])
    estimate = estimate_mean(values, np.isfinite(values))
    assert estimate.value == pytest.approx(50 / 3)
    assert (estimate.low, estimate.high) == (10, 20)
    nothing = estimate_mean(values, np.zeros(values.shape, bool))
    assert math.isnan(nothing.value)
    assert math.isnan(nothing.margin)
    with pytest.raises(ValueError, match="3 of 6 are not; leave them out"):
        estimate_mean(values, count_all(values))


def test_the_difference_of_independent_windows_is_less_sure_than_either() -> None:
    random = np.random.default_rng(1)
    first, second = random.normal(50, 10, size=(300, 1)), random.normal(42, 10, size=(200, 1))
    masks = count_all(first), count_all(second)
    difference = estimate_difference(first, masks[0], second, masks[1])
    assert difference.value == pytest.approx(first.mean() - second.mean())
    margins = estimate_mean(first, masks[0]).margin, estimate_mean(second, masks[1]).margin
    assert difference.margin == pytest.approx(math.hypot(*margins), rel=0.1)
    grouped = estimate_difference(
        first[:, 0], masks[0][:, 0], second[:, 0], masks[1][:, 0],
        sequence=np.arange(300), other_sequence=np.arange(200),
    )  # fmt: skip
    assert grouped == difference


def test_means_of_sequences_by_hand() -> None:
    values, sequence = np.array([[1.0, 3.0], [8.0, 8.0], [5.0, np.nan], [np.nan, np.nan]]), np.array([0, 2, 0, 3])
    np.testing.assert_array_equal(average_by_sequence(values, sequence, np.isfinite(values)), [3, np.nan, 8, np.nan])
    np.testing.assert_array_equal(average_by_sequence(np.array([1.0, 3, 8]), np.array([0, 0, 1])), [2, 8])
    assert average_by_sequence(np.zeros((0, 14)), np.zeros(0, int)).shape == (0,)


def test_sequences_as_long_have_the_mean_of_all_as_their_mean() -> None:
    values = np.random.default_rng(2).normal(size=(30, 14))
    by_sequence = average_by_sequence(values, np.arange(30) % 5)
    assert average(by_sequence) == pytest.approx(average(values))


def test_sequences_that_are_none_are_refused() -> None:
    values = np.zeros(3)
    for sequence in (np.array([0, -1, 1]), np.array([-2, -1, 0])):
        with pytest.raises(ValueError, match=f"sequences from 0, got {sequence.min()}"):
            average_by_sequence(values, sequence)
        with pytest.raises(ValueError, match=f"sequences from 0, got {sequence.min()}"):
            estimate_mean(values, count_all(values), sequence=sequence)
    with pytest.raises(ValueError, match="1 of 3 are not"):
        average_by_sequence(np.array([0, np.nan, 0]), np.zeros(3, int))
