"""What an encoder looks at: where its landmarks truly lie in the picture, and how bodies lie to the line of sight."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from spsnet.crops import compute_network_box
from spsnet.datasets.shards import FOCAL_PX
from spsnet.geometry import project_points, rotation_between
from spsnet.skeletons import get_joint_set

PARTS = ("head", "trunk and arms", "legs")
"""Of the body, whose sides are exchanged each for itself or together."""
PART_OF = torch.tensor([0] * 11 + [1] * 14 + [2] * 8)
"""For each landmark."""
MIRROR = torch.from_numpy(get_joint_set("blazepose33").mirror_index)
"""For each landmark, the one on the other side."""
_HIPS = [23, 24]
_LOOKED = [0, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
"""Nose, shoulders, elbows, wrists, hips, knees and ankles tell how somebody looks."""
_DEPTH_WEIGHT = 0.25
LOOKED_MIRROR = torch.tensor([_LOOKED.index(int(MIRROR[k])) for k in _LOOKED])
"""For each of the points of a look, the one on the other side."""


class BodyView(NamedTuple):
    """Landmarks' true places as a camera at `FOCAL_PX` with the principal point 0 has them."""

    points_m: Float[Tensor, "batch time 33 3"]
    """Camera axes."""
    clean_px: Float[Tensor, "batch time 33 2"]
    half_px: Float[Tensor, "batch time"]
    """Half the side of the network box about them."""
    turned_m: Float[Tensor, "batch time 33 3"]
    """About the hips' middle, in axes of which z is the line of sight to it: as a crop shows the body."""

    @property
    def look_m(self) -> Float[Tensor, "batch time looked 3"]:
        """The points by which two people look alike or not; depth counts for little, as in a picture."""
        return self.turned_m[:, :, _LOOKED] * self.turned_m.new_tensor([1.0, 1.0, _DEPTH_WEIGHT])


def view_landmarks(points_m: Float[Tensor, "batch time 33 3"]) -> BodyView:
    """Project the landmarks of bodies in camera axes, and turn them to the line of sight.

    Convention:
        A body whose hips' middle lies at (3, 0, 4) is seen along that line: a landmark at (6, 0, 8), straight behind it
        and 5 m further, has (0, 0, 5) there.
    """
    clean_px = project_points(points_m, FOCAL_PX, points_m.new_zeros(2))
    middle = points_m[:, :, _HIPS].mean(2)
    turn = rotation_between(middle, middle.new_tensor([0.0, 0.0, 1.0]).expand_as(middle))
    turned = (points_m - middle[:, :, None]) @ turn.transpose(-1, -2)
    return BodyView(points_m, clean_px, compute_network_box(clean_px)[..., 2] / 2, turned)


def exchange_sides(
    values: Float[Tensor, "batch time 33 size"], swapped: Bool[Tensor, "batch time parts"]
) -> Float[Tensor, "batch time 33 size"]:
    """Give left landmarks the right ones' values, and the other way round, in the parts that are swapped."""
    return torch.where(swapped[:, :, PART_OF, None], values[:, :, MIRROR], values)


def mirror_points(
    values: Float[Tensor, "*batch points size"], index: Int[Tensor, " points"]
) -> Float[Tensor, "*batch points size"]:
    """As in a mirror: sides exchanged, x the other way."""
    turned = values[..., index, :]
    return torch.cat([-turned[..., :1], turned[..., 1:]], dim=-1)
