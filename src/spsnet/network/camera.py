"""The crop camera's scale, kept positive."""

from jaxtyping import Float

from spsnet.geometry._array import Array, array_namespace


def keep_scale_positive(scale: Float[Array, "*batch"], minimum: float) -> Float[Array, "*batch"]:
    r"""Leave scales of at least `minimum` as they are and bend smaller ones into (0, minimum).

        s ↦ s                         s ≥ m
        s ↦ m² / (2 m − s)            s < m

    Convention:
        Value and slope agree at m, and the slope is positive everywhere, so that training can bring a negative scale
        back. With m = 0.1: 0.9 stays 0.9, 0 becomes 0.05, −1 becomes 0.0083.

    Source:
        Ours; the paper says nothing of a negative s. A softplus would change every scale of a single-image regressor
        whose weights are loaded; this changes only those that mean no camera.
    """
    xp = array_namespace(scale)
    least = xp.full_like(scale, minimum)
    return xp.where(scale < minimum, minimum * minimum / (2 * minimum - xp.where(scale < minimum, scale, least)), scale)
