"""Faults planted by hand into a good result, to measure which of them the report finds."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from spsnet.geometry import axis_angle_to_matrix, transpose
from spsnet.records import BodyParameters, PersonMotion
from spsnet.skeletons import get_joint_set

_SETS = ("smpl24", "coco17")
_CHAINS = {
    "left arm": ("left_shoulder", "left_wrist", "left_elbow", "left_hand"),
    "right arm": ("right_shoulder", "right_wrist", "right_elbow", "right_hand"),
    "left leg": ("left_hip", "left_ankle", "left_knee", "left_foot"),
    "right leg": ("right_hip", "right_ankle", "right_knee", "right_foot"),
    "head": ("neck", "head", "nose", "left_eye", "right_eye", "left_ear", "right_ear"),
}
"""The joint each of `LIMBS` turns about, how far it is to the next one, and what else turns with it."""


def swap_sides(person: PersonMotion, start: int, stop: int) -> PersonMotion:
    """Left taken for right in body and landmarks, from frame `start` to before `stop`."""
    smpl, coco = (get_joint_set(name).mirror_index for name in _SETS)
    joints = np.concatenate([smpl, len(smpl) + coco])
    landmarks = get_joint_set("blazepose33").mirror_index
    rows = slice(start, stop)
    joints_m, joints_px, keypoints_px = (v.copy() for v in (person.joints_m, person.joints_px, person.keypoints_px))
    joints_m[rows], joints_px[rows] = joints_m[rows][:, joints], joints_px[rows][:, joints]
    keypoints_px[rows] = keypoints_px[rows][:, landmarks]
    return replace(person, joints_m=joints_m, joints_px=joints_px, keypoints_px=keypoints_px)


def swap_landmark_sides(person: PersonMotion, start: int, stop: int) -> PersonMotion:
    """Left taken for right in the landmarks only."""
    swapped = swap_sides(person, start, stop)
    return replace(person, keypoints_px=swapped.keypoints_px)


def continue_with(person: PersonMotion, other: PersonMotion, start: int) -> PersonMotion:
    """A track that is somebody else from frame `start` on; both are of the same frames."""
    body = BodyParameters(
        pose_rad=_splice(person.body.pose_rad, other.body.pose_rad, start),
        shape=person.body.shape,
        translation_m=_splice(person.body.translation_m, other.body.translation_m, start),
    )
    return replace(
        person,
        body=body,
        box_xys_px=_splice(person.box_xys_px, other.box_xys_px, start),
        confidence=_splice(person.confidence, other.confidence, start),
        filled_mask=_splice(person.filled_mask, other.filled_mask, start),
        crop_camera=_splice(person.crop_camera, other.crop_camera, start),
        joints_m=_splice(person.joints_m, other.joints_m, start),
        joints_px=_splice(person.joints_px, other.joints_px, start),
        keypoints_px=_splice(person.keypoints_px, other.keypoints_px, start),
    )


def move_aside(person: PersonMotion, boxes: float | Float[np.ndarray, " time"]) -> PersonMotion:
    """The same person somewhere else: to the right by so many sides of its box."""
    way_px = boxes * person.box_xys_px[:, 2].astype(np.float64)
    way_m = way_px * person.body.translation_m[:, 2] / person.focal_px
    return replace(
        person,
        box_xys_px=person.box_xys_px + way_px[:, None] * [1.0, 0, 0],
        body=replace(person.body, translation_m=person.body.translation_m + way_m[:, None] * [1.0, 0, 0]),
        joints_m=person.joints_m + way_m[:, None, None] * [1.0, 0, 0],
        joints_px=person.joints_px + way_px[:, None, None] * [1.0, 0],
        keypoints_px=person.keypoints_px + way_px[:, None, None] * [1.0, 0, 0],
    )


def freeze(person: PersonMotion, start: int, stop: int) -> PersonMotion:
    """A body that stays as it is at `start` until before `stop`; the landmarks go on."""
    row = np.arange(len(person))
    row[start:stop] = start
    return replace(
        person,
        body=BodyParameters(
            pose_rad=person.body.pose_rad[row],
            shape=person.body.shape,
            translation_m=person.body.translation_m[row],
        ),
        crop_camera=person.crop_camera[row],
        joints_m=person.joints_m[row],
        joints_px=person.joints_px[row],
    )


def shake_limb(person: PersonMotion, limb: str, start: int, stop: int, sigma_m: float, seed: int = 0) -> PersonMotion:
    """A limb that shakes at random about its first joint, its last joint by `sigma_m` or so; bones keep their length.

    Raises:
        KeyError: If there is no such limb.
    """
    pivot, *chain = _CHAINS[limb]
    names = [name for joint_set in _SETS for name in get_joint_set(joint_set).joint_names]
    chosen = [i for i, name in enumerate(names) if name in chain]
    joints_m, joints_px = person.joints_m.astype(np.float64), person.joints_px.astype(np.float64)
    rows = slice(start, stop)
    about = joints_m[rows, names.index(pivot)][:, None]
    length = np.linalg.norm(joints_m[rows, names.index(chain[0])][:, None] - about, axis=-1).mean()
    turn = axis_angle_to_matrix(np.random.default_rng(seed).normal(0, sigma_m / length, (stop - start, 3)))
    turned = (joints_m[rows][:, chosen] - about) @ transpose(turn) + about
    joints_px[rows, chosen] += person.focal_px * (
        turned[..., :2] / turned[..., 2:] - joints_m[rows][:, chosen, :2] / joints_m[rows][:, chosen, 2:]
    )
    joints_m[rows, chosen] = turned
    return replace(person, joints_m=joints_m, joints_px=joints_px)


def lay_aside(person: PersonMotion, start: int, stop: int, boxes: float) -> PersonMotion:
    """A body that lies beside its landmarks, by so many sides of the box, from frame `start` to before `stop`."""
    moved = move_aside(person, boxes)
    there = np.zeros(len(person), bool)
    there[start:stop] = True
    return replace(
        person,
        joints_m=np.where(there[:, None, None], moved.joints_m, person.joints_m),
        joints_px=np.where(there[:, None, None], moved.joints_px, person.joints_px),
    )


def grow_landmarks(person: PersonMotion, start: int, stop: int, factor: float) -> PersonMotion:
    """Landmarks of somebody larger than the body, about the middle of the box."""
    keypoints, center = person.keypoints_px.astype(np.float64), person.box_xys_px[start:stop, None, :2]
    keypoints[start:stop, :, :2] = center + factor * (keypoints[start:stop, :, :2] - center)
    return replace(person, keypoints_px=keypoints)


def slide(person: PersonMotion, speed_m_s: float) -> PersonMotion:
    """A person who is carried to the right all the time, body and landmarks alike."""
    boxes = speed_m_s * (person.time_s - person.time_s[0]) * person.focal_px
    return move_aside(person, boxes / (person.body.translation_m[:, 2] * person.box_xys_px[:, 2]))


def _splice(first: np.ndarray, then: np.ndarray, start: int) -> np.ndarray:
    return np.concatenate([first[:start], then[start:]])
