import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from interchange.made_results import make_motion
from spsnet.interchange.gaps import fill_gaps


def test_a_motion_without_holes_stays_as_it_is() -> None:
    for motion in (make_motion(), make_motion(frame_index=np.array([7, 8, 9])), make_motion(frames=1)):
        assert fill_gaps(motion) is motion


def test_frames_between_lie_on_the_shortest_arc_and_the_straight_line() -> None:
    motion = make_motion(frame_index=np.array([3, 4, 8]), joints_m=np.zeros((3, 24, 3)), joint_set="smpl24")
    filled = fill_gaps(motion)
    assert filled.frame_index.tolist() == [3, 4, 5, 6, 7, 8]
    for field in ("pose_rad", "shape", "translation_m", "box_xys_px"):
        np.testing.assert_array_equal(getattr(filled, field)[[0, 1, 5]], getattr(motion, field), err_msg=field)
        assert getattr(filled, field).dtype == np.float32
    assert (filled.joints_m, filled.joint_set, filled.vertices_m) == (None, None, None)
    assert motion.translation_m is not None
    assert filled.translation_m is not None
    np.testing.assert_allclose(filled.translation_m[3], motion.translation_m[1:].mean(0), rtol=1e-6)
    for joint in range(24):
        ends = Rotation.from_rotvec(motion.pose_rad[1:, 3 * joint : 3 * joint + 3])
        expected = Slerp([4, 8], ends)(5).as_matrix()
        got = Rotation.from_rotvec(filled.pose_rad[2, 3 * joint : 3 * joint + 3]).as_matrix()
        np.testing.assert_allclose(got, expected, atol=1e-6)


def test_what_is_not_known_stays_so() -> None:
    filled = fill_gaps(make_motion(frame_index=np.array([0, 1, 3]), translation_m=None, box_xys_px=None))
    assert len(filled) == 4
    assert (filled.translation_m, filled.box_xys_px) == (None, None)
    assert filled.focal_px == pytest.approx(1280)
