"""Smoothing over time that respects rotation and true timestamps."""

import math

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.geometry.rotations import interpolate_rotations


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


def bridge_rotations(
    rotations: Float[np.ndarray, "time *joints 3 3"],
    time_s: Float[np.ndarray, " time"],
    known_mask: Bool[np.ndarray, " time"],
) -> Float[np.ndarray, "time *joints 3 3"]:
    """Where `known_mask` is False, the shortest arc between the known rotations before and after, at the true time.

    Convention:
        Known at 0 and 0.3 s: at 0.1 s a third of the turn between them. Before the first and after the last known
        rotation that one stays.

    Raises:
        ValueError: If nothing is known.
    """
    before, after, weight = _find_neighbours(time_s, known_mask)
    bridged = rotations.copy()
    gap = ~known_mask
    weights = np.broadcast_to(weight.reshape(-1, *[1] * (rotations.ndim - 3)), rotations.shape[:-2])
    bridged[gap] = interpolate_rotations(rotations[before[gap]], rotations[after[gap]], weights[gap])
    return bridged


def bridge_vectors(
    values: Float[np.ndarray, "time width"],
    time_s: Float[np.ndarray, " time"],
    known_mask: Bool[np.ndarray, " time"],
) -> Float[np.ndarray, "time width"]:
    """The same for plain numbers: a straight line.

    Raises:
        ValueError: If nothing is known.
    """
    before, after, weight = _find_neighbours(time_s, known_mask)
    line = values[before] + weight[:, None] * (values[after] - values[before])
    return np.where(known_mask[:, None], values, line)


def _find_neighbours(
    time_s: Float[np.ndarray, " time"], known_mask: Bool[np.ndarray, " time"]
) -> tuple[Int[np.ndarray, " time"], Int[np.ndarray, " time"], Float[np.ndarray, " time"]]:
    """The known frames before and after each frame, itself if it is one, and how far it is from one to the other."""
    known = np.flatnonzero(known_mask)
    if not len(known):
        raise ValueError("known_mask should be True somewhere")
    every = np.arange(len(time_s))
    after = known[np.minimum(np.searchsorted(known, every), len(known) - 1)]
    before = known[np.maximum(np.searchsorted(known, every, side="right") - 1, 0)]
    span_s = time_s[after] - time_s[before]
    passed_s = np.clip(time_s - time_s[before], 0.0, span_s)
    return before, after, np.divide(passed_s, span_s, out=np.zeros(len(time_s)), where=span_s > 0)


def project_to_rotations(matrices: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    """The rotation nearest to each matrix (Frobenius norm): of a weighted sum of rotations, their chordal mean."""
    u, _, vt = np.linalg.svd(matrices)
    # A mirrored result is mended along the direction that matters least, the last.
    u[..., :, 2] *= np.where(np.linalg.det(u @ vt) < 0, -1.0, 1.0)[..., None]
    return u @ vt
