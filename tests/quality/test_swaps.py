"""Shares and jumps by hand."""

import numpy as np
import pytest

from spsnet.quality.exchanges import compute_exchange_share, measure_jumps
from spsnet.quality.sides import compute_swap_share

SIDES = np.array([[[-1.0, 0.0], [1.0, 0.0]]])


def test_share_of_sides() -> None:
    assert compute_swap_share(SIDES, SIDES[:, ::-1], 0.1).tolist() == [1.0]
    assert compute_swap_share(SIDES, SIDES, 0.1).tolist() == [-1.0]
    halfway = SIDES * 0.5  # d = 0.5, d' = 1.5, s = 1 (of the nearer pair): held at -1
    assert compute_swap_share(SIDES, halfway, 0.1).tolist() == [-1.0]
    up = SIDES + np.array([0.0, 3.0])  # the same way off either way, but for the slant
    assert compute_swap_share(SIDES, up, 0.1)[0] == pytest.approx((3 - np.hypot(2, 3)) / 2)


def test_sides_that_lie_together_tell_nothing() -> None:
    assert compute_swap_share(SIDES, SIDES[:, ::-1], 2.1).tolist() == [-1.0]


def test_a_jump_is_what_lies_beyond_the_course() -> None:
    places = np.stack([10.0 * np.arange(12), np.zeros(12)], 1)
    places[6:, 0] += 50
    jumps = measure_jumps(places, np.full(12, 100.0))
    np.testing.assert_allclose(jumps, 0.5 * (np.arange(11) == 5))
    np.testing.assert_allclose(measure_jumps(places[:2], np.full(2, 100.0)), [0.1])  # one step: no course yet


def test_a_jump_is_measured_in_the_smaller_box() -> None:
    places = np.zeros((8, 2))
    places[4:, 1] = 30.0
    sides = np.where(np.arange(8) < 4, 100.0, 60.0)
    assert measure_jumps(places, sides)[3] == pytest.approx(0.5)


def test_share_of_two_people() -> None:
    still = np.tile(np.array([[0.0, 0.0], [100.0, 0.0]]), (3, 1, 1))
    exchanged = still.copy()
    exchanged[2] = still[2, ::-1]
    sides = np.full((3, 2), 100.0)
    assert compute_exchange_share(still, sides, 0.3).tolist() == [-1.0, -1.0]
    assert compute_exchange_share(exchanged, sides, 0.3).tolist() == [-1.0, 1.0]
    assert compute_exchange_share(exchanged, sides, 1.1).tolist() == [-1.0, -1.0]
