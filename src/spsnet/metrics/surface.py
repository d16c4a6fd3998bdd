"""PVE: how far the body's surface is from where it should be."""

import numpy as np
from jaxtyping import Float

from spsnet.metrics.joints import MM_PER_M, measure_lengths


def compute_pve(
    predicted_m: Float[np.ndarray, "*batch vertices 3"],
    target_m: Float[np.ndarray, "*batch vertices 3"],
    *,
    predicted_root_m: Float[np.ndarray, "*batch 3"] | None = None,
    target_root_m: Float[np.ndarray, "*batch 3"] | None = None,
) -> Float[np.ndarray, "*batch vertices"]:
    r"""Distance of each vertex from its target (per-vertex error).

        e = ‖(V − r) − (V̂ − r̂)‖

    Convention:
        Metres in, millimetres out; both meshes of the same topology. Protocols differ in whether roots are taken off:
        VIBE's family does not.

    Args:
        predicted_m: Vertices of the predicted body.
        target_m: Vertices of the labelled body.
        predicted_root_m: r, the predicted body's root; None where places are compared as they are.
        target_root_m: r̂, given where r is.

    Raises:
        ValueError: If only one of the roots is given.
    """
    if (predicted_root_m is None) != (target_root_m is None):
        raise ValueError("predicted_root_m and target_root_m should be given both or neither")
    difference = np.subtract(predicted_m, target_m, dtype=np.float64)
    if predicted_root_m is not None and target_root_m is not None:
        difference -= (predicted_root_m.astype(np.float64) - target_root_m.astype(np.float64))[..., None, :]
    return MM_PER_M * measure_lengths(difference)
