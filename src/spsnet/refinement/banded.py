"""Normal equations of a film: each frame's unknowns touch those of the next two frames and no others."""

import numpy as np
from jaxtyping import Float
from scipy.linalg import solveh_banded

REACH = 2
"""A frame shares terms with this many frames after it."""


class BandedNormalEquations:
    """Collects J^T J and J^T r block by block; block (t, k) couples frame t + k (rows) with frame t (columns)."""

    def __init__(self, frames: int, unknowns: int) -> None:
        self._blocks = [np.zeros((max(frames - k, 0), unknowns, unknowns)) for k in range(REACH + 1)]
        self._gradient = np.zeros((frames, unknowns))

    def add_frame_terms(
        self, jacobian: Float[np.ndarray, "frames rows unknowns"], residual: Float[np.ndarray, "frames rows"]
    ) -> None:
        """Add residuals that depend on one frame each."""
        self._blocks[0] += np.swapaxes(jacobian, 1, 2) @ jacobian
        self._gradient += np.einsum("tru,tr->tu", jacobian, residual)

    def add_diagonal(
        self, weight: Float[np.ndarray, "#frames unknowns"], residual: Float[np.ndarray, "frames unknowns"]
    ) -> None:
        """Add weight · (δ + residual)² for each unknown."""
        index = np.arange(self._gradient.shape[1])
        self._blocks[0][:, index, index] += weight
        self._gradient += weight * residual

    def add_accelerations(
        self,
        jacobian: Float[np.ndarray, "frames rows unknowns"],
        residual: Float[np.ndarray, "inner rows"],
        stencil: Float[np.ndarray, "inner 3"],
    ) -> None:
        """Add residuals of frames t, t+1, t+2 whose Jacobian by frame t + k is stencil[t, k] · jacobian[t + k]."""
        inner = len(residual)
        parts = [jacobian[k : k + inner] for k in range(3)]
        for column in range(3):
            scaled = stencil[:, column, None] * np.einsum("tru,tr->tu", parts[column], residual)
            self._gradient[column : column + inner] += scaled
            for row in range(column, 3):
                product = np.swapaxes(parts[row], 1, 2) @ parts[column]
                factor = (stencil[:, row] * stencil[:, column])[:, None, None]
                self._blocks[row - column][column : column + inner] += factor * product

    def solve(self, damping: float) -> Float[np.ndarray, "frames unknowns"]:
        """The step −(J^T J + damping · diag)⁻¹ J^T r."""
        frames, unknowns = self._gradient.shape
        band = np.zeros(((REACH + 1) * unknowns, frames * unknowns))
        row, column = np.meshgrid(np.arange(unknowns), np.arange(unknowns), indexing="ij")
        for k, blocks in enumerate(self._blocks):
            offset = k * unknowns + row - column
            below = offset >= 0
            start = np.arange(len(blocks))[:, None] * unknowns
            band[offset[below][None], start + column[below][None]] = blocks[:, row[below], column[below]]
        band[0] *= 1 + damping
        step = solveh_banded(band, -self._gradient.reshape(-1), lower=True, overwrite_ab=True, check_finite=False)
        return step.reshape(frames, unknowns)
