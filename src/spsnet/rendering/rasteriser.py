r"""Triangles to pixels with a depth buffer, in numpy alone.

Each triangle is cut into its rows of pixels (spans) and each span into pixels, for all triangles at once; the nearest
triangle of every pixel then wins by one `maximum.at` on keys whose high half is the inverse depth and whose low half
the face. Cost: a fixed part per face in the picture and a part per covered pixel; no sorting, and limbs that cross
are cut where they meet.

Convention:
    A pixel (column i, row j) is covered when its centre (i + 0.5, j + 0.5) lies in the triangle; a centre on an edge
    shared by two triangles belongs to exactly one of them. Faces wind counter-clockwise seen from outside (SMPL).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from spsnet.geometry import project_points
from spsnet.records import Pinhole

_NO_KEY = np.int64(-1)


@dataclass(frozen=True, kw_only=True)
class Raster:
    """Which triangle each pixel of a window of the picture shows, and how deep."""

    x: int
    """Left column of the window in the picture."""
    y: int
    """Top row of the window in the picture."""
    face_id: Int[np.ndarray, "height width"]
    """Row of `faces`, -1 where there is none."""
    inverse_depth: Float[np.ndarray, "height width"]
    """1 / z in 1/m, 0 where there is no face: what a depth buffer compares."""

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that the arrays cover."""
        height, width = self.face_id.shape
        return slice(self.y, self.y + height), slice(self.x, self.x + width)


@dataclass(frozen=True, kw_only=True)
class Fragments:
    """The covered pixels of a raster and where in its triangle each lies."""

    pixel: Int[np.ndarray, " fragments"]
    """Flat position in the raster's window."""
    face: Int[np.ndarray, " fragments"]
    weights: Float[np.ndarray, "3 fragments"]
    """Perspective-correct shares of the triangle's three vertices; they sum to 1."""


def rasterize(
    vertices_m: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    camera: Pinhole,
    *,
    near_m: float = 0.05,
    cull_back_faces: bool = True,
) -> Raster:
    """Find the nearest triangle of every pixel.

    Args:
        vertices_m: Camera axes (OpenCV), metres.
        faces: Vertex triples, counter-clockwise from outside.
        camera: The picture's camera; its size bounds the window.
        near_m: A triangle with a vertex nearer than this, or behind the camera, is left out whole.
        cull_back_faces: Leave out triangles seen from inside: half the work for a closed body.

    Returns:
        The window about everything that is seen; of size 0 × 0 when nothing is.

    Raises:
        ValueError: If `near_m` is not positive.
    """
    if near_m <= 0:
        raise ValueError(f"near_m should be positive, got {near_m}")
    triangles, depth, face_index = _select_faces(vertices_m, faces, camera, near_m, cull_back_faces)
    if not len(face_index):
        return _empty_raster()
    # One coordinate at a time: numpy is slow along short last axes.
    least, most = ([f(triangles[..., k]) for k in (0, 1)] for f in (np.min, np.max))
    low = np.maximum(np.ceil(np.array(least) - 0.5), 0).astype(np.int64)
    high = np.minimum(np.ceil(np.array(most) - 0.5), (camera.width, camera.height)).astype(np.int64)
    width, height = (int(side) for side in np.maximum(high - low, 0))
    if width == 0 or height == 0:
        return _empty_raster()

    pixel, owner, inverse = _scan_triangles(triangles - low, 1 / depth, width, height)
    key = (inverse.view(np.int32).astype(np.int64) << 32) | face_index[owner]
    nearest = np.full(height * width, _NO_KEY)
    np.maximum.at(nearest, pixel, key)
    face_id = nearest.astype(np.int32)
    depths = (nearest >> 32).astype(np.int32)
    depths[face_id < 0] = 0
    return Raster(
        x=int(low[0]),
        y=int(low[1]),
        face_id=face_id.reshape(height, width),
        inverse_depth=depths.view(np.float32).reshape(height, width),
    )


def compute_fragments(
    raster: Raster, vertices_m: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], camera: Pinhole
) -> Fragments:
    r"""List a raster's covered pixels with their places in their triangles.

    The ray d = ((x − c) / f, 1) of the pixel's centre meets the triangle (a, b, c) where the shares are in the ratio

        d·(b × c) : d·(c × a) : d·(a × b)

    Source:
        Cramer's rule on λ d = w₀ a + w₁ b + w₂ c.
    """
    width = raster.face_id.shape[1]
    flat = raster.face_id.ravel()
    pixel = np.flatnonzero(flat >= 0)
    face = flat[pixel]
    seen_mask = np.zeros(len(faces), bool)
    seen_mask[face] = True
    seen = np.flatnonzero(seen_mask)
    local = (np.cumsum(seen_mask) - 1)[face]

    a, b, c = vertices_m.astype(np.float64)[faces[seen].T]
    # (b × c = b × (c − b)) keeps triangles of a few millimetres, metres away, exact enough.
    normals = np.stack([np.cross(b, c - b), np.cross(c, a - c), np.cross(a, b - a)])
    slopes = normals[..., :2] / camera.focal_px
    corner = np.array([raster.x + 0.5 - camera.center_px[0], raster.y + 0.5 - camera.center_px[1]])
    origins = (normals[..., 2] + slopes @ corner).astype(np.float32)
    slopes = slopes.astype(np.float32)
    row, column = np.divmod(pixel.astype(np.int32), np.int32(max(width, 1)))
    row, column = row.astype(np.float32), column.astype(np.float32)
    weights = np.empty((3, len(pixel)), np.float32)
    for share, origin, slope in zip(weights, origins, slopes, strict=True):
        share[:] = origin[local]
        share += slope[:, 0][local] * column
        share += slope[:, 1][local] * row
    # All three are negative in a face seen from outside; a share of the other sign is rounding.
    weights *= np.sign(weights.sum(0))
    np.maximum(weights, 0, out=weights)
    weights /= np.maximum(weights.sum(0), 1e-30)
    return Fragments(pixel=pixel, face=face, weights=weights)


def interpolate_vertices(
    fragments: Fragments, faces: Int[np.ndarray, "faces 3"], values: Float[np.ndarray, "vertices channels"]
) -> Float[np.ndarray, "channels fragments"]:
    """Values given at the vertices, at each covered pixel; channels first, which is how they are quickest made."""
    return interpolate_corners(fragments, np.asarray(values, np.float32)[faces])


def interpolate_corners(
    fragments: Fragments, values: Float[np.ndarray, "faces 3 channels"]
) -> Float[np.ndarray, "channels fragments"]:
    """Values given at each face's own three corners (texture coordinates with seams), at each covered pixel."""
    tables = np.ascontiguousarray(values.transpose(2, 1, 0), np.float32)
    blended = np.empty((len(tables), len(fragments.face)), np.float32)
    face, corner = fragments.face.astype(np.intp), np.empty(len(fragments.face), np.float32)
    for channel, table in zip(blended, tables, strict=True):
        np.multiply(table[0].take(face), fragments.weights[0], out=channel)
        for k in (1, 2):
            table[k].take(face, out=corner, mode="clip")
            corner *= fragments.weights[k]
            channel += corner
    return blended


def _select_faces(
    vertices_m: np.ndarray, faces: np.ndarray, camera: Pinhole, near_m: float, cull_back_faces: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Screen corners (3, F, 2), depths (3, F) and numbers of the faces that hold a pixel's centre, or might."""
    points = project_points(vertices_m.astype(np.float64), camera.focal_px, np.asarray(camera.center_px))
    corners = np.ascontiguousarray(faces.T)
    x, y, depth = points[:, 0][corners], points[:, 1][corners], vertices_m[:, 2].astype(np.float64)[corners]
    area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    keep = (depth.min(0) >= near_m) & ((area < 0) if cull_back_faces else (area != 0))
    for coordinate, limit in ((x, camera.width), (y, camera.height)):
        first = np.ceil(np.maximum(coordinate.min(0), 0) - 0.5)
        last = np.ceil(np.minimum(coordinate.max(0), limit) - 0.5)
        keep &= first < last
    chosen = np.flatnonzero(keep)
    return np.stack([x[:, chosen], y[:, chosen]], -1), depth[:, chosen], chosen


def _scan_triangles(
    triangles: np.ndarray, inverse: np.ndarray, width: int, height: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flat pixel, triangle and inverse depth of every pixel of every triangle (3, F, 2) within a window."""
    x, y = triangles[..., 0], triangles[..., 1]
    # Inverse depth is linear on the screen: 1/z = plane + slope_x column + slope_y row.
    dx1, dy1, dx2, dy2 = x[1] - x[0], y[1] - y[0], x[2] - x[0], y[2] - y[0]
    area = dx1 * dy2 - dx2 * dy1
    slope_x = ((inverse[1] - inverse[0]) * dy2 - (inverse[2] - inverse[0]) * dy1) / area
    slope_y = ((inverse[2] - inverse[0]) * dx1 - (inverse[1] - inverse[0]) * dx2) / area
    plane = inverse[0] - slope_x * (x[0] - 0.5) - slope_y * (y[0] - 0.5)

    order = np.argsort(y, axis=0, kind="stable")
    x, y = np.take_along_axis(x, order, 0), np.take_along_axis(y, order, 0)
    first = np.clip(np.ceil(y[0] - 0.5), 0, height).astype(np.int32)
    last = np.clip(np.ceil(y[2] - 0.5), 0, height).astype(np.int32)
    rows = np.maximum(last - first, 0)
    owner = np.repeat(np.arange(len(rows)), rows)
    row = np.arange(len(owner)) + np.repeat(first - (np.cumsum(rows) - rows), rows)

    # Every edge is x = start + slope y from its own upper end, so that two triangles agree on the edge they share.
    tops, ends = [0, 0, 1], [2, 1, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = (x[ends] - x[tops]) / (y[ends] - y[tops])
        starts = x[tops] - slopes * y[tops]
    center = row + 0.5
    short = owner + len(rows) * (1 + (center >= y[1][owner]))
    one, other = (starts.ravel()[edge] + slopes.ravel()[edge] * center for edge in (owner, short))
    left = np.clip(np.ceil(np.minimum(one, other) - 0.5), 0, width).astype(np.int32)
    right = np.clip(np.ceil(np.maximum(one, other) - 0.5), 0, width).astype(np.int32)
    widths = np.maximum(right - left, 0)

    span = np.repeat(np.arange(len(widths)), widths)
    step = np.arange(len(span)) - (np.cumsum(widths) - widths)[span]
    at_left = (plane[owner] + slope_y[owner] * row + slope_x[owner] * left).astype(np.float32)
    along = slope_x.astype(np.float32)[owner]
    depths = at_left[span] + along[span] * step.astype(np.float32)
    return (row * width + left)[span] + step, owner[span], np.maximum(depths, np.float32(1e-12))


def _empty_raster() -> Raster:
    return Raster(x=0, y=0, face_id=np.full((0, 0), -1, np.int32), inverse_depth=np.zeros((0, 0), np.float32))
