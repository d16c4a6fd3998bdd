"""How wide a body shows in an encoder's mask, as a linear function of its shape and of how it is seen."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.crops import WIDTH_NAMES
from spsnet.datasets.shards import FOCAL_PX
from spsnet.synthesis.views import BodyView

_SHOULDERS, _HIPS = (11, 12), (23, 24)
_TRUNK = (_SHOULDERS, _HIPS)
_LIMBS = {
    "left_upper_arm": (11, 13), "right_upper_arm": (12, 14), "left_forearm": (13, 15), "right_forearm": (14, 16),
    "left_thigh": (23, 25), "right_thigh": (24, 26), "left_shin": (25, 27), "right_shin": (26, 28),
}  # fmt: skip
_STARTS, _ENDS = (
    torch.tensor([(_LIMBS[name][end],) * 2 if name in _LIMBS else _TRUNK[end] for name in WIDTH_NAMES])
    for end in (0, 1)
)
"""Each end of a bone is the middle of two landmarks, of a limb twice the same."""
WIDTH_MIRROR = torch.tensor(
    [
        WIDTH_NAMES.index(name.replace("left", "right") if "left" in name else name.replace("right", "left"))
        for name in WIDTH_NAMES
    ]
)
"""For each width, the one on the other side."""
_PRIOR = torch.tensor([0.001, *[9.0] * 10, *[0.5] * 3])
"""Of each condition, windows whose worth of evidence says that it does not matter: (residual / usual effect)²."""
_OUTLIER = 0.2


def describe_widths(view: BodyView, shape: Float[Tensor, "batch 10"]) -> Float[Tensor, "batch time 12 conditions"]:
    """What each width in metres depends on.

    1, the shape, how far the trunk is turned from frontal (the square of the sine), how far the bone points along the
    line of sight (likewise), and half the network box in metres: the mask of a figure that is large in its crop is
    coarser.
    """
    batch, frames = view.half_px.shape
    bones = view.turned_m[:, :, _ENDS].mean(3) - view.turned_m[:, :, _STARTS].mean(3)
    across = view.turned_m[:, :, [_SHOULDERS[0], _HIPS[0]]] - view.turned_m[:, :, [_SHOULDERS[1], _HIPS[1]]]
    half_m = view.half_px * view.points_m[:, :, list(_HIPS), 2].mean(2) / FOCAL_PX
    everywhere = torch.cat(
        [
            torch.ones(batch, frames, 1),
            shape[:, None].expand(batch, frames, 10),
            _square_sine(across.sum(2))[..., None],
            half_m[..., None],
        ],
        dim=-1,
    )
    return torch.cat([everywhere[:, :, None].expand(-1, -1, 12, -1), _square_sine(bones)[..., None]], dim=-1)


def measure_pixels_per_metre(view: BodyView) -> Float[Tensor, "batch time 12"]:
    """At the middle of each bone."""
    depth = (view.points_m[:, :, _STARTS, 2].mean(3) + view.points_m[:, :, _ENDS, 2].mean(3)) / 2
    return FOCAL_PX / depth.clamp(min=0.1)


def fit_width_map(
    log_width: Float[Tensor, "batch time 12"],
    known: Bool[Tensor, "batch time 12"],
    conditions: Float[Tensor, "batch time 12 conditions"],
) -> Float[Tensor, "12 conditions"]:
    """Robust least squares: arms before the trunk and runs into other people are weighted down (Geman and McClure)."""
    weight = known.to(conditions.dtype)
    width_map = conditions.new_zeros(12, conditions.shape[-1])
    ridge = torch.diag(_PRIOR * conditions.shape[1])
    for _ in range(6):
        normal = torch.einsum("btwa,btw,btwc->wac", conditions, weight, conditions) + ridge
        right = torch.einsum("btwa,btw,btw->wa", conditions, weight, log_width)
        width_map = torch.linalg.solve(normal, right[..., None])[..., 0]
        off = log_width - (conditions * width_map).sum(-1)
        weight = known / (1 + (off / _OUTLIER) ** 2) ** 2
    return width_map


def _square_sine(direction: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch"]:
    """Of the angle between a direction and the picture."""
    return direction[..., 2].square() / direction.square().sum(-1).clamp(min=1e-8)
