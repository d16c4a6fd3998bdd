import math

import numpy as np
import pytest

from evaluation.knowing import JOINTS, turn_elbow
from reference.made_windows import make_windows
from spsnet.body import compute_vertices, load_body
from spsnet.evaluation.answers import Answer, place_joints
from spsnet.evaluation.conditions import Bodies, make_condition
from spsnet.evaluation.errors import measure_errors, measure_shapes
from spsnet.geometry import axis_angle_to_matrix

BODY = load_body()
WINDOWS = make_windows(2, 6)
CONDITION = make_condition("clean", WINDOWS)
TRUTH = CONDITION.truth


def say(rotations: np.ndarray, shape: np.ndarray | None = None) -> Answer:
    bodies = Bodies(rotations=rotations, shape=TRUTH.shape if shape is None else shape)
    return Answer(joints_m=place_joints(JOINTS, bodies), bodies=bodies)


def test_the_truth_is_right_wherever_it_stands() -> None:
    moved = Answer(joints_m=say(TRUTH.rotations).joints_m + np.array([0.3, 0, 2]), bodies=TRUTH)
    for errors in measure_errors(CONDITION, [say(TRUTH.rotations), moved], BODY):
        assert errors.pve_mm is not None
        assert errors.shape is not None
        for values in (errors.mpjpe_mm, errors.pa_mpjpe_mm, errors.acceleration_mm_frame2, errors.shape.stature_mm):
            assert np.abs(values).max() < 1e-6
        assert errors.mpjpe_mm.shape == errors.pve_mm.shape == (2, 6)
        assert errors.acceleration_mm_frame2.shape == (2, 4)
    assert measure_errors(CONDITION, [], BODY) == []


def test_a_turned_person_is_wrong_before_alignment_only() -> None:
    turned = TRUTH.rotations.copy()
    turned[:, :, 0] = axis_angle_to_matrix(np.array([0.0, 1.0, 0.0])) @ turned[:, :, 0]
    (errors,) = measure_errors(CONDITION, [say(turned)], BODY)
    assert errors.pa_mpjpe_mm.max() < 1e-3
    assert errors.mpjpe_mm.min() > 100


def test_a_wrong_elbow_moves_the_wrist_and_the_forearms_surface() -> None:
    (errors,) = measure_errors(CONDITION, [say(turn_elbow(TRUTH.rotations, 0.3))], BODY)
    assert errors.mpjpe_mm.mean() == pytest.approx(2 * 250 * math.sin(0.15) / 14, rel=0.2)  # a forearm of 25 cm
    still = np.zeros((1, 3), np.float32)
    hips = [place_joints(JOINTS, bodies)[1, 4, [2, 3]].mean(0) for bodies in (TRUTH, TRUTH)]
    surfaces = [
        compute_vertices(BODY, rotations[1, 4:5], TRUTH.shape[1], still)[0]
        for rotations in (turn_elbow(TRUTH.rotations, 0.3).astype(np.float32), TRUTH.rotations)
    ]
    expected = 1000 * np.linalg.norm((surfaces[0] - hips[0]) - (surfaces[1] - hips[1]), axis=-1).mean()
    assert errors.pve_mm is not None
    assert errors.pve_mm[1, 4] == pytest.approx(expected, abs=0.01)


def test_joints_alone_have_no_surface_and_no_shape() -> None:
    joints = say(TRUTH.rotations).joints_m.copy()
    joints[:, :, 13, 0] += 0.140
    alone, whole = measure_errors(CONDITION, [Answer(joints_m=joints, bodies=None), say(TRUTH.rotations)], BODY)
    assert alone.mpjpe_mm == pytest.approx(np.full((2, 6), 10))
    assert alone.pve_mm is None
    assert alone.shape is None
    assert whole.pve_mm is not None


def test_acceleration_by_hand() -> None:
    joints = say(TRUTH.rotations).joints_m.copy()
    joints[:, :, 0, 2] += 0.001 * np.arange(6) ** 2  # a second difference of 2 mm
    (errors,) = measure_errors(CONDITION, [Answer(joints_m=joints, bodies=None)], BODY)
    assert errors.acceleration_mm_frame2 == pytest.approx(np.full((2, 4), 2 / 14))


def test_the_tape_measure_of_a_taller_guess() -> None:
    taller = np.zeros((1, 10))
    taller[0, 0] = 2
    errors = measure_shapes(taller, np.zeros((1, 10)), BODY)
    assert errors.shape == pytest.approx([4 / 10])
    assert errors.stature_mm == pytest.approx([206], abs=1)
    assert errors.chest_girth_mm == pytest.approx([109], abs=1)
    assert errors.hip_girth_mm == pytest.approx(measure_shapes(0 * taller, taller, BODY).hip_girth_mm)
