from dataclasses import replace

import numpy as np
import pytest

from quality.made_people import UP, make_person
from spsnet.quality import faults
from spsnet.quality.measures import LIMBS, WHOLE, measure_person
from spsnet.quality.thresholds import Thresholds
from spsnet.records import BodyParameters

GOOD = make_person(1)
MEASURED = measure_person(GOOD, up=UP)


def test_a_good_person() -> None:
    assert MEASURED.off_percent.max() < 5  # the landmarks stand a little off the joints, by themselves
    assert np.abs(MEASURED.bone_percent).max() < 25
    assert MEASURED.bone_change_percent < 1e-6
    assert (MEASURED.confidence == 0.8).all()
    assert MEASURED.landmark_confidence == pytest.approx(0.9)
    assert set(MEASURED.shake_m_s2) == {*LIMBS, WHOLE}


def test_distance_is_in_per_cent_of_the_box() -> None:
    keypoints = GOOD.keypoints_px.copy()
    exact = replace(GOOD, joints_px=GOOD.joints_px.copy())
    names = ("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist")
    names += ("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle")
    for name, landmark in zip(names, (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28), strict=True):
        keypoints[:, landmark, :2] = exact.joints_px[:, 24 + list(GOOD.joint_names[24:]).index(name)]
    keypoints[..., 0] += 20
    boxes = GOOD.box_xys_px.copy()
    boxes[:, 2] = 400
    measured = measure_person(replace(exact, keypoints_px=keypoints, box_xys_px=boxes), up=UP)
    assert measured.off_percent == pytest.approx(5.0)
    assert measured.bone_percent == pytest.approx(0.0, abs=1e-9)


def test_filled_frames_count_for_nothing() -> None:
    filled = np.arange(90) < 30
    measured = measure_person(replace(GOOD, filled_mask=filled), up=UP)
    for values in (measured.confidence, measured.landmark_confidence, measured.off_percent, measured.bone_percent):
        assert (np.isnan(values) == filled).all()


def test_shaking_is_of_the_limb_and_by_the_clock() -> None:
    shaken = measure_person(faults.shake_limb(GOOD, "left arm", 0, 90, 0.01), up=UP)
    for limb in LIMBS:
        more = np.median(shaken.shake_m_s2[limb]) - np.median(MEASURED.shake_m_s2[limb])
        # Third differences of white noise, two axes across the arm: 0.01 sqrt(20) sqrt(2) 30² / 2 = 28 m/s², about;
        # the elbow shakes half as much as the wrist.
        assert (10 < more < 35) if limb == "left arm" else more == 0
    slow = replace(faults.shake_limb(GOOD, "left arm", 0, 90, 0.01), time_s=2 * GOOD.time_s)
    half = measure_person(slow, up=UP, thresholds=Thresholds(shake_s=0.8))
    assert half.shake_m_s2["left arm"] == pytest.approx(shaken.shake_m_s2["left arm"] / 4, rel=1e-6)


def test_a_swing_is_jitter_and_hardly_shaking() -> None:
    time_s = GOOD.time_s
    joints = np.zeros((90, 41, 3))
    joints[:, [18, 20], 0] = 0.2 * np.sin(4 * np.pi * time_s)[:, None]  # twice a second: up to 0.2 (4 pi)² = 32 m/s²
    measured = measure_person(replace(GOOD, joints_m=joints), up=UP)
    assert measured.jitter_m_s2.max() == pytest.approx(2 / 24 * 31.6, rel=0.05)
    assert measured.shake_m_s2["left arm"].max() < 0.21 * 32
    assert measured.shake_m_s2["right arm"].max() == 0


def test_a_bone_that_changes_is_seen() -> None:
    joints = GOOD.joints_m.copy()
    joints[45:, 20] = joints[45:, 18] + 1.2 * (joints[45:, 20] - joints[45:, 18])  # a longer left forearm
    assert measure_person(replace(GOOD, joints_m=joints), up=UP).bone_change_percent > 5


def test_standing_feet_do_not_slide_and_pushed_ones_do() -> None:
    row = np.zeros(90, int)
    body = BodyParameters(
        pose_rad=GOOD.body.pose_rad[row], shape=GOOD.body.shape, translation_m=GOOD.body.translation_m[row]
    )
    still = replace(GOOD, body=body, joints_m=GOOD.joints_m[row], joints_px=GOOD.joints_px[row])
    assert np.nanmax(measure_person(still, up=UP).skate_mm_s) < 1e-9
    assert np.nanmean(measure_person(faults.slide(still, 0.5), up=UP).skate_mm_s) == pytest.approx(500, rel=1e-6)
    assert np.isnan(measure_person(faults.slide(still, 5.0), up=UP).skate_mm_s).all()  # that is running


def test_results_of_others_have_less_to_measure() -> None:
    bare = replace(
        GOOD,
        keypoints_px=np.zeros((90, 0, 3)),
        joints_m=GOOD.joints_m[:, :24],
        joints_px=GOOD.joints_px[:, :24],
        joint_names=GOOD.joint_names[:24],
    )
    measured = measure_person(bare, up=UP)
    assert np.isnan(measured.off_percent).all()
    assert np.isnan(measured.landmark_confidence).all()
    np.testing.assert_array_equal(measured.jitter_m_s2, MEASURED.jitter_m_s2)
    with pytest.raises(ValueError, match="the first 24 joints should be SMPL's"):
        measure_person(replace(bare, joint_names=GOOD.joint_names[1:25]), up=UP)
