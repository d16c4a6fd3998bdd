"""Normal equations of a film: each frame's unknowns touch those of the next two frames and no others."""

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import as_strided
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
        inner, frames = len(residual), len(self._gradient)
        for column in range(3):
            part = jacobian[column : column + inner]
            self._gradient[column : column + inner] += stencil[:, column, None] * np.einsum(
                "tru,tr->tu", part, residual
            )
        # What frames t and t + k weigh together, over all the accelerations that hold both.
        factors = np.zeros((REACH + 1, frames))
        for column in range(3):
            for row in range(column, 3):
                factors[row - column, column : column + inner] += stencil[:, row] * stencil[:, column]
        for k, blocks in enumerate(self._blocks):
            count = len(blocks)
            product = np.swapaxes(jacobian[k:], 1, 2) @ jacobian[:count]
            blocks += factors[k, :count, None, None] * product

    def solve(self, damping: float) -> Float[np.ndarray, "frames unknowns"]:
        """The step −(J^T J + damping · diag)⁻¹ J^T r."""
        frames, unknowns = self._gradient.shape
        height = (REACH + 1) * unknowns
        # LAPACK's lower form, column by column: band[i − j, j] is element (i, j).
        band = np.zeros((height, frames * unknowns), order="F")
        step = band.itemsize
        for k, blocks in enumerate(self._blocks):
            # Row r, column c of a block lie at row k u + r − c of column c: one place back for each column. Of a frame
            # with itself the part above the diagonal would lie in the column before, at the end: it is 0 there, and is
            # written over by the blocks that follow.
            place = as_strided(
                band.T.reshape(-1)[k * unknowns :],
                shape=(len(blocks), unknowns, unknowns),
                strides=(unknowns * height * step, (height - 1) * step, step),
            )
            place[:] = np.swapaxes(np.tril(blocks) if k == 0 else blocks, 1, 2)
        band[0] *= 1 + damping
        moved = solveh_banded(band, -self._gradient.reshape(-1), lower=True, overwrite_ab=True, check_finite=False)
        return moved.reshape(frames, unknowns)
