import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import percentileofscore

from spsnet.metrics import AUC_THRESHOLDS_MM, PCK_THRESHOLD_MM, average, compute_auc, compute_pck


def test_pck_by_hand_and_strictly_nearer() -> None:
    error = np.array([[0.0, 149.9], [150.0, 300.0]])
    np.testing.assert_array_equal(compute_pck(error), [[1, 1], [0, 0]])
    np.testing.assert_array_equal(compute_pck(error, threshold_mm=150.1), [[1, 1], [1, 0]])
    assert PCK_THRESHOLD_MM == 150


def test_auc_by_hand() -> None:
    """12 mm are nearer than 15, 20, …, 150: 28 of 31."""
    np.testing.assert_array_equal(compute_auc(np.array([[12.0, 0, 150, 149.9]])), [[28 / 31, 30 / 31, 0, 1 / 31]])
    np.testing.assert_array_equal(compute_auc(np.array([[0.0, 3]]), thresholds_mm=(1.0, 2.0, 3.0, 4.0)), [[1, 0.25]])
    assert AUC_THRESHOLDS_MM[:3] + AUC_THRESHOLDS_MM[-1:] == (0, 5, 10, 150)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), on_the_grid=st.booleans(), threshold=st.floats(1, 300))
def test_scipys_percentiles_agree(seed: int, on_the_grid: bool, threshold: float) -> None:
    """The share of errors that are strictly less; errors that lie on thresholds are where programs differ."""
    error = np.random.default_rng(seed).gamma(2, 40, size=(6, 14))
    if on_the_grid:
        error = 5 * np.round(error / 5)
        threshold = 5 * np.ceil(threshold / 5)
    expected = percentileofscore(error.ravel(), threshold, kind="strict") / 100
    assert average(compute_pck(error, threshold_mm=float(threshold))) == pytest.approx(expected)
    curve = percentileofscore(error.ravel(), AUC_THRESHOLDS_MM, kind="strict") / 100
    assert average(compute_auc(error)) == pytest.approx(curve.mean())


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    grid=st.lists(st.floats(0.5, 400), min_size=1, max_size=8, unique=True).map(sorted),
    scale=st.sampled_from([0.5, 2.0, 4.0]),
)
def test_auc_is_the_mean_of_pcks_whatever_the_unit(seed: int, grid: list[float], scale: float) -> None:
    error = np.random.default_rng(seed).gamma(2, 40, size=(3, 5))
    shares = [compute_pck(error, threshold_mm=threshold) for threshold in grid]
    area = compute_auc(error, thresholds_mm=tuple(grid))
    np.testing.assert_allclose(area, np.mean(shares, axis=0))
    assert all((left <= right).all() for left, right in pairwise(shares))
    scaled = tuple(scale * threshold for threshold in grid)
    np.testing.assert_array_equal(compute_auc(scale * error, thresholds_mm=scaled), area)


def test_what_is_not_known_stays_unknown() -> None:
    error = np.array([[np.nan, 10.0], [np.inf, 200.0]])
    np.testing.assert_array_equal(compute_pck(error), [[np.nan, 1], [0, 0]])
    np.testing.assert_array_equal(compute_auc(error), [[np.nan, 28 / 31], [0, 0]])
    for measure in (compute_pck, compute_auc):
        assert measure(np.zeros((0, 14))).shape == (0, 14)


@pytest.mark.parametrize("threshold", [0.0, -1.0, np.nan, np.inf])
def test_a_threshold_that_is_none_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match=f"threshold_mm should be a positive number, got {threshold}"):
        compute_pck(np.zeros((1, 1)), threshold_mm=threshold)


@pytest.mark.parametrize(
    "grid", [(), (-5.0, 0.0), (0.0, 5.0, 5.0), (10.0, 5.0), (0.0, np.inf), (np.nan,), (0.0, np.nan)]
)
def test_a_grid_that_does_not_rise_is_refused(grid: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(f"numbers that rise from 0 or above, got {grid}")):
        compute_auc(np.zeros((1, 1)), thresholds_mm=grid)
