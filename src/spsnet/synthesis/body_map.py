"""A body surveyed at rest: where its parts begin and end, and how cloth runs over it."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Float

from spsnet.body import BodyModel

_ARM_JOINTS = [16, 17, 18, 19, 20, 21, 22, 23]
_NOSE_DOWN = 0.7  # of the way from the crown to the chin
_LEG_JOINTS = [1, 2, 4, 5, 7, 8, 10, 11]


@dataclass(frozen=True, kw_only=True)
class BodyMap:
    """Where each vertex lies on the body at rest; channels first. Heights and lengths in metres from landmarks."""

    channels: Float[np.ndarray, "8 vertices"]
    """x, y, z; share of the arms; share of the head; along, around (for cloth); share of the legs."""
    shoulder_x: float
    wrist_x: float
    neck_y: float
    neck_z: float
    waist_y: float
    hip_y: float
    ankle_y: float
    floor_y: float
    top_y: float
    chin_y: float
    face_z: float
    head_z: float


_MAPS: WeakKeyDictionary[BodyModel, BodyMap] = WeakKeyDictionary()


def map_body(body: BodyModel) -> BodyMap:
    """Survey a body, once."""
    if body not in _MAPS:
        _MAPS[body] = _survey(body)
    return _MAPS[body]


def _survey(body: BodyModel) -> BodyMap:
    rest = body.template_m.astype(np.float64)
    joints = body.rest_joints_m.astype(np.float64)
    arm, leg = body.skinning_weights[:, _ARM_JOINTS].sum(1), body.skinning_weights[:, _LEG_JOINTS].sum(1)
    head = body.skinning_weights[:, 15]
    x, y, z = rest.T
    shoulder = abs(joints[16, 0])
    on_leg = y < joints[1, 1]
    thigh_x = abs(joints[4, 0])
    around_leg = np.sign(x) * thigh_x + np.arctan2(np.abs(x) - thigh_x, z - joints[4, 2] + 1e-9) * 0.07
    around_arm = np.arctan2(z - joints[18, 2], y - joints[18, 1]) * 0.045
    along = np.where(arm > 0.5, np.abs(x) - shoulder, joints[12, 1] - y)
    around = np.where(arm > 0.5, around_arm, np.where(on_leg, around_leg, x))
    on_head = head > 0.5
    crown = y[on_head].max()
    profile = np.flatnonzero(on_head & (np.abs(x) < 0.02) & (y > joints[12, 1]))
    nose = profile[np.argmax(z[profile])]
    face_z = z[profile[y[profile] > crown - 0.5 * (crown - y[nose])]].max()
    chin = crown - (crown - y[nose]) / _NOSE_DOWN
    return BodyMap(
        channels=np.stack([x, y, z, arm, head, along, around, leg]).astype(np.float32),
        shoulder_x=float(shoulder),
        wrist_x=float(abs(joints[20, 0])),
        neck_y=float(joints[12, 1]),
        neck_z=float(joints[12, 2]),
        waist_y=float(joints[0, 1] + 0.5 * (joints[6, 1] - joints[0, 1])),
        hip_y=float(joints[1, 1]),
        ankle_y=float(joints[7, 1]),
        floor_y=float(y.min()),
        top_y=float(crown),
        chin_y=float(chin),
        face_z=float(face_z),
        head_z=float((z[on_head & (y > chin)].min() + face_z) / 2),
    )
