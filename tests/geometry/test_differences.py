import numpy as np
import pytest

from spsnet.geometry import compute_second_difference


def test_evenly_spaced_by_one() -> None:
    np.testing.assert_array_equal(compute_second_difference(np.arange(5.0)), np.tile([1.0, -2.0, 1.0], (3, 1)))


def test_exact_for_parabolas_at_any_times() -> None:
    time_s = np.array([0, 0.01, 0.2, 0.25, 3])
    weight = compute_second_difference(time_s)
    values = 7 - 3 * time_s + 2.5 * time_s**2
    found = sum(weight[:, k] * values[k : k + 3] for k in range(3))
    np.testing.assert_allclose(found, 5, rtol=1e-9)


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_too_few_samples_give_none(frames: int) -> None:
    assert compute_second_difference(np.arange(float(frames))).shape == (0, 3)


@pytest.mark.parametrize("time_s", [[0, 0.1, 0.1], [0, 0.2, 0.1], [0.1, 0.1]])
def test_times_that_do_not_rise_are_refused(time_s: list[float]) -> None:
    with pytest.raises(ValueError, match="time_s should rise from frame to frame"):
        compute_second_difference(np.array(time_s))
