"""What one person's result says of itself, frame by frame, without any label."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.geometry import compute_second_difference
from spsnet.metrics import Ground, compute_foot_skate, compute_jitter, find_contacts
from spsnet.metrics.joints import MM_PER_M
from spsnet.quality.stretches import compute_running_median
from spsnet.quality.thresholds import Thresholds
from spsnet.records import PersonMotion
from spsnet.skeletons import get_joint_set

_BODY, _SEEN = "coco17", "blazepose33"
LIMB_JOINTS = tuple(
    f"{side}_{joint}" for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
)
"""COCO's twelve joints that body and landmarks share, left and right in turn."""
_BONES = ((0, 2), (1, 3), (2, 4), (3, 5), (6, 8), (7, 9), (8, 10), (9, 11))
"""Upper arms, forearms, thighs and shins, of `LIMB_JOINTS`."""
LIMBS: Mapping[str, tuple[str, ...]] = {
    "left arm": ("left_elbow", "left_wrist"),
    "right arm": ("right_elbow", "right_wrist"),
    "left leg": ("left_knee", "left_ankle"),
    "right leg": ("right_knee", "right_ankle"),
    "head": ("head",),
}
"""Joints of SMPL 24 that tell how a limb shakes about the pelvis."""
WHOLE = "whole body"
"""The pelvis itself, about the camera."""
_STANDING_M_S = 1.5
"""Feet faster than this are taken to step, not to slide."""
_LEVEL_M = 0.03
"""Feet whose heights differ by less stand on the same floor."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PersonMeasures:
    """One person's quality over time; NaN where there is nothing to measure, filled frames above all."""

    track_id: int
    frame_index: Int[np.ndarray, " time"]
    time_s: Float[np.ndarray, " time"]
    filled_mask: Bool[np.ndarray, " time"]
    confidence: Float[np.ndarray, " time"]
    """Detector's times encoder's, 0 to 1."""
    landmark_confidence: Float[np.ndarray, " time"]
    """The encoder's in twelve limb joints, mean."""
    off_percent: Float[np.ndarray, " time"]
    """2D agreement: median distance of body and landmarks over twelve limb joints, per cent of the box."""
    jitter_m_s2: Float[np.ndarray, " time"]
    """Acceleration of the 24 joints about the pelvis, mean: motion counts too."""
    shake_m_s2: Mapping[str, Float[np.ndarray, " time"]]
    """Half the change of acceleration from frame to frame, of each limb about the pelvis and of the pelvis about the
    camera, median over `Thresholds.shake_s`: as large as the acceleration where every frame goes another way, and a
    fifth of it in a swing of two a second at 30 frames a second."""
    bone_percent: Float[np.ndarray, " time"]
    """Length of eight limb bones in the landmarks over that on the body, in the picture: 0 alike, 10: a tenth more."""
    bone_change_percent: float
    """Largest spread of a bone of `joints_m` over time: 0 for every body of one shape, ours always."""
    skate_mm_s: Float[np.ndarray, " time"]
    """Horizontal speed of the feet that stand, to the next frame."""

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.time_s)


def measure_person(
    person: PersonMotion, *, up: Float[np.ndarray, "3"], thresholds: Thresholds | None = None
) -> PersonMeasures:
    """Measure one person.

    Args:
        person: SMPL 24 first among its joints; all is NaN that needs COCO 17 or BlazePose's landmarks where it lacks
            them.
        up: Unit vector away from the floor, camera axes.
        thresholds: How long shaking is taken over.

    Raises:
        ValueError: If `time_s` does not rise, or SMPL's joints are not there.
    """
    thresholds = thresholds or Thresholds()
    seen = ~person.filled_mask
    nothing = np.full(len(person), np.nan)
    points, landmarks = get_body_points(person), get_landmarks(person)
    known = landmarks is not None and points is not None
    return PersonMeasures(
        track_id=person.track_id,
        frame_index=person.frame_index,
        time_s=person.time_s.astype(np.float64),
        filled_mask=person.filled_mask,
        confidence=np.where(seen, person.confidence, np.nan).astype(np.float64),
        landmark_confidence=np.where(seen, landmarks[..., 2].mean(1), np.nan) if landmarks is not None else nothing,
        off_percent=np.where(seen, _measure_distance(person, points, landmarks), np.nan) if known else nothing,
        jitter_m_s2=_measure_jitter(person),
        shake_m_s2=_measure_shake(person, thresholds.shake_s),
        bone_percent=np.where(seen, _compare_bones(points, landmarks), np.nan) if known else nothing,
        bone_change_percent=_measure_bone_change(person),
        skate_mm_s=_measure_skate(person, up),
    )


def get_landmarks(person: PersonMotion) -> Float[np.ndarray, "time 12 3"] | None:
    """The encoder's landmarks of `LIMB_JOINTS`; None where it is not BlazePose's set."""
    joints = get_joint_set(_SEEN)
    if person.keypoints_px.shape[1] != len(joints):
        return None
    return person.keypoints_px[:, [joints.index(name) for name in LIMB_JOINTS]].astype(np.float64)


def get_body_points(person: PersonMotion) -> Float[np.ndarray, "time 12 2"] | None:
    """The body's joints of the same names on the picture; None where COCO's are not among its joints."""
    index = find_limb_joints(person)
    return None if index is None else person.joints_px[:, index].astype(np.float64)


def find_limb_joints(person: PersonMotion) -> list[int] | None:
    """Where COCO's `LIMB_JOINTS` stand among a person's joints, after SMPL's; None if they do not."""
    joints, first = get_joint_set(_BODY), len(get_joint_set("smpl24"))
    if person.joint_names[first : first + len(joints)] != joints.joint_names:
        return None
    return [first + joints.index(name) for name in LIMB_JOINTS]


def get_smpl_joints(person: PersonMotion) -> Float[np.ndarray, "time 24 3"]:
    """Metres, camera axes, double precision.

    Raises:
        ValueError: If SMPL's joints do not come first.
    """
    names = get_joint_set("smpl24").joint_names
    if person.joint_names[: len(names)] != names:
        raise ValueError(f"the first {len(names)} joints should be SMPL's, got {person.joint_names[: len(names)]}")
    return person.joints_m[:, : len(names)].astype(np.float64)


def _measure_distance(person: PersonMotion, points: np.ndarray | None, landmarks: np.ndarray | None) -> np.ndarray:
    assert points is not None
    assert landmarks is not None
    distance = np.linalg.norm(points - landmarks[..., :2], axis=-1)
    return np.asarray(100 * np.median(distance, axis=1) / person.box_xys_px[:, 2])


def _measure_jitter(person: PersonMotion) -> Float[np.ndarray, " time"]:
    joints = get_smpl_joints(person)
    if len(joints) < 3:
        return np.full(len(joints), np.nan)
    jitter = compute_jitter(joints - joints[:, :1], time_s=person.time_s.astype(np.float64)) / MM_PER_M
    return np.pad(jitter.mean(1), 1, mode="edge")


def _measure_shake(person: PersonMotion, width_s: float) -> dict[str, Float[np.ndarray, " time"]]:
    joints, time_s = get_smpl_joints(person), person.time_s.astype(np.float64)
    if len(joints) < 4:
        return dict.fromkeys((*LIMBS, WHOLE), np.full(len(joints), np.nan))
    index = get_joint_set("smpl24").index
    about = joints - joints[:, :1]
    parts = {limb: about[:, [index(name) for name in names]] for limb, names in LIMBS.items()}
    parts[WHOLE] = joints[:, :1]
    weight = compute_second_difference(time_s)[:, :, None, None]
    shake = {}
    for limb, part in parts.items():
        acceleration = sum(weight[:, k] * part[k : k + len(weight)] for k in range(3))
        change = np.linalg.norm(np.diff(acceleration, axis=0), axis=-1).mean(1) / 2
        shake[limb] = compute_running_median(np.pad(change, (1, 2), mode="edge"), time_s, width_s)
    return shake


def _compare_bones(points: np.ndarray | None, landmarks: np.ndarray | None) -> np.ndarray:
    """Summed lengths: a bone that points at the camera is short in both, and weighs little."""
    assert points is not None
    assert landmarks is not None
    seen, drawn = (
        sum(np.linalg.norm(part[:, start, :2] - part[:, stop, :2], axis=-1) for start, stop in _BONES)
        for part in (landmarks, points)
    )
    return np.asarray(100 * (seen / np.maximum(drawn, 1e-6) - 1))


def _measure_bone_change(person: PersonMotion) -> float:
    joints, edges = get_smpl_joints(person), np.array(get_joint_set("smpl24").edges)
    length = np.linalg.norm(joints[:, edges[:, 0]] - joints[:, edges[:, 1]], axis=-1)
    return float((100 * length.std(0) / np.maximum(length.mean(0), 1e-6)).max())


def _measure_skate(person: PersonMotion, up: Float[np.ndarray, "3"]) -> Float[np.ndarray, " time"]:
    skate = np.full(len(person), np.nan)
    if len(person) < 2:
        return skate
    joints = get_joint_set("smpl24")
    feet = get_smpl_joints(person)[:, [joints.index("left_foot"), joints.index("right_foot")]]
    time_s = person.time_s.astype(np.float64)
    ground = Ground(up=up, height_m=0.0)
    slow = find_contacts(feet, ground, time_s=time_s, height_limit_m=np.inf, speed_limit_m_s=_STANDING_M_S)
    # The floor drifts with the guessed depth: of the two feet the lower one stands, or both.
    height = ground.measure_height(feet)
    low = height < height.min(1, keepdims=True) + _LEVEL_M
    contact = slow & low[1:] & low[:-1]
    speed = compute_foot_skate(feet, up=up, time_s=time_s)
    stands = contact.any(1)
    skate[:-1][stands] = np.where(contact, speed, 0).sum(1)[stands] / contact.sum(1)[stands]
    return skate
