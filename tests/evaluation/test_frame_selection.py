from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.made_motions import make_truth
from spsnet.evaluation.frame_selection import select_frames
from spsnet.evaluation.measured_motion import LabelledMotion
from spsnet.evaluation.protocols import HUMAN36M, MPI_INF_3DHP, get_protocol
from spsnet.records import UserError


def select(protocol: str, truth: LabelledMotion) -> tuple[list[int], dict[str, int]]:
    selection = select_frames(get_protocol(protocol), truth)
    assert int(selection.mask.sum()) + sum(selection.dropped.values()) == len(truth)
    return np.flatnonzero(selection.mask).tolist(), dict(selection.dropped)


def invalidate(frames: int, *lost: int) -> np.ndarray:
    mask = np.ones(frames, bool)
    mask[list(lost)] = False
    return mask


def see(frames: int, *, confidence: float, limbs: int) -> np.ndarray:
    keypoints = np.zeros((frames, 14, 3))
    keypoints[:, :limbs, 2] = confidence
    keypoints[:, 12:, 2] = 1.0  # neck and head do not count
    return keypoints


def test_spsnet_and_spin_want_label_and_camera_valid() -> None:
    truth = make_truth(6, valid_mask=invalidate(6, 0, 1), camera_valid_mask=invalidate(6, 1, 5))
    truth = replace(truth, motion=replace(truth.motion, pelvis_m=np.zeros((6, 3))))
    for name in ("spsnet", "spin"):
        assert select(name, truth) == ([2, 3, 4], {"annotation not valid": 2, "camera not valid": 1})
    assert select("spsnet", replace(truth, camera_valid_mask=None))[0] == [2, 3, 4, 5]


def test_wham_drops_the_ends_and_counts_lost_cameras() -> None:
    truth = make_truth(6, valid_mask=invalidate(6, 2))
    assert select("wham", truth) == ([1, 2, 3, 4], {"first or last frame": 2})
    elsewhere = make_truth(6, dataset="amass", joint_set="smpl24", valid_mask=invalidate(6, 0))
    assert select("wham", elsewhere) == ([2, 3, 4], {"annotation not valid": 1, "first or last frame": 2})
    assert select("wham", make_truth(1)) == ([], {"first or last frame": 1})


@pytest.mark.parametrize(("confidence", "limbs", "kept"), [(0.31, 7, True), (0.31, 6, False), (0.3, 12, False)])
def test_vibe_wants_more_than_six_limb_joints_seen(confidence: float, limbs: int, kept: bool) -> None:
    truth = make_truth(16, keypoints_px=see(16, confidence=confidence, limbs=limbs))
    assert select("vibe", truth) == (
        (list(range(16)), {}) if kept else ([], {"no more than 6 of 12 limb joints seen": 16})
    )


def test_vibes_clips_bridge_hidden_frames_and_lose_their_tails() -> None:
    keypoints = see(40, confidence=0.9, limbs=12)
    keypoints[5:8] = 0
    kept, dropped = select("vibe", make_truth(40, keypoints_px=keypoints, valid_mask=np.zeros(40, bool)))
    assert kept == [*range(5), *range(8, 35)]  # 37 are seen, two clips hold 32
    assert dropped == {"no more than 6 of 12 limb joints seen": 3, "tail that fills no clip of 16": 5}


def test_vibes_clips_on_3dhp_begin_anew_after_a_hole() -> None:
    keypoints = np.full((40, 14, 3), 10.0)
    keypoints[5, 0, 0] = 100  # the picture is 100 px wide
    keypoints[39, 3, 1] = -0.1
    kept, dropped = select("vibe", make_truth(40, dataset=MPI_INF_3DHP, keypoints_px=keypoints))
    assert kept == list(range(6, 38))
    assert dropped == {"a joint outside the picture": 2, "tail that fills no clip of 16": 6}
    jumping = make_truth(20, dataset=MPI_INF_3DHP, keypoints_px=keypoints[6:26], frame_index=np.r_[:10, 20:30])
    assert select("vibe", jumping) == ([], {"tail that fills no clip of 16": 20})


def test_spin_on_3dhp_wants_all_joints_inside() -> None:
    keypoints = np.full((3, 17, 3), 10.0)
    keypoints[1, 16, 1] = 50
    keypoints[2, 0, 0] = np.nan
    truth = make_truth(
        3, dataset=MPI_INF_3DHP, joint_set="mpi_inf_3dhp17", keypoints_px=keypoints, keypoint_set="mpi_inf_3dhp17"
    )
    assert select("spin", truth) == ([0], {"a joint outside the picture": 2})


def test_frames_without_root_or_joints_do_not_count() -> None:
    truth = make_truth(4)
    joints = truth.motion.joints_m.copy()
    joints[0, 2] = np.nan  # a hip
    joints[1, 0] = np.nan  # an ankle
    truth = replace(truth, motion=replace(truth.motion, joints_m=joints))
    assert select("spsnet", truth) == ([1, 2, 3], {"root or all other joints not labelled": 1})


def test_what_a_rule_needs_is_asked_for() -> None:
    with pytest.raises(UserError, match=r"3dpw film_0: protocol 'vibe' drops frames by the 2D confidence of 12 limb"):
        select_frames(get_protocol("vibe"), make_truth(keypoints_px=None, keypoint_set=None))
    with pytest.raises(UserError, match="protocol 'vibe' drops frames with joints outside the picture"):
        select_frames(get_protocol("vibe"), make_truth(dataset=MPI_INF_3DHP, image_size_px=None))
    assert select("vibe", make_truth(32, dataset=HUMAN36M, keypoints_px=None, keypoint_set=None))[1] == {}


@given(st.lists(st.booleans(), max_size=70))
def test_clips_hold_the_most_frames_that_they_can(seen: list[bool]) -> None:
    keypoints = see(len(seen), confidence=0.9, limbs=12) * np.array(seen, float)[:, None, None]
    truth = make_truth(len(seen), keypoints_px=keypoints)
    kept, _ = select("vibe", truth)
    assert kept == np.flatnonzero(seen).tolist()[: sum(seen) // 16 * 16]
