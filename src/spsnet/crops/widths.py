"""How wide a person is in the picture: the encoder's mask measured across trunk and limbs.

Landmarks say nothing of girth; these widths do. They are what makes the estimated shape differ from the average adult.
"""

import cv2
import numpy as np
from jaxtyping import Float

_SHOULDERS, _HIPS = (11, 12), (23, 24)
"""BlazePose-33."""
_TRUNK_AT = (0.2, 0.5, 0.8, 1.0)
"""Parts of the way from the shoulders' middle to the hips' middle."""
_LIMBS = ((11, 13), (12, 14), (13, 15), (14, 16), (23, 25), (24, 26), (25, 27), (26, 28))
"""Upper arms, forearms, thighs and shins, left before right; measured half way."""
WIDTH_NAMES = (
    "chest", "waist", "belly", "hips",
    "left_upper_arm", "right_upper_arm", "left_forearm", "right_forearm",
    "left_thigh", "right_thigh", "left_shin", "right_shin",
)  # fmt: skip
_REACH_PX, _STEP_PX = 64.0, 0.5
_INSIDE = 0.5


def measure_widths(
    mask: Float[np.ndarray, "size size"], landmarks_px: Float[np.ndarray, "33 2"]
) -> Float[np.ndarray, "12"]:
    """Length of the mask's run across each bone, at right angles to it, in the crop's pixels.

    Convention:
        In the order of `WIDTH_NAMES`. A vertical bar 20 px wide whose axis runs from shoulders to hips has a chest of
        20. 0 where nothing can be said: the place is not on the mask, the mask goes on for more than 64 px to a side,
        or the bone points at the camera.

    Args:
        mask: Probability that a pixel shows the person.
        landmarks_px: x, y in the mask's pixels.
    """
    shoulders, hips = landmarks_px[list(_SHOULDERS)].mean(0), landmarks_px[list(_HIPS)].mean(0)
    starts = np.concatenate([np.tile(shoulders, (len(_TRUNK_AT), 1)), landmarks_px[[a for a, _ in _LIMBS]]])
    ends = np.concatenate([np.tile(hips, (len(_TRUNK_AT), 1)), landmarks_px[[b for _, b in _LIMBS]]])
    way = np.concatenate([_TRUNK_AT, np.full(len(_LIMBS), 0.5)])[:, None]
    bones = ends - starts
    length = np.linalg.norm(bones, axis=1)
    across = np.stack([-bones[:, 1], bones[:, 0]], axis=1) / np.maximum(length, 1e-6)[:, None]
    offsets = np.arange(-_REACH_PX, _REACH_PX + _STEP_PX, _STEP_PX)
    places = (starts + way * bones)[:, None] + offsets[:, None] * across[:, None]
    # cv2 counts from the middle of the first pixel, crops from its corner.
    x, y = np.moveaxis(places.astype(np.float32) - np.float32(0.5), -1, 0)
    inside = cv2.remap(mask, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0) > _INSIDE
    middle = len(offsets) // 2
    left, right = _count_run(inside[:, middle::-1]), _count_run(inside[:, middle:])
    bounded = (left > 0) & (left <= middle) & (right <= middle) & (length > 1)
    return np.where(bounded, (left + right - 1) * _STEP_PX, 0.0)


def _count_run(inside: np.ndarray) -> np.ndarray:
    """How many places from the first on lie inside."""
    return np.where(inside.all(1), inside.shape[1], np.argmin(inside, axis=1))
