"""A differentiable silhouette of a posed mesh: every face leaves its projected area where its middle is."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from spsnet.geometry import image_to_crop, project_points

_SATURATION = 1.5
_NEAR_M = 0.05


class ProjectedFaces(NamedTuple):
    """Faces of a mesh as a square picture sees them."""

    points: Float[Tensor, "batch faces 2"]
    """Middle of each, in the box's coordinates: [-1, 1], x right, y down."""
    areas: Float[Tensor, "batch faces"]
    """In box units², of which the box has 4; not negative, whichever side is seen."""


def project_faces(
    vertices_m: Float[Tensor, "batch vertices 3"],
    faces: Int[Tensor, "faces 3"],
    box_xys_px: Float[Tensor, "batch 3"],
    focal_px: float,
    center_px: Float[Tensor, "*#batch 2"],
) -> ProjectedFaces:
    corners = image_to_crop(project_points(vertices_m, focal_px, center_px), box_xys_px)[:, faces]
    first, second = corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]
    areas = (first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]).abs() / 2
    near = (vertices_m[..., 2] < _NEAR_M)[:, faces].any(-1)
    points = corners.mean(2)
    return ProjectedFaces(
        torch.where(near[..., None], torch.zeros_like(points), points),
        torch.where(near, torch.zeros_like(areas), areas),
    )


def compute_silhouettes(
    points: Float[Tensor, "batch faces 2"], areas: Float[Tensor, "batch faces"], size: int = 64
) -> Float[Tensor, "batch size size"]:
    batch = points.shape[0]
    place = (points + 1) * (size / 2) - 0.5
    low = place.detach().floor().clamp(-2, size)
    share = place - low
    column, row = low.long().unbind(-1)
    weight = areas * (size / 2) ** 2
    x, y = share.unbind(-1)
    density = points.new_zeros(batch, (size + 4) * (size + 4))
    start = (row + 2) * (size + 4) + column + 2
    for index, part in (
        (start, (1 - x) * (1 - y)),
        (start + 1, x * (1 - y)),
        (start + size + 4, (1 - x) * y),
        (start + size + 5, x * y),
    ):
        density = density.scatter_add(1, index, weight * part)
    inner = density.reshape(batch, size + 4, size + 4)[:, 2:-2, 2:-2]
    return -torch.expm1(-_SATURATION * inner)
