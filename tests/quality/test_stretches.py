import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spsnet.quality.stretches import Stretch, compute_running_median, find_stretches, measure_period

TIMES = np.arange(5) / 10


def test_stretches_by_hand() -> None:
    mask = np.array([False, True, True, False, True])
    assert find_stretches(mask, TIMES, shortest_s=0.2) == [Stretch(1, 3)]
    assert find_stretches(mask, TIMES) == [Stretch(1, 3), Stretch(4, 5)]
    assert find_stretches(mask[:0], TIMES[:0]) == []


def test_stretches_last_by_their_own_times() -> None:
    times = np.array([0.0, 0.1, 0.2, 0.3, 2.0, 2.1])
    mask = np.array([False, False, False, True, True, False])
    assert find_stretches(mask, times, shortest_s=1.5) == [Stretch(3, 5)]


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_stretches_hold_what_is_true(values: list[bool]) -> None:
    mask, held = np.array(values), np.zeros(len(values), bool)
    for start, stop in find_stretches(mask, np.arange(len(mask)) / 30):
        held[start:stop] = True
    assert (held == mask).all()


def test_running_median_by_hand() -> None:
    values = np.array([1.0, 9.0, 1.0, 1.0, 5.0])
    np.testing.assert_array_equal(compute_running_median(values, TIMES, 0.3), [9, 1, 1, 1, 1])
    step = np.array([0.0, 0, 0, 7, 7])
    np.testing.assert_array_equal(compute_running_median(step, TIMES, 0.3), step)
    np.testing.assert_array_equal(compute_running_median(values, TIMES, 0.1), values)


def test_running_median_leaves_out_what_is_not_known() -> None:
    values = np.array([np.nan, np.nan, np.nan, 4.0, 6.0])
    np.testing.assert_array_equal(compute_running_median(values, TIMES, 0.2), [np.nan, np.nan, 4, 5, 4])


@given(st.lists(st.floats(-10, 10) | st.just(np.nan), min_size=12, max_size=30))
def test_running_median_is_numpys(values: list[float]) -> None:
    known, times = np.array(values), np.arange(len(values)) / 10
    found = compute_running_median(known, times, 0.5)
    for i in range(2, len(known) - 2):
        near = known[i - 2 : i + 3]
        wanted = np.median(near[np.isfinite(near)]) if np.isfinite(near).any() else np.nan
        np.testing.assert_allclose(found[i], wanted)


def test_period() -> None:
    assert measure_period(np.array([0.0, 0.1, 0.2, 0.9])) == pytest.approx(0.1)
    assert measure_period(np.array([3.0])) == pytest.approx(1 / 30)
