"""Derivatives over time of samples that need not be evenly spaced."""

import numpy as np
from jaxtyping import Float


def compute_second_difference(time_s: Float[np.ndarray, " time"]) -> Float[np.ndarray, "inner 3"]:
    r"""Weights of three consecutive samples that give the second derivative at the middle one.

        x''(t_i) ≈ w_0 x_{i−1} + w_1 x_i + w_2 x_{i+1},   exact for parabolas

    Convention:
        Evenly spaced by 1: (1, −2, 1). Fewer than three samples give no weights, shape (0, 3).

    Raises:
        ValueError: If the times do not rise.

    Source:
        Newton's divided difference, times two.
    """
    steps = np.diff(time_s)
    if np.any(steps <= 0):
        raise ValueError("time_s should rise from frame to frame")
    before, after = steps[:-1], steps[1:]
    whole = before + after
    return np.stack([2 / (before * whole), -2 / (before * after), 2 / (after * whole)], axis=1)
