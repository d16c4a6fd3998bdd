"""The shape space and the joint regressor, learnt from people in the T-pose."""

import numpy as np
from scipy.optimize import nnls


def fit_shape_space(bodies: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Principal components scaled so that the coefficients of real adults have unit variance.

    Args:
        bodies: (N, V, 3) metres.
        count: Components to keep.

    Returns:
        Mean (V, 3), directions (V, 3, count) in metres per standard deviation, and the share of the variance that
        each component explains, (count,). Each component's sign makes it taller, or higher in its heaviest vertex.
    """
    flat = bodies.reshape(len(bodies), -1).astype(np.float64)
    mean = flat.mean(axis=0)
    centred = flat - mean
    values, vectors = np.linalg.eigh(centred @ centred.T)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    directions = (centred.T @ vectors) / np.sqrt(len(bodies) - 1)
    share = values / (centred**2).sum()
    directions = directions.reshape(*bodies.shape[1:], count)
    top = np.argmax(mean.reshape(-1, 3)[:, 1])
    directions *= np.where(directions[top, 1] < 0.0, -1.0, 1.0)
    return mean.reshape(-1, 3), directions, share


def project_shapes(bodies: np.ndarray, mean: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Least-squares coefficients (N, count) of bodies in the space."""
    basis = directions.reshape(-1, directions.shape[-1])
    flat = (bodies - mean).reshape(len(bodies), -1)
    return np.linalg.lstsq(basis, flat.T, rcond=None)[0].T


def fit_regressor(bodies: np.ndarray, points: np.ndarray, near_mask: np.ndarray, *, spread: float = 5e-3) -> np.ndarray:
    """Weights, none negative and summing to one, that find a point as a mean of vertices in every body.

    Args:
        bodies: (N, V, 3) metres.
        points: (N, 3) where the point lies in each.
        near_mask: (V,) vertices that may take part.
        spread: Weight of a ridge that spreads the regressor over more vertices.

    Returns:
        (V,).
    """
    index = np.flatnonzero(near_mask)
    offsets = bodies[:, index] - points[:, None]
    rows = offsets.transpose(0, 2, 1).reshape(-1, len(index)).astype(float) / np.sqrt(len(bodies))
    system = np.concatenate([rows, spread * np.eye(len(index)), np.ones((1, len(index)))])
    right = np.zeros(len(system))
    right[-1] = 1.0
    weights, _ = nnls(system, right, maxiter=50 * len(index))
    result = np.zeros(bodies.shape[1])
    result[index] = weights / weights.sum()
    return result
