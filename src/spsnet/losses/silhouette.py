"""A differentiable silhouette of a posed mesh: every face leaves its projected area where its middle is."""

from math import log
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from spsnet.geometry import image_to_crop, project_points


class ProjectedFaces(NamedTuple):
    """Faces of a mesh as a square of the picture sees them."""

    points: Float[Tensor, "batch faces 2"]
    """Middle of each, in the square's coordinates: [-1, 1], x right, y down."""
    areas: Float[Tensor, "batch faces"]
    """Not negative, whichever side is seen; in the coordinates' unit, so the whole square has 4."""


def project_faces(
    vertices_m: Float[Tensor, "batch vertices 3"],
    faces: Int[Tensor, "faces 3"],
    box_xys_px: Float[Tensor, "batch 3"],
    focal_px: float,
    center_px: Float[Tensor, "*#batch 2"],
    *,
    near_m: float = 0.05,
) -> ProjectedFaces:
    """See a mesh's faces through a pinhole, in a square of its picture.

    Convention:
        OpenCV camera axes, metres, pixels. Before f = 1000 px and in a square of 200 px about the principal point, the
        triangle (0, 0), (0.6, 0), (0, 0.6) at z = 10 m has its middle at (0.2, 0.2) and an area of 0.18.

    Args:
        vertices_m: Camera axes.
        faces: Vertex triples, either way round.
        box_xys_px: Centre and side of the square.
        focal_px: Of the full picture.
        center_px: Principal point.
        near_m: A face with a vertex nearer than this, or behind the camera, gets no area and no gradient.
    """
    corners = image_to_crop(project_points(vertices_m, focal_px, center_px), box_xys_px)
    # Vertices first: rows of a whole batch are picked, and in the gradient added up, far faster than single points.
    order = faces.reshape(-1)
    near = (vertices_m[..., 2] < near_m).T.contiguous().index_select(0, order).reshape(len(faces), 3, -1).any(1)
    rows = corners.permute(1, 2, 0).contiguous().index_select(0, order).reshape(len(faces), 3, 2, -1)
    a, b, c = rows.unbind(1)
    right, down = b - a, c - a
    areas = (right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0]).abs() / 2
    areas = torch.where(near, torch.zeros_like(areas), areas)
    return ProjectedFaces(((a + b + c) / 3).permute(2, 0, 1).contiguous(), areas.T.contiguous())


def compute_silhouettes(
    points: Float[Tensor, "batch faces 2"], areas: Float[Tensor, "batch faces"], size: int = 64
) -> Float[Tensor, "batch size size"]:
    r"""How much of each pixel the faces cover.

        d = Σ_f area_f (1 − |x − x_f|)₊ (1 − |y − y_f|)₊        m = 1 − 2^(−d³)

    with areas and places in pixels. A closed mesh lies twice over every pixel inside its outline, front and back, so d
    is 2 inside and 1 where the outline runs through the pixel's middle: m is 0.996 and a half. There is no depth:
    which face hides which changes no silhouette.

    Convention:
        Pixel (row j, column i) has its middle at (2 (i + ½) / size − 1, 2 (j + ½) / size − 1). In 4 × 4 pixels, each
        0.25 wide and high, two faces of area 0.25 at (0.25, 0.25) fill the pixel in row 2, column 2 (m = 0.996).

        A face reaches the four pixels about its middle. One whose middle is more than half a pixel outside the picture
        gives nothing and gets no gradient, nor does one that only touches pixels whose cost does not change. Faces
        should be smaller than about 1.5 pixels, or the silhouette gets holes.

    Args:
        points: Middles of the faces of a closed mesh, all of them, whichever way they look.
        areas: Their areas; a set of faces that stands for a larger one brings the larger one's area.
        size: Pixels along each edge.

    Returns:
        m, from 0 to 1.

    Source:
        Ours. A splat of middles costs one addition for each face and pixel that it touches, where a soft rasteriser
        pays for every face in every pixel near it.
    """
    scale = size / 2
    # One pixel more to the left and above, two to the right and below, take what lies outside.
    stride = size + 3
    place = ((points + 1) * scale - 0.5).nan_to_num(-1.0).clamp(-1, size)
    corner = place.detach().floor()
    column, row = (corner.long() + 1).unbind(-1)
    x, y = (place - corner).unbind(-1)
    weight = areas * scale**2
    lower = weight * y
    upper = weight - lower
    lower_right, upper_right = lower * x, upper * x
    parts = (upper - upper_right, upper_right, lower - lower_right, lower_right)
    start = row * stride + column
    density = points.new_zeros(len(points), stride**2).scatter_add(
        1, torch.cat([start, start + 1, start + stride, start + stride + 1], 1), torch.cat(parts, 1)
    )
    inside = density.reshape(-1, stride, stride)[:, 1 : size + 1, 1 : size + 1]
    return -torch.expm1(-log(2) * inside**3)
