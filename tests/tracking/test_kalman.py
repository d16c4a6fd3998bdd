from math import log, sqrt

import numpy as np
import pytest

from reference.tracking_loops import MatrixFilter
from spsnet.tracking.kalman import (
    BoxFilterConfig,
    boxes_to_values,
    correct_states,
    predict_states,
    start_states,
    values_to_boxes,
)

CONFIG = BoxFilterConfig()
BOX = np.array([[10.0, 20.0, 30.0, 80.0]])


def test_values_by_hand():
    np.testing.assert_allclose(boxes_to_values(np.array([[0.0, 0, 10, 20]])), [[5, 10, log(200), log(0.5)]])


def test_values_and_boxes_are_inverse():
    rng = np.random.default_rng(0)
    corner = rng.uniform(-100, 500, (50, 2))
    boxes = np.hstack([corner, corner + rng.uniform(1, 300, (50, 2))])
    np.testing.assert_allclose(values_to_boxes(boxes_to_values(boxes)), boxes)


def test_agrees_with_textbook_matrices():
    rng = np.random.default_rng(1)
    corner = rng.uniform(0, 500, (6, 2))
    boxes = np.hstack([corner, corner + rng.uniform(20, 300, (6, 2))])
    states = start_states(boxes, CONFIG)
    slow = [MatrixFilter(box, CONFIG) for box in boxes]
    for _ in range(8):
        step_s = float(rng.uniform(0.01, 0.3))
        boxes = boxes + rng.normal(0, 3, boxes.shape)
        states = correct_states(predict_states(states, step_s, CONFIG), boxes, CONFIG)
        for one, box in zip(slow, boxes, strict=True):
            one.predict(step_s)
            one.correct(box)
    value, velocity, variance, covariance, velocity_variance = states.numbers.swapaxes(0, 1)
    np.testing.assert_allclose(value, [one.x[:4] for one in slow])
    np.testing.assert_allclose(velocity, [one.x[4:] for one in slow])
    np.testing.assert_allclose(variance, [one.P.diagonal()[:4] for one in slow])
    np.testing.assert_allclose(covariance, [np.diag(one.P[:4, 4:]) for one in slow], atol=1e-12)
    np.testing.assert_allclose(velocity_variance, [one.P.diagonal()[4:] for one in slow], atol=1e-12)


def test_two_short_steps_are_one_long_step():
    states = start_states(BOX, CONFIG)
    states.numbers[:, 1] = [[30.0, -5.0, 0.0, 0.0]]  # moves, keeps its size
    twice = predict_states(predict_states(states, 0.1, CONFIG), 0.25, CONFIG)
    once = predict_states(states, 0.35, CONFIG)
    np.testing.assert_allclose(twice.numbers, once.numbers)


def test_no_time_changes_nothing():
    states = start_states(BOX, CONFIG)
    np.testing.assert_array_equal(predict_states(states, 0.0, CONFIG).numbers, states.numbers)


def test_first_correction_by_hand():
    # Both the start and the detection have variance r², so the gain is a half.
    moved = correct_states(start_states(BOX, CONFIG), BOX + np.array([[4.0, 0, 4, 0]]), CONFIG)
    assert moved.numbers[0, 0, 0] == pytest.approx(22.0)
    assert moved.numbers[0, 2, 0] == pytest.approx((0.08 * sqrt(20 * 60)) ** 2 / 2)


def test_learns_a_steady_walk():
    states = start_states(BOX, CONFIG)
    for i in range(1, 31):
        states = correct_states(predict_states(states, 0.1, CONFIG), BOX + i * np.array([[5.0, 1, 5, 1]]), CONFIG)
    np.testing.assert_allclose(states.numbers[0, 1, :2], [50.0, 10.0], rtol=0.02)
    np.testing.assert_allclose(
        predict_states(states, 0.1, CONFIG).to_boxes(), BOX + 31 * np.array([[5.0, 1, 5, 1]]), atol=0.5
    )


def test_no_tracks():
    nobody = start_states(np.zeros((0, 4)), CONFIG)
    assert len(predict_states(nobody, 0.1, CONFIG)) == 0
    assert nobody.to_boxes().shape == (0, 4)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"drift_std": (0.0, 0.0, 0.0, -1.0)}, "drift_std should be four numbers, none negative"),
        ({"measurement_std": (0.0, 1.0, 1.0, 1.0)}, "measurement_std should be positive"),
    ],
)
def test_wrong_noise_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        BoxFilterConfig(**wrong)
