import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spsnet.metrics import (
    average,
    compute_acceleration_error,
    compute_jitter,
    convert_to_mm_frame2,
    convert_to_mm_s2,
    mask_accelerations,
)


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


def test_units_by_hand() -> None:
    assert convert_to_mm_s2(1.0, fps=30.0) == 900
    assert convert_to_mm_s2(2.0, fps=50.0) == 5000
    assert convert_to_mm_frame2(1800.0, fps=30.0) == 2
    there_and_back = convert_to_mm_frame2(convert_to_mm_s2(np.arange(3.0), fps=25.0), fps=25.0)
    np.testing.assert_array_equal(there_and_back, [0, 1, 2])
    for fps in (0.0, -30.0, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"fps should be a positive number, got {fps}"):
            convert_to_mm_s2(1.0, fps=fps)
        with pytest.raises(ValueError, match=f"fps should be a positive number, got {fps}"):
            convert_to_mm_frame2(1.0, fps=fps)


@pytest.mark.parametrize("even", [True, False])
def test_parabolas_through_three_frames_agree(even: bool) -> None:
    """Twice the square's coefficient of the parabola that `polyfit` lays through each three places."""
    rng = np.random.default_rng(3)
    predicted, target = rng.normal(size=(2, 9, 2, 3))
    time_s = np.arange(9) / 25 if even else np.cumsum(rng.uniform(0.01, 0.1, 9))
    error = compute_acceleration_error(predicted, target, time_s=time_s)
    jitter = compute_jitter(predicted, time_s=time_s)
    for frame in range(7):
        times = time_s[frame : frame + 3] - time_s[frame + 1]
        for joint in range(2):
            of_both = [2 * np.polyfit(times, place[frame : frame + 3, joint], 2)[0] for place in (predicted, target)]
            assert error[frame, joint] == pytest.approx(1000 * np.linalg.norm(of_both[0] - of_both[1]))
            assert jitter[frame, joint] == pytest.approx(1000 * np.linalg.norm(of_both[0]))


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), timed=st.booleans())
def test_neither_axes_nor_the_direction_of_time_matter(seed: int, timed: bool) -> None:
    rng = np.random.default_rng(seed)
    predicted, target = rng.normal(size=(2, 8, 3, 3))
    time_s = np.cumsum(rng.uniform(0.01, 0.1, 8)) if timed else None
    turn = Rotation.random(rng=rng).as_matrix().T
    error = compute_acceleration_error(predicted, target, time_s=time_s)
    np.testing.assert_allclose(compute_acceleration_error(predicted @ turn, target @ turn, time_s=time_s), error)
    np.testing.assert_allclose(compute_acceleration_error(target, predicted, time_s=time_s), error)
    backwards = compute_acceleration_error(
        predicted[::-1], target[::-1], time_s=None if time_s is None else -time_s[::-1]
    )
    np.testing.assert_allclose(backwards[::-1], error)
    np.testing.assert_allclose(
        compute_acceleration_error(predicted, np.zeros_like(target), time_s=time_s),
        compute_jitter(predicted, time_s=time_s),
    )


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


def test_no_acceleration_runs_over_a_seam() -> None:
    """Sequences of three, one and four frames: middle frames 1, 5 and 6."""
    sequence = np.array([0, 0, 0, 1, 2, 2, 2, 2])
    counted = mask_accelerations(np.ones((8, 1), bool), sequence=sequence)
    np.testing.assert_array_equal(np.flatnonzero(counted) + 1, [1, 5, 6])
    place = np.random.default_rng(4).normal(size=(8, 1, 3))
    alone = [compute_jitter(place[sequence == number]) for number in range(3)]
    np.testing.assert_allclose(compute_jitter(place)[counted], np.concatenate(alone).ravel())
    gap = np.ones((8, 2), bool)
    gap[5, 0] = False
    np.testing.assert_array_equal(mask_accelerations(gap, sequence=sequence).sum(0), [1, 3])
    for frames in (0, 1, 2):
        mask = mask_accelerations(np.ones((frames, 5), bool), sequence=np.zeros(frames, int))
        assert mask.shape == (0, 5)


def test_times_that_stand_still_are_refused() -> None:
    with pytest.raises(ValueError, match="time_s should rise"):
        compute_jitter(np.zeros((3, 1, 3)), time_s=np.array([0, 0.1, 0.1]))
