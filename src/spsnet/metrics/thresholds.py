"""PCK and AUC: how many joints are near enough."""

import numpy as np
from jaxtyping import Float

PCK_THRESHOLD_MM = 150.0
AUC_THRESHOLDS_MM = tuple(5.0 * step for step in range(31))
"""0:5:150, the grid of MPI-INF-3DHP's own program; others leave out 0, or go on to 200."""


def compute_pck(
    error_mm: Float[np.ndarray, "*batch joints"], *, threshold_mm: float = PCK_THRESHOLD_MM
) -> Float[np.ndarray, "*batch joints"]:
    r"""1 where a joint is nearer than the threshold, 0 elsewhere; the mean is the PCK (share of correct keypoints).

        c = [e < threshold]

    Convention:
        Errors of 0, 149.9, 150 and 300 mm give 1, 1, 0, 0: a PCK of 50 %.

    Args:
        error_mm: Of `compute_mpjpe` or `compute_pa_mpjpe`; NaN stays NaN. Which joints count is the protocol's choice
            (3DHP: 14 of the 17, without pelvis, spine and head).
        threshold_mm: Millimetres that are too far.

    Raises:
        ValueError: If the threshold is not a positive number.

    Source:
        Mehta et al., "Monocular 3D human pose estimation in the wild", 2017, section 5.
    """
    if not 0 < threshold_mm < np.inf:
        raise ValueError(f"threshold_mm should be a positive number, got {threshold_mm}")
    return np.where(np.isnan(error_mm), np.nan, error_mm < threshold_mm)


def compute_auc(
    error_mm: Float[np.ndarray, "*batch joints"], *, thresholds_mm: tuple[float, ...] = AUC_THRESHOLDS_MM
) -> Float[np.ndarray, "*batch joints"]:
    r"""Share of the thresholds a joint is nearer than; the mean is the AUC (area under the PCK's curve).

        c = 1/K Σ_k [e < t_k]

    Convention:
        Over 0, 5, …, 150 an error of 12 mm gives 28/31. Nothing is nearer than 0, so that grid ends at 30/31 (96.8 %)
        for a perfect prediction; without the 0 it ends at 1.

    Args:
        error_mm: As of `compute_pck`.
        thresholds_mm: The grid, rising. A number means nothing without it: print it with the result.

    Raises:
        ValueError: If there are no thresholds, or they do not rise from 0 or above.

    Source:
        Mehta et al. 2017, section 5; the mean over the grid, as the data set's program has it, not the trapezium rule.
    """
    grid = np.asarray(thresholds_mm, np.float64)
    if not grid.size or not grid[0] >= 0 or not np.all(np.diff(grid) > 0) or not np.isfinite(grid[-1]):
        raise ValueError(f"thresholds_mm should be numbers that rise from 0 or above, got {thresholds_mm}")
    passed = grid.size - np.searchsorted(grid, error_mm, side="right")
    return np.where(np.isnan(error_mm), np.nan, passed / grid.size)
