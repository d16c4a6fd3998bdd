"""The rigid or similarity motion that brings one set of points onto another."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Similarity(NamedTuple):
    """x ↦ scale · R x + translation, one for each batch element."""

    scale: Float[np.ndarray, "*batch"]
    rotation: Float[np.ndarray, "*batch 3 3"]
    translation: Float[np.ndarray, "*batch 3"]


def fit_similarity(
    source: Float[np.ndarray, "*batch points 3"],
    target: Float[np.ndarray, "*batch points 3"],
    *,
    with_scale: bool = True,
) -> Similarity:
    r"""Least-squares Procrustes alignment of `source` onto `target`; reflections are refused.

        min over s, R, t of Σ ‖s R x + t − y‖²

    Computed in float64 whatever comes in.

    Raises:
        ValueError: If a point is not finite.

    Source:
        Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991.
    """
    x, mean_x = _center(source)
    y, mean_y = _center(target)
    u, singular, vt = np.linalg.svd(np.swapaxes(y, -1, -2) @ x)
    sign = np.where(np.linalg.det(u @ vt) < 0, -1.0, 1.0)
    u[..., 2] *= sign[..., None]
    singular[..., 2] *= sign
    rotation = u @ vt
    spread = np.einsum("...pi,...pi->...", x, x)
    scale = singular.sum(-1) / np.maximum(spread, 1e-20) if with_scale else np.ones_like(sign)
    moved = scale[..., None] * np.einsum("...ij,...j->...i", rotation, mean_x)
    return Similarity(scale, rotation, mean_y - moved)


def apply_similarity(
    similarity: Similarity, points: Float[np.ndarray, "*batch points 3"]
) -> Float[np.ndarray, "*batch points 3"]:
    """Move points by a similarity."""
    scaled = similarity.scale[..., None, None] * np.swapaxes(similarity.rotation, -1, -2)
    return points @ scaled + similarity.translation[..., None, :]


def _center(
    points: Float[np.ndarray, "*batch points 3"],
) -> tuple[Float[np.ndarray, "*batch points 3"], Float[np.ndarray, "*batch 3"]]:
    if not np.isfinite(points).all():
        raise ValueError("points to align should be finite")
    mean = np.einsum("...pi->...i", points, dtype=np.float64) / points.shape[-2]
    return points - mean[..., None, :], mean
