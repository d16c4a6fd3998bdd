"""Every fault that is planted into a good result is found: the right person, the right time; the good one is quiet."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from quality.made_people import FACTS, FPS, UP, make_person, take_first_frame
from spsnet.quality import faults
from spsnet.quality.findings import Finding
from spsnet.quality.report import make_report
from spsnet.records import PersonMotion


def judge(*people: PersonMotion) -> Sequence[Finding]:
    return make_report(people, FACTS, up=UP).findings


def get_only(findings: Sequence[Finding], kind: str) -> Finding:
    (found,) = [finding for finding in findings if finding.kind == kind]
    return found


GOOD, OTHER = make_person(1), make_person(2, x_m=0.6)
FAR = make_person(2, frames=120, fps=60.0)


def test_good_people_raise_nothing() -> None:
    assert judge(GOOD, OTHER) == ()
    assert judge(FAR) == ()  # twice as many frames a second
    assert judge(make_person(3, frames=40, fps=12.0)) == ()


@pytest.mark.parametrize("plant", [faults.swap_sides, faults.swap_landmark_sides])
def test_swapped_sides(plant) -> None:
    finding = get_only(judge(GOOD, plant(OTHER, 30, 45)), "sides")
    assert finding.person_ids == (2,)
    (when,) = finding.stretches
    assert when.start_s == pytest.approx(30 / FPS, abs=1.01 / FPS)
    assert when.stop_s == pytest.approx(45 / FPS, abs=1.01 / FPS)
    assert "left and right of arms, legs, trunk" in finding.what
    assert finding.what.endswith(": from 1.0 to 1.5 s.")


def test_sides_that_never_change_back() -> None:
    (when,) = get_only(judge(faults.swap_sides(GOOD, 60, 90)), "sides").stretches
    assert when.frames == (60, 60)


def test_legs_alone_and_a_flicker() -> None:
    swapped = faults.swap_sides(GOOD, 30, 45)
    legs = replace(GOOD, keypoints_px=np.where(np.arange(33)[:, None] >= 25, swapped.keypoints_px, GOOD.keypoints_px))
    finding = get_only(judge(legs), "sides")
    assert "left and right of legs exchanged between body and landmarks" in finding.what
    assert judge(faults.swap_landmark_sides(GOOD, 30, 32)) == ()  # two frames: the network bridges them


@pytest.mark.parametrize("other", [faults.move_aside(GOOD, 0.6), make_person(7, x_m=0.0)])
def test_a_track_that_changes_person(other: PersonMotion) -> None:
    finding = get_only(judge(faults.continue_with(GOOD, other, 50), OTHER), "jump")
    assert finding.person_ids == (1,)
    assert [when.frames for when in finding.stretches] == [(50, 50)]
    assert "at 1.7 s" in finding.what


def test_a_track_that_changes_person_behind_a_gap() -> None:
    changed = faults.continue_with(GOOD, faults.move_aside(GOOD, 0.6), 50)
    filled = np.zeros(90, bool)
    filled[47:50] = True
    finding = get_only(judge(replace(changed, filled_mask=filled)), "jump")
    assert [when.frames for when in finding.stretches] == [(50, 50)]


def test_two_tracks_that_are_exchanged() -> None:
    left, right = faults.continue_with(GOOD, OTHER, 40), faults.continue_with(OTHER, GOOD, 40)
    (finding,) = judge(left, right)
    assert finding.kind == "exchange"
    assert finding.person_ids == (1, 2)
    assert finding.what == "Persons 1 and 2 seem to be exchanged: at 1.3 s."


def test_a_frozen_stretch() -> None:
    finding = get_only(judge(GOOD, faults.freeze(OTHER, 20, 50)), "frozen")
    assert finding.person_ids == (2,)
    assert [when.frames for when in finding.stretches] == [(20, 49)]


def test_a_film_that_stands_still() -> None:
    row = np.arange(90)
    row[30:60] = 30
    body = replace(GOOD.body, pose_rad=GOOD.body.pose_rad[row], translation_m=GOOD.body.translation_m[row])
    arrays = {
        name: getattr(GOOD, name)[row]
        for name in ("joints_m", "joints_px", "keypoints_px", "box_xys_px", "crop_camera")
    }
    findings = judge(replace(GOOD, body=body, **arrays))
    assert [when.frames for when in get_only(findings, "repeated").stretches] == [(30, 59)]
    assert all(finding.kind != "frozen" for finding in findings)


@pytest.mark.parametrize("limb", ["left arm", "right arm", "left leg", "right leg", "head"])
def test_a_jittering_limb(limb: str) -> None:
    finding = get_only(judge(GOOD, faults.shake_limb(OTHER, limb, 30, 60, 0.02)), "jitter")
    assert finding.person_ids == (2,)
    assert f"has a {limb} that shakes" in finding.what
    start, stop = finding.stretches[0].start_s, finding.stretches[-1].stop_s
    assert start == pytest.approx(1.0, abs=0.21)
    assert stop == pytest.approx(2.0, abs=0.21)


def test_a_body_that_shakes_as_a_whole() -> None:
    shaken = GOOD
    for seed, limb in enumerate(("left arm", "right arm", "left leg", "right leg", "head")):
        shaken = faults.shake_limb(shaken, limb, 30, 60, 0.03, seed)
    longest = max(
        (f for f in judge(shaken) if f.kind == "jitter"),
        key=lambda f: max(when.stop_s - when.start_s for when in f.stretches),
    )
    assert "has a body that shakes" in longest.what


def test_a_body_beside_its_landmarks() -> None:
    finding = get_only(judge(faults.lay_aside(GOOD, 30, 60, 0.15)), "off")
    assert "by up to 15 % of the box" in finding.what or "by up to 16 % of the box" in finding.what
    assert finding.stretches[0].frames == (30, 59)


def test_landmarks_of_somebody_larger() -> None:
    finding = get_only(judge(faults.grow_landmarks(GOOD, 20, 60, 1.5)), "bones")
    assert "limbs" in finding.what
    assert "longer in the picture than on the body" in finding.what


def test_feet_that_slide() -> None:
    finding = get_only(judge(faults.slide(GOOD, 1.1)), "skate")
    assert finding.stretches[0].frames == (0, 89)


def test_gaps() -> None:
    filled = np.zeros(90, bool)
    filled[30:50] = True
    finding = get_only(judge(replace(GOOD, filled_mask=filled)), "gap")
    assert finding.what == "Person 1 was not seen, and is filled in: from 1.0 to 1.6 s."
    filled[:] = np.arange(90) % 3 < 2
    assert "in 67 % of the frames" in get_only(judge(replace(GOOD, filled_mask=filled)), "gap").what
    missing = replace(
        GOOD, frame_index=GOOD.frame_index + 30 * (np.arange(90) >= 40), time_s=GOOD.time_s + (np.arange(90) >= 40)
    )
    assert "lacks 30 frames" in get_only(judge(missing), "missing").what


def test_landmarks_nobody_is_sure_of() -> None:
    keypoints = GOOD.keypoints_px.copy()
    keypoints[10:40, :, 2] = 0.3
    finding = get_only(judge(replace(GOOD, keypoints_px=keypoints)), "unsure")
    assert "confidence 0.30" in finding.what
    assert finding.stretches[0].frames == (10, 39)


def test_many_stretches_are_told_in_one_sentence() -> None:
    person = make_person(4, frames=450)
    for start in range(10, 410, 80):
        person = faults.swap_sides(person, start, start + 10)
    finding = get_only(judge(person), "sides")
    assert len(finding.stretches) == 5
    assert finding.what.endswith("from 5.7 to 6.0 s and 2 times more.")


def test_one_frame_and_nobody() -> None:
    one = take_first_frame(GOOD)
    assert judge(one) == ()
    assert judge() == ()
