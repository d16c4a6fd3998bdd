import math

import numpy as np
import pytest

from spsnet.evaluation.errors import Errors, ShapeErrors
from spsnet.evaluation.scores import reduce_errors

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
