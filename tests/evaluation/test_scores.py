import math

import numpy as np
import pytest

from spsnet.evaluation.errors import Errors, ShapeErrors
from spsnet.evaluation.scores import estimate_difference, estimate_mean, reduce_errors

ALL = np.ones((2, 4), bool)


def make_errors(mpjpe_mm: np.ndarray) -> Errors:
    windows = len(mpjpe_mm)
    lengths = np.arange(1.0, windows + 1)
    return Errors(
        mpjpe_mm=mpjpe_mm,
        pa_mpjpe_mm=mpjpe_mm / 2,
        acceleration_mm_frame2=np.arange(4.0).reshape(2, 2),
        pve_mm=mpjpe_mm * 2,
        shape=ShapeErrors(
            shape=lengths,
            stature_mm=10 * lengths,
            chest_girth_mm=lengths,
            waist_girth_mm=2 * lengths,
            hip_girth_mm=6 * lengths,
        ),
    )


def test_means_by_hand() -> None:
    scores = reduce_errors(make_errors(np.array([[10.0] * 4, [30.0] * 4])), ALL)
    assert (scores.frames, scores.mpjpe_mm, scores.pve_mm, scores.pa_mpjpe_mm.value) == (8, 20, 40, 10)
    assert scores.acceleration_mm_frame2 == 1.5
    assert scores.acceleration_mm_s2 == 1.5 * 900
    assert scores.shape is not None
    assert (scores.shape.error, scores.shape.stature_mm) == (1.5, 15)
    assert scores.shape.girth_mm == pytest.approx(1.5 * 3)


def test_frames_windows_and_accelerations_that_do_not_count() -> None:
    mask = np.array([[True, True, True, False], [False] * 4])
    scores = reduce_errors(make_errors(np.array([[10.0, 10, 10, 999], [999.0] * 4])), mask)
    assert (scores.frames, scores.mpjpe_mm) == (3, 10)
    assert scores.acceleration_mm_frame2 == 0
    assert scores.shape is not None
    assert scores.shape.error == 1
    nothing = reduce_errors(make_errors(np.zeros((2, 4))), ~ALL)
    assert nothing.frames == 0
    assert math.isnan(nothing.mpjpe_mm)
    assert math.isnan(nothing.pa_mpjpe_mm.margin)


def test_an_interval_by_hand_and_none_of_a_single_window() -> None:
    estimate = estimate_mean(np.array([[10.0] * 4, [20.0] * 4]), ALL)
    assert (estimate.value, estimate.low, estimate.high, estimate.margin) == (15, 10, 20, 5)
    alone = estimate_mean(np.array([[10.0, 20, 10, 20]]), ALL[:1])
    assert (alone.low, alone.high) == (15, 15)


def test_the_interval_is_that_of_the_normal_distribution_over_many_windows() -> None:
    values = np.random.default_rng(0).normal(50, 10, size=(400, 1)) + np.zeros((400, 33))
    estimate = estimate_mean(values, np.ones(values.shape, bool))
    assert estimate.margin == pytest.approx(1.96 * 10 / math.sqrt(400), rel=0.1)
    assert estimate == estimate_mean(values, np.ones(values.shape, bool))


def test_the_difference_of_independent_windows_is_less_sure_than_either() -> None:
    random = np.random.default_rng(1)
    first, second = random.normal(50, 10, size=(300, 1)), random.normal(42, 10, size=(200, 1))
    masks = np.ones(first.shape, bool), np.ones(second.shape, bool)
    difference = estimate_difference(first, masks[0], second, masks[1])
    assert difference.value == pytest.approx(first.mean() - second.mean())
    margins = estimate_mean(first, masks[0]).margin, estimate_mean(second, masks[1]).margin
    assert difference.margin == pytest.approx(math.hypot(*margins), rel=0.1)
