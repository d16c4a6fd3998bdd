from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from reference.made_animations import FPS, make_animation, make_motion
from spsnet.body import compute_vertices, load_body
from spsnet.export.animation import (
    FROM_CAMERA,
    Scene,
    animate,
    choose_influences,
    compute_normals,
    find_presence,
    resample,
)
from spsnet.geometry import axis_angle_to_matrix


def test_a_body_that_stands_in_the_camera_s_axes_stands_with_y_up() -> None:
    """Half a turn about x makes the body, y up, stand in axes whose y points down; it faces the camera."""
    pose = np.zeros((1, 72))
    pose[0, 0] = np.pi
    place = np.array([[1.0, 2.0, 5.0]])
    animation = make_animation(frames=1, pose_rad=pose, translation_m=place, joints_m=None, joint_set=None)
    rest = animation.rest_joints_m
    np.testing.assert_allclose(animation.rotations[0, 0], np.eye(3), atol=1e-12)
    np.testing.assert_allclose(animation.root_m[0], FROM_CAMERA @ (rest[0] + place[0]))
    np.testing.assert_allclose(animation.compute_joints()[0] - animation.root_m[0], rest - rest[0], atol=1e-6)
    head, pelvis = animation.compute_joints()[0, [15, 0]]
    assert head[1] > pelvis[1] + 0.4
    assert pelvis[2] == pytest.approx(-5, abs=1e-3)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_joints_and_surface_are_the_run_s_turned(seed: int) -> None:
    motion = make_motion(frames=2, seed=seed)
    animation = animate(motion, load_body(), name="a", color_rgb=(0.0, 0.0, 0.0))
    assert motion.joints_m is not None
    assert motion.translation_m is not None
    np.testing.assert_allclose(animation.compute_joints(), motion.joints_m @ FROM_CAMERA, atol=1e-6)
    rotations = axis_angle_to_matrix(motion.pose_rad.reshape(-1, 24, 3))
    vertices = compute_vertices(load_body(), rotations, motion.shape[0], motion.translation_m)
    np.testing.assert_allclose(animation.compute_vertices(), vertices @ FROM_CAMERA, atol=1e-6)


def test_quaternions_turn_as_the_matrices_and_never_jump() -> None:
    angles = np.zeros((40, 72))
    angles[:, 3] = np.linspace(0, 4 * np.pi, 40)
    animation = make_animation(frames=40, pose_rad=angles, joints_m=None, joint_set=None)
    quaternions = animation.quaternions
    turned = Rotation.from_quat(quaternions.reshape(-1, 4)).as_matrix().reshape(40, 24, 3, 3)
    np.testing.assert_allclose(turned, animation.rotations, atol=1e-9)
    assert np.all(np.sum(quaternions[1:] * quaternions[:-1], axis=-1) > 0.9)


def test_times_are_the_frames_own_else_the_rate_s() -> None:
    own = np.array([0.0, 0.1, 0.15, 1.0])
    assert make_animation(time_s=own).time_s.tolist() == own.tolist()
    assert make_animation(time_s=None, first=50).time_s[0] == 2.0
    assert make_animation(time_s=own, fps=None).fps == 3.0
    with pytest.raises(ValueError, match="should have a time_s or an fps"):
        make_animation(time_s=None, fps=None)
    with pytest.raises(ValueError, match="should have a translation_m"):
        make_animation(translation_m=None)


def test_what_is_no_motion_is_refused() -> None:
    animation = make_animation()
    for times in (np.zeros(4), np.array([0, 1, 2, np.nan])):
        with pytest.raises(ValueError, match="time_s of person_001 should be finite and rise"):
            replace(animation, time_s=times)
    with pytest.raises(ValueError, match=r"Scene\.people should hold somebody"):
        Scene(people=())


def test_an_even_motion_is_resampled_to_itself() -> None:
    animation = make_animation(frames=5)
    even = resample(animation)
    assert even.frame_index.tolist() == animation.frame_index.tolist()
    for field in ("time_s", "rotations", "translation_m"):
        np.testing.assert_allclose(getattr(even, field), getattr(animation, field), atol=1e-9)
    one = make_animation(frames=1)
    np.testing.assert_allclose(resample(one).rotations, one.rotations, atol=1e-12)


def test_uneven_times_are_met_by_arc_and_line() -> None:
    """Keys at 0, 0.1 and 0.4 s at 10 a second: at 0.2 s a third of the way is done."""
    animation = make_animation(frames=3, time_s=np.array([0, 0.1, 0.4]), fps=10.0)
    even = resample(animation)
    np.testing.assert_allclose(even.time_s, [0, 0.1, 0.2, 0.3, 0.4])
    step = animation.translation_m[2] - animation.translation_m[1]
    np.testing.assert_allclose(even.translation_m[2], animation.translation_m[1] + step / 3)
    for joint in (0, 7):
        arc = Slerp([0.1, 0.4], Rotation.from_matrix(animation.rotations[1:, joint]))
        np.testing.assert_allclose(even.rotations[2, joint], arc(0.2).as_matrix(), atol=1e-9)
    np.testing.assert_allclose(even.rotations[4], animation.rotations[2], atol=1e-9)


def test_people_come_and_go() -> None:
    """There from 2 to 4 s and from 9 to 9.9 s, at 10 a second, with a gap of half a second that does not count."""
    times = np.concatenate([np.arange(20, 31), np.arange(36, 41), np.arange(90, 100)]) / 10
    changes = find_presence(make_animation(frames=len(times), time_s=times, fps=10.0))
    assert [there for _, there in changes] == [False, True, False, True, False]
    np.testing.assert_allclose([at for at, _ in changes], [0, 2, 4.1, 9, 10])
    at_once = find_presence(make_animation(frames=2, time_s=np.array([0, 0.04])))
    np.testing.assert_allclose(at_once, [(0, True), (0.08, False)])
    assert 1 / FPS == 0.04


def test_the_strongest_joints_move_a_vertex() -> None:
    weights = np.zeros((3, 24))
    weights[0, [3, 5, 7, 9, 11]] = 0.1, 0.4, 0.2, 0.1, 0.2
    weights[1, 23] = 1
    weights[2, [20, 21]] = 0.25, 0.75
    joints, kept = choose_influences(weights)
    assert joints.tolist() == [[5, 7, 11, 3], [23, 0, 0, 0], [21, 20, 0, 0]]
    np.testing.assert_allclose(kept, [[4 / 9, 2 / 9, 2 / 9, 1 / 9], [1, 0, 0, 0], [0.75, 0.25, 0, 0]], rtol=1e-6)


def test_the_open_body_loses_no_weight() -> None:
    weights = load_body().skinning_weights
    joints, kept = choose_influences(weights)
    np.testing.assert_allclose(kept, np.take_along_axis(weights, joints.astype(int), axis=1) * (kept > 0), atol=1e-6)


def test_normals_point_outside_and_are_of_unit_length() -> None:
    corner = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5]])
    normals = compute_normals(corner, np.array([[0, 1, 2]]))
    np.testing.assert_allclose(normals, [[0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 1, 0]])
    body = load_body()
    whole = compute_normals(body.template_m, body.faces)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, rtol=1e-6)
    moved = body.template_m + 1e-3 * whole
    assert np.ptp(moved[:, 1]) > np.ptp(body.template_m[:, 1])


def test_colours_as_light() -> None:
    """sRGB 0.5 is 0.214 of the light of 1."""
    np.testing.assert_allclose(make_animation().color_linear, [0, 0.2140, 1], atol=1e-4)
