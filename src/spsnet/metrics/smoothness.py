"""Acceleration error and jitter: how motion moves, whatever the place."""

import numpy as np
from jaxtyping import Bool, Float

from spsnet.geometry import compute_second_difference
from spsnet.metrics.joints import MM_PER_M


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
    return _measure_acceleration(predicted_m.astype(np.float64) - target_m.astype(np.float64), time_s)


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


def mask_accelerations(valid_mask: Bool[np.ndarray, "*batch time joints"]) -> Bool[np.ndarray, "*batch inner joints"]:
    """True where a joint is valid in three consecutive frames: the mask of this module's values."""
    return valid_mask[..., 2:, :] & valid_mask[..., 1:-1, :] & valid_mask[..., :-2, :]


def _measure_acceleration(
    place_m: Float[np.ndarray, "*batch time joints 3"], time_s: Float[np.ndarray, " time"] | None
) -> Float[np.ndarray, "*batch inner joints"]:
    inner = max(place_m.shape[-3] - 2, 0)
    times = np.arange(place_m.shape[-3], dtype=np.float64) if time_s is None else time_s.astype(np.float64)
    weight = compute_second_difference(times)[:, :, None, None]
    acceleration = sum(weight[:, k] * place_m[..., k : k + inner, :, :] for k in range(3))
    return MM_PER_M * np.linalg.norm(acceleration, axis=-1)
