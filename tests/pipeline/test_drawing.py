"""Which way is down, guessed from how people stand."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from spsnet.pipeline.drawing import estimate_level, measure_extent
from spsnet.records import BodyParameters, PersonMotion


def make_person(up: Float[np.ndarray, "time 3"]) -> PersonMotion:
    """A person whose neck is above the ankles in the direction `up`."""
    frames = len(up)
    joints = np.zeros((frames, 41, 3))
    joints[:, 12] = 1.3 * up
    return PersonMotion(
        track_id=1,
        frame_index=np.arange(frames),
        time_s=np.arange(frames) / 30,
        box_xys_px=np.ones((frames, 3)),
        confidence=np.ones(frames),
        filled_mask=np.zeros(frames, bool),
        body=BodyParameters(pose_rad=np.zeros((frames, 72)), shape=np.zeros(10), translation_m=np.zeros((frames, 3))),
        crop_camera=np.ones((frames, 3)),
        focal_px=1000.0,
        joints_m=joints,
        joints_px=np.zeros((frames, 41, 2)),
        joint_names=tuple(str(i) for i in range(41)),
        keypoints_px=np.zeros((frames, 33, 3)),
    )


def test_a_camera_that_looks_down_is_levelled() -> None:
    looking_down = Rotation.from_euler("x", 25, degrees=True).as_matrix()
    up = np.tile(looking_down @ [0, -1, 0], (10, 1)) + np.random.default_rng(0).normal(0, 0.05, (10, 3))
    level = estimate_level([make_person(up)])
    np.testing.assert_allclose(level, looking_down.T, atol=0.05)


def test_people_who_do_not_agree_level_nothing() -> None:
    up = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(estimate_level([make_person(up)]), np.eye(3))


def test_nobody_levels_nothing() -> None:
    np.testing.assert_array_equal(estimate_level([]), np.eye(3))


def test_extent_holds_everybody_but_a_far_stray() -> None:
    up = np.tile([0.0, -1, 0], (50, 1))
    walker = make_person(up)
    walker = replace(
        walker,
        joints_m=walker.joints_m + np.linspace(0, 4, 50)[:, None, None] * np.array([1, 0, 0]) + np.array([0, 0, 10]),
    )
    stray = make_person(up[:5])
    stray = replace(stray, joints_m=stray.joints_m + np.array([0, 0, 70]))
    extent = measure_extent([walker, stray], np.eye(3))
    np.testing.assert_allclose(extent, [[-0.2, -1.5, 9.8], [4.2, 0.2, 10.2]])


def test_extent_of_nobody_is_none() -> None:
    assert measure_extent([], np.eye(3)) is None
