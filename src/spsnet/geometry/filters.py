"""Smoothing over time that respects rotation and true timestamps."""

import math

import numpy as np
from jaxtyping import Float


def smooth_rotations(
    rotations: Float[np.ndarray, "time *joints 3 3"], time_s: Float[np.ndarray, " time"], sigma_s: float
) -> Float[np.ndarray, "time *joints 3 3"]:
    r"""Zero-lag Gaussian filter on SO(3): at each time the chordal mean of the neighbours.

        R̄_i = argmin over R of Σ_j exp(−(t_i − t_j)² / 2σ²) ‖R − R_j‖²

    Convention:
        Seconds; σ = 0.05 at 30 frames per second averages about four frames. A steady rotation stays as it is away
        from the ends. σ = 0 returns the input.

    Raises:
        ValueError: If `sigma_s` is negative.
    """
    flat = rotations.reshape(len(rotations), math.prod(rotations.shape[1:]))
    mean = smooth_vectors(flat, time_s, sigma_s).reshape(rotations.shape)
    return mean if sigma_s == 0 else project_to_rotations(mean)


def smooth_vectors(
    values: Float[np.ndarray, "time width"], time_s: Float[np.ndarray, " time"], sigma_s: float
) -> Float[np.ndarray, "time width"]:
    """The same filter for plain numbers: a weighted mean.

    Raises:
        ValueError: If `sigma_s` is negative.
    """
    if sigma_s < 0:
        raise ValueError(f"sigma_s should not be negative, got {sigma_s}")
    if sigma_s == 0:
        return values
    smooth = np.empty_like(values)
    first = np.searchsorted(time_s, time_s - 4 * sigma_s)
    last = np.searchsorted(time_s, time_s + 4 * sigma_s, side="right")
    for i in range(len(values)):
        near = slice(first[i], last[i])
        weight = np.exp(-0.5 * ((time_s[near] - time_s[i]) / sigma_s) ** 2)
        smooth[i] = (weight / weight.sum()) @ values[near]
    return smooth


def project_to_rotations(matrices: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    """The rotation nearest to each matrix (Frobenius norm): of a weighted sum of rotations, their chordal mean."""
    u, _, vt = np.linalg.svd(matrices)
    # A mirrored result is mended along the direction that matters least, the last.
    u[..., :, 2] *= np.where(np.linalg.det(u @ vt) < 0, -1.0, 1.0)[..., None]
    return u @ vt
