"""Acceleration error and jitter: how motion moves, whatever the place."""

from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.geometry import compute_second_difference
from spsnet.metrics.joints import MM_PER_M, measure_lengths

_Number = TypeVar("_Number", float, np.ndarray)


def compute_acceleration_error(
    predicted_m: Float[np.ndarray, "*batch time joints 3"],
    target_m: Float[np.ndarray, "*batch time joints 3"],
    *,
    time_s: Float[np.ndarray, " time"] | None = None,
) -> Float[np.ndarray, "*batch inner joints"]:
    r"""Difference of the joints' accelerations, at every frame but the first and last.

        e_i = ‖a(X)_i − a(X̂)_i‖,   a(X)_i = X_{i+1} − 2 X_i + X_{i−1}

    Convention:
        Without `time_s` mm/frame², with it mm/s² (uneven times are heeded). 1 mm/frame² at 30 frames per second is
        900 mm/s². What the paper's family prints as "mm/s²" is mm/frame².

    Args:
        predicted_m: Joints of one motion (or of several with the same times), as many frames as there are.
        target_m: Labels, same order; NaN where there is none.
        time_s: Seconds of each frame, rising.

    Raises:
        ValueError: If `time_s` does not rise.

    Source:
        Kanazawa et al., "Learning 3D human dynamics from video", 2019, section 5; uneven times as in
        `spsnet.geometry.compute_second_difference`.
    """
    return _measure_acceleration(np.subtract(predicted_m, target_m, dtype=np.float64), time_s)


def compute_jitter(
    predicted_m: Float[np.ndarray, "*batch time joints 3"], *, time_s: Float[np.ndarray, " time"] | None = None
) -> Float[np.ndarray, "*batch inner joints"]:
    r"""Size of the joints' acceleration, at every frame but the first and last: tells shaking without any label.

        e_i = ‖X_{i+1} − 2 X_i + X_{i−1}‖

    Convention:
        Units as `compute_acceleration_error`. Motion counts too: compare programs on the same film. Others use the word
        for the third derivative.

    Raises:
        ValueError: If `time_s` does not rise.
    """
    return _measure_acceleration(predicted_m.astype(np.float64), time_s)


def mask_accelerations(
    valid_mask: Bool[np.ndarray, "*batch time joints"], *, sequence: Int[np.ndarray, " time"] | None = None
) -> Bool[np.ndarray, "*batch inner joints"]:
    """True where a joint is valid in three consecutive frames: the mask of this module's values.

    Convention:
        Six frames, three of sequence 0 and three of sequence 1, have accelerations at frames 1 and 4 only: at 2 and 3
        they would run over the seam.

    Args:
        valid_mask: What may count.
        sequence: Number of each frame's sequence where several stand one after the other; None: one motion.
    """
    mask = valid_mask[..., 2:, :] & valid_mask[..., 1:-1, :] & valid_mask[..., :-2, :]
    if sequence is None:
        return mask
    same = sequence[1:] == sequence[:-1]
    return mask & (same[1:] & same[:-1])[:, None]


def convert_to_mm_s2(acceleration_mm_frame2: _Number, *, fps: float) -> _Number:
    """Millimetres per frame² to millimetres per second², for frames that are evenly spaced.

    Convention:
        1 mm/frame² is 900 mm/s² at 30 frames a second and 2500 mm/s² at 50: errors of films of other rates cannot be
        compared by frame.

    Args:
        acceleration_mm_frame2: A number or an array.
        fps: Frames a second of the frames that were compared: 25 where every other one of 50 was taken.

    Raises:
        ValueError: If `fps` is not a positive number.
    """
    return acceleration_mm_frame2 * _square_rate(fps)


def convert_to_mm_frame2(acceleration_mm_s2: _Number, *, fps: float) -> _Number:
    """The inverse of `convert_to_mm_s2`.

    Raises:
        ValueError: If `fps` is not a positive number.
    """
    return acceleration_mm_s2 / _square_rate(fps)


def _square_rate(fps: float) -> float:
    if not 0 < fps < np.inf:
        raise ValueError(f"fps should be a positive number, got {fps}")
    return fps**2


def _measure_acceleration(
    place_m: Float[np.ndarray, "*batch time joints 3"], time_s: Float[np.ndarray, " time"] | None
) -> Float[np.ndarray, "*batch inner joints"]:
    inner = max(place_m.shape[-3] - 2, 0)
    times = np.arange(place_m.shape[-3], dtype=np.float64) if time_s is None else time_s.astype(np.float64)
    weight = compute_second_difference(times)[:, :, None, None]
    acceleration = sum(weight[:, k] * place_m[..., k : k + inner, :, :] for k in range(3))
    return MM_PER_M * measure_lengths(acceleration)
