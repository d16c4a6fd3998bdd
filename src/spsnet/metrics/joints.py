"""MPJPE and PA-MPJPE: how far joints are from where they should be."""

import numpy as np
from jaxtyping import Bool, Float

from spsnet.geometry import apply_similarity, fit_similarity

MM_PER_M = 1000.0


def compute_mpjpe(
    predicted_m: Float[np.ndarray, "*batch joints 3"],
    target_m: Float[np.ndarray, "*batch joints 3"],
    *,
    root: tuple[int, ...] | None,
) -> Float[np.ndarray, "*batch joints"]:
    r"""Distance of each joint from its target once both roots coincide (mean per-joint position error).

        e = ‖(X − mean X_root) − (X̂ − mean X̂_root)‖

    Convention:
        Metres in, millimetres out. A joint 3 cm off along x and 4 cm along y, its root in place, gives 50.

    Args:
        predicted_m: Joints of the predicted body.
        target_m: Labels, same order and axes; NaN where there is none.
        root: Joints whose mean is the root: (0,) for the pelvis, (2, 3) for the hips of LSP 14; None compares places as
            they are.

    Raises:
        ValueError: If a root joint does not exist.

    Source:
        Ionescu et al., "Human3.6M", 2014, section 4; roots by protocol.
    """
    difference = np.subtract(predicted_m, target_m, dtype=np.float64)
    if root is not None:
        difference -= _average_root(difference, root)
    return MM_PER_M * measure_lengths(difference)


def measure_lengths(vectors: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch"]:
    """Euclidean lengths, faster than `numpy.linalg.norm` over so short an axis."""
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", vectors, vectors)))


def compute_pa_mpjpe(
    predicted_m: Float[np.ndarray, "*batch joints 3"],
    target_m: Float[np.ndarray, "*batch joints 3"],
    *,
    valid_mask: Bool[np.ndarray, "*batch joints"] | None = None,
) -> Float[np.ndarray, "*batch joints"]:
    r"""Distance of each joint from its target after each frame's own best similarity (Procrustes-aligned MPJPE).

        e = ‖s R X + t − X̂‖,   s, R, t = argmin Σ ‖s R X + t − X̂‖²

    The prediction is brought onto the target, never the other way round; reflections are refused.

    Convention:
        Metres in, millimetres out. A prediction twice as large, turned and moved gives 0 everywhere; a mirrored one
        does not.

    Args:
        predicted_m: Joints of the predicted body.
        target_m: Labels, same order; anything, NaN too, where not valid.
        valid_mask: Labelled joints; all where None. Others take no part in the alignment and come out as NaN, and so do
            frames with fewer than three: any two points fit.

    Raises:
        ValueError: If a joint that takes part is not finite.

    Source:
        Procrustes as in `spsnet.geometry.fit_similarity`; over the valid joints alone by putting the others at their
        mean, where they weigh nothing.
    """
    predicted, target = predicted_m.astype(np.float64), target_m.astype(np.float64)
    mask = np.ones(target.shape[:-1], bool) if valid_mask is None else valid_mask
    weighs = mask & (mask.sum(-1, keepdims=True) >= 3)
    if weighs.all():
        return _measure_aligned(predicted, target)
    error = _measure_aligned(*(_fill_with_mean(joints, weighs) for joints in (predicted, target)))
    return np.where(weighs, error, np.nan)


def _measure_aligned(
    predicted: Float[np.ndarray, "*batch joints 3"], target: Float[np.ndarray, "*batch joints 3"]
) -> Float[np.ndarray, "*batch joints"]:
    aligned = apply_similarity(fit_similarity(predicted, target), predicted)
    return MM_PER_M * measure_lengths(aligned - target)


def _fill_with_mean(
    joints: Float[np.ndarray, "*batch joints 3"], valid_mask: Bool[np.ndarray, "*batch joints"]
) -> Float[np.ndarray, "*batch joints 3"]:
    mask = valid_mask[..., None]
    known = np.where(mask, joints, 0.0)
    return np.where(mask, joints, known.sum(-2, keepdims=True) / np.maximum(mask.sum(-2, keepdims=True), 1))


def _average_root(
    joints: Float[np.ndarray, "*batch joints 3"], root: tuple[int, ...]
) -> Float[np.ndarray, "*batch 1 3"]:
    if not root or not all(0 <= joint < joints.shape[-2] for joint in root):
        raise ValueError(f"root should name joints from 0 to {joints.shape[-2] - 1}, got {root}")
    return np.asarray(joints[..., list(root), :].mean(-2, keepdims=True))
