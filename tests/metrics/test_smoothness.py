import numpy as np
import pytest

from spsnet.metrics import average, compute_acceleration_error, compute_jitter, mask_accelerations


def make_fall(time_s: np.ndarray) -> np.ndarray:
    """One joint with an acceleration of 9.81 m/s² down."""
    return np.stack([2 * time_s, -4.905 * time_s**2, np.ones_like(time_s)], axis=1)[:, None]


def test_jitter_by_hand() -> None:
    place = np.zeros((4, 1, 3))
    place[2, 0, 0] = 0.001
    np.testing.assert_allclose(compute_jitter(place)[:, 0], [1, 2])


@pytest.mark.parametrize(
    "time_s", [np.arange(6) / 30, np.array([0, 0.03, 0.1, 0.11, 0.5, 0.52])], ids=["even", "uneven"]
)
def test_with_times_it_is_millimetres_per_second_squared(time_s: np.ndarray) -> None:
    np.testing.assert_allclose(compute_jitter(make_fall(time_s), time_s=time_s), 9810, rtol=1e-9)
    still = np.ones((6, 1, 3))
    np.testing.assert_allclose(compute_acceleration_error(make_fall(time_s), still, time_s=time_s), 9810, rtol=1e-9)


def test_one_mm_per_frame_squared_is_900_mm_per_second_squared_at_30_fps() -> None:
    rng = np.random.default_rng(0)
    predicted, target = rng.normal(size=(2, 20, 14, 3))
    by_frame = compute_acceleration_error(predicted, target)
    by_second = compute_acceleration_error(predicted, target, time_s=np.arange(20) / 30)
    np.testing.assert_allclose(by_second, 900 * by_frame, rtol=1e-9)


def test_steady_motion_and_place_do_not_count() -> None:
    rng = np.random.default_rng(1)
    target = rng.normal(size=(9, 5, 3))
    drift = np.arange(9)[:, None, None] * rng.normal(size=(1, 5, 3)) + rng.normal(size=3)
    np.testing.assert_allclose(compute_acceleration_error(target + drift, target), 0, atol=1e-9)
    np.testing.assert_allclose(compute_jitter(target + drift), compute_jitter(target), atol=1e-9)


def test_several_motions_at_once() -> None:
    rng = np.random.default_rng(2)
    predicted, target = rng.normal(size=(2, 3, 7, 4, 3))
    together = compute_acceleration_error(predicted, target)
    assert together.shape == (3, 5, 4)
    np.testing.assert_allclose(together[1], compute_acceleration_error(predicted[1], target[1]))


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_too_few_frames_have_no_acceleration(frames: int) -> None:
    place = np.zeros((frames, 5, 3))
    for time_s in (None, np.arange(frames) / 30):
        assert compute_jitter(place, time_s=time_s).shape == (0, 5)
        assert compute_acceleration_error(place, place, time_s=time_s).shape == (0, 5)
    assert mask_accelerations(np.ones((frames, 5), bool)).shape == (0, 5)


def test_counts_only_where_three_frames_are_valid() -> None:
    valid = np.ones((8, 2), bool)
    valid[3, 0] = False
    valid[[0, 7], 1] = False
    counted = mask_accelerations(valid)
    # Middle frames 1 to 6; a missing frame 3 takes away those centred on 2, 3 and 4.
    np.testing.assert_array_equal(counted[:, 0], [True, False, False, False, True, True])
    np.testing.assert_array_equal(counted[:, 1], [False, True, True, True, True, False])
    place = np.zeros((8, 2, 3))
    place[~valid] = np.nan
    assert average(compute_jitter(place), counted) == 0


def test_times_that_stand_still_are_refused() -> None:
    with pytest.raises(ValueError, match="time_s should rise"):
        compute_jitter(np.zeros((3, 1, 3)), time_s=np.array([0, 0.1, 0.1]))
