from dataclasses import replace

import numpy as np
import pytest

from reference.made_motions import make_truth
from spsnet.evaluation.measured_motion import MotionArrays
from spsnet.skeletons import get_joint_set

JOINTS = np.random.default_rng(0).normal(size=(4, 14, 3))


def test_the_root_between_the_hips() -> None:
    motion = MotionArrays(joints_m=JOINTS.astype(np.float32), joint_set="lsp14")
    np.testing.assert_allclose(motion.compute_root("hips"), (JOINTS[:, 2] + JOINTS[:, 3]) / 2, atol=1e-6)
    assert motion.compute_root("hips").dtype == np.float64
    body = np.random.default_rng(1).normal(size=(4, 24, 3))
    root = MotionArrays(joints_m=body, joint_set="smpl24").compute_root("hips")
    np.testing.assert_allclose(root, (body[:, 1] + body[:, 2]) / 2)


def test_the_pelvis_is_the_sets_own_or_given() -> None:
    pelvis = np.ones((4, 3), np.float32)
    motion = MotionArrays(joints_m=JOINTS, joint_set="lsp14")
    np.testing.assert_array_equal(replace(motion, pelvis_m=pelvis).compute_root("pelvis"), pelvis)
    own = np.random.default_rng(1).normal(size=(4, 17, 3))
    root = MotionArrays(joints_m=own, joint_set="mpi_inf_3dhp17").compute_root("pelvis")
    np.testing.assert_array_equal(root, own[:, 14])
    with pytest.raises(ValueError, match=r"the root is the pelvis, which lsp14 lacks; give MotionArrays\.pelvis_m"):
        motion.compute_root("pelvis")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"joint_set": "smpl24"}, r"joints_m should have shape \(4, 24, 3\), got \(4, 14, 3\)"),
        ({"translation_m": np.zeros((4, 3))}, "vertices_m and .*translation_m should be given together"),
    ],
)
def test_arrays_of_other_frames_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MotionArrays(**{"joints_m": JOINTS, "joint_set": "lsp14"} | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fps": 0.0}, "fps should be positive"),
        ({"frame_index": np.array([0, 1, 1, 2, 3])}, "frame_index should rise"),
        ({"keypoint_set": None}, "should be given together"),
        ({"keypoint_set": "coco17"}, r"keypoints_px should have shape \(5, 17, 3\)"),
    ],
)
def test_labels_that_do_not_belong_together_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_truth(5, **changes)


def test_labels_on_every_fifth_frame_of_a_film() -> None:
    assert make_truth(4, frame_index=np.array([0, 5, 10, 25])).frame_step == 5
    assert make_truth(1).frame_step == 1
    assert len(make_truth(4)) == 4


def test_limbs_are_found_in_any_set_that_has_them() -> None:
    openpose = get_joint_set("openpose18")
    seen = np.zeros((2, 18, 3))
    seen[:, openpose.index("openpose_right_ankle"), 2] = 0.7
    confidence = make_truth(2, keypoints_px=seen, keypoint_set="openpose18").get_limb_confidence()
    assert confidence is not None
    np.testing.assert_array_equal(confidence, [[0.7] + [0] * 11] * 2)
    assert make_truth(2, keypoints_px=None, keypoint_set=None).get_limb_confidence() is None
