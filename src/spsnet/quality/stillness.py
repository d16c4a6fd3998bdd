"""A body that stands still while the person moves."""

import numpy as np
from jaxtyping import Bool, Float

from spsnet.geometry import axis_angle_to_matrix, geodesic_angle
from spsnet.quality.measures import get_landmarks
from spsnet.quality.stretches import Stretch, find_stretches
from spsnet.quality.thresholds import Thresholds
from spsnet.records import PersonMotion


def find_frozen(person: PersonMotion, thresholds: Thresholds) -> list[Stretch]:
    """Stretches in which the pose stays as it is although the landmarks move about in their box.

    Where there are no landmarks every pose that stays as it is counts: no real one does.
    """
    if len(person) < 2:
        return []
    landmarks = get_landmarks(person)
    still = measure_turning(person) < thresholds.frozen_rad_s
    found = []
    for start, stop in find_stretches(still, person.time_s[:-1], shortest_s=thresholds.frozen_s):
        if landmarks is not None:
            box = person.box_xys_px[start : stop + 1].astype(np.float64)
            places = (landmarks[start : stop + 1, :, :2] - box[:, None, :2]) / box[:, None, 2:]
            way = np.linalg.norm(places - places[:1], axis=-1).mean(1).max()
            if 100 * way < thresholds.frozen_percent:
                continue
        found.append(Stretch(start, stop + 1))
    return found


def find_repeats(person: PersonMotion, thresholds: Thresholds) -> list[Stretch]:
    """Stretches in which landmarks and pose are equal to the last digit: the film itself stood still."""
    if len(person) < 2:
        return []
    equal: Bool[np.ndarray, " steps"] = np.all(np.diff(person.body.pose_rad, axis=0) == 0, axis=1)
    equal &= np.all(np.diff(person.keypoints_px.reshape(len(person), -1), axis=0) == 0, axis=1)
    equal &= ~person.filled_mask[1:]
    return [
        Stretch(start, stop + 1)
        for start, stop in find_stretches(equal, person.time_s[:-1], shortest_s=thresholds.frozen_s)
    ]


def measure_turning(person: PersonMotion) -> Float[np.ndarray, " steps"]:
    """Mean turning of the 24 joints from each frame to the next, rad/s."""
    rotations = axis_angle_to_matrix(person.body.pose_rad.reshape(len(person), 24, 3).astype(np.float64))
    angle = geodesic_angle(rotations[:-1], rotations[1:])
    return np.asarray(angle.mean(1) / np.diff(person.time_s))
