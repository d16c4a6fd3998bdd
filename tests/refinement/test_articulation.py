from pathlib import Path

import numpy as np
import pytest

from reference.body_loops import SMPL_PARENTS, make_body_arrays, make_regressor
from spsnet.body import KeypointModel, build_body, compute_keypoints
from spsnet.body.landmarks import build_landmark_model
from spsnet.geometry import axis_angle_to_matrix
from spsnet.refinement.articulation import Articulation

STEP = 1e-6


def make_points(*, with_pose: bool = False) -> KeypointModel:
    arrays = make_body_arrays(0, with_pose=with_pose)
    arrays["regressor_blazepose33"] = make_regressor(1, 33)
    body = build_body(arrays, Path("random.npz"))
    return build_landmark_model(body, 0.02 * np.random.default_rng(2).normal(size=(33, 3)).astype(np.float32))


def draw_pose(seed: int, frames: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return axis_angle_to_matrix(rng.normal(size=(frames, 24, 3)) * 0.7), rng.normal(size=10)


@pytest.mark.parametrize("with_pose", [True, False])
def test_points_are_those_of_the_keypoint_model(with_pose: bool) -> None:
    points = make_points(with_pose=with_pose)
    rotations, shape = draw_pose(3)
    posed = Articulation(points, (0, 1)).pose(rotations, shape)
    expected = compute_keypoints(points, rotations, shape, np.zeros((3, 3)))
    np.testing.assert_allclose(posed.points_m, expected, atol=1e-10)
    np.testing.assert_allclose(posed.joints_m, expected[:, :24], atol=1e-10)


@pytest.mark.parametrize("joints", [tuple(range(24)), (18, 0, 4)])
def test_derivative_by_rotation_is_the_quotient_of_differences(joints: tuple[int, ...]) -> None:
    body = Articulation(make_points(), joints)
    rotations, shape = draw_pose(4)
    posed = body.pose(rotations, shape)
    derivative = body.differentiate_by_rotation(posed)
    assert derivative.shape == (3, 57, 3, 3 * len(joints))
    for variable in range(3 * len(joints)):
        omega = np.zeros((3, len(joints), 3))
        omega[:, variable // 3, variable % 3] = STEP
        there, back = (body.pose(body.turn(rotations, posed, sign * omega), shape).points_m for sign in (1, -1))
        np.testing.assert_allclose(derivative[..., variable], (there - back) / (2 * STEP), atol=1e-7)


def test_derivative_leaves_pose_correctives_out() -> None:
    """The derivative of the body with correctives is that of the points where the correctives have put them."""
    points = make_points(with_pose=True)
    body = Articulation(points, (0,))
    rotations, shape = draw_pose(5)
    posed = body.pose(rotations, shape)
    # The root's turn changes no corrective: there the derivative is exact.
    omega = np.full((3, 1, 3), STEP)
    there, back = (body.pose(body.turn(rotations, posed, sign * omega), shape).points_m for sign in (1, -1))
    expected = body.differentiate_by_rotation(posed).sum(-1)
    np.testing.assert_allclose(expected, (there - back) / (2 * STEP), atol=1e-7)


def test_a_turn_acts_after_the_joint_in_camera_axes() -> None:
    body = Articulation(make_points(), (2, 16))
    rotations, shape = draw_pose(8)
    posed = body.pose(rotations, shape)
    omega = np.random.default_rng(9).normal(size=(3, 2, 3))
    turned = body.pose(body.turn(rotations, posed, omega), shape)
    turn = axis_angle_to_matrix(omega)
    below_hip, below_shoulder = {2, 5, 8, 11}, {16, 18, 20, 22}
    for joint in range(24):
        expected = posed.global_rotations[:, joint]
        if joint in below_hip | below_shoulder:
            expected = turn[:, int(joint in below_shoulder)] @ expected
        np.testing.assert_allclose(turned.global_rotations[:, joint], expected, atol=1e-12)


def test_frames_are_the_parents() -> None:
    body = Articulation(make_points(), (7, 0))
    rotations, shape = draw_pose(10)
    posed = body.pose(rotations, shape)
    frames = body.get_parent_frames(posed)
    np.testing.assert_array_equal(frames[:, 0], posed.global_rotations[:, SMPL_PARENTS[7]])
    np.testing.assert_array_equal(frames[:, 1], np.broadcast_to(np.eye(3), (3, 3, 3)))
