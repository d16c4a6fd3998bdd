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

    Source:
        Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991.
    """
    x, y = source.astype(np.float64), target.astype(np.float64)
    mean_x, mean_y = x.mean(-2, keepdims=True), y.mean(-2, keepdims=True)
    x, y = x - mean_x, y - mean_y
    u, singular, vt = np.linalg.svd(np.swapaxes(y, -1, -2) @ x)
    sign = np.where(np.linalg.det(u) * np.linalg.det(vt) < 0, -1.0, 1.0)
    last = np.stack([np.ones_like(sign), np.ones_like(sign), sign], -1)
    rotation = (u * last[..., None, :]) @ vt
    spread = (x * x).sum((-1, -2))
    scale = (singular * last).sum(-1) / np.maximum(spread, 1e-20) if with_scale else np.ones_like(sign)
    moved = scale[..., None] * np.einsum("...ij,...j->...i", rotation, mean_x[..., 0, :])
    return Similarity(scale, rotation, mean_y[..., 0, :] - moved)


def apply_similarity(
    similarity: Similarity, points: Float[np.ndarray, "*batch points 3"]
) -> Float[np.ndarray, "*batch points 3"]:
    """Move points by a similarity."""
    rotated = np.einsum("...ij,...pj->...pi", similarity.rotation, points)
    return similarity.scale[..., None, None] * rotated + similarity.translation[..., None, :]
