"""Which vertices the lamp reaches: a depth picture taken from the lamp."""

import numpy as np
from jaxtyping import Float, Int

from spsnet.records import Pinhole
from spsnet.rendering.rasteriser import rasterize

_DISTANCE = 8.0
_BIAS = 0.03


def compute_lamp_visibility(
    vertices_m: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    direction: Float[np.ndarray, "3"],
    *,
    resolution_px: int = 128,
) -> Float[np.ndarray, " vertices"]:
    """Share of the lamp's light that reaches each vertex past the rest of the mesh, 0 to 1.

    The lamp's picture is taken from eight times the mesh's radius away; a vertex more than 3 % of the radius
    behind what that picture shows lies in shadow, softened over the four nearest pixels.

    Args:
        vertices_m: The body.
        faces: Vertex triples, counter-clockwise from outside.
        direction: To the lamp; any length but 0.
        resolution_px: Side of the lamp's picture.
    """
    center = np.array([(axis.min() + axis.max()) / 2 for axis in vertices_m.T])
    radius = float(np.linalg.norm(vertices_m - center, axis=1).max())
    forward = -direction / np.linalg.norm(direction)
    right = np.cross(np.eye(3)[np.argmin(np.abs(forward))], forward)
    right /= np.linalg.norm(right)
    seen_m = (vertices_m - center) @ np.stack([right, np.cross(forward, right), forward], 1)
    seen_m[:, 2] += _DISTANCE * radius
    camera = Pinhole.from_size(resolution_px, resolution_px, resolution_px * (_DISTANCE - 1) / 2)
    raster = rasterize(seen_m, faces, camera, near_m=radius)
    nearest = np.full((resolution_px + 2, resolution_px + 2), np.inf, np.float32)
    with np.errstate(divide="ignore"):
        nearest[1:-1, 1:-1][raster.window] = 1 / raster.inverse_depth
    spot = seen_m[:, :2] / seen_m[:, 2:] * camera.focal_px + (resolution_px / 2 + 0.5)
    corner = np.clip(np.floor(spot), 0, resolution_px).astype(np.int64)
    across, down = (np.clip(spot - corner, 0, 1)).T
    reach = seen_m[:, 2] - _BIAS * radius
    lit = [[reach <= nearest[corner[:, 1] + j, corner[:, 0] + i] for i in (0, 1)] for j in (0, 1)]
    upper = lit[0][0] * (1 - across) + lit[0][1] * across
    return upper * (1 - down) + (lit[1][0] * (1 - across) + lit[1][1] * across) * down
