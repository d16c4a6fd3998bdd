"""Bodies painted on a transparent layer, with the right one in front, and the layer laid over a picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from spsnet.records import Pinhole
from spsnet.rendering.rasteriser import Raster, compute_fragments, interpolate_vertices, rasterize
from spsnet.rendering.shading import Light, compute_vertex_normals, shade_vertices

_CONTOUR_STEP_M = 0.05
_CONTOUR_SHADE = 0.55


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One body to paint."""

    vertices_m: Float[np.ndarray, "vertices 3"]
    """Camera axes."""
    color: Float[np.ndarray, "3"]
    """RGB, 0 to 1."""
    opacity: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What `paint_figures` leaves: colour times coverage, coverage, and the windows outside which there is nothing."""

    color_rgb: UInt8[np.ndarray, "height width 3"]
    coverage: UInt8[np.ndarray, "height width"]
    windows: tuple[tuple[slice, slice], ...]


def paint_figures(
    figures: list[Figure], faces: Int[np.ndarray, "faces 3"], camera: Pinhole, light: Light | None = None
) -> Layer:
    """Draw bodies that share one topology, hiding what is behind; dark lines where one part passes before another."""
    light = Light(rim=0.45) if light is None else light
    color = np.zeros((camera.height, camera.width, 3), np.uint8)
    coverage = np.zeros((camera.height, camera.width), np.uint8)
    rasters = [rasterize(figure.vertices_m, faces, camera) for figure in figures]
    nearest = np.zeros((camera.height, camera.width), np.float32)
    for raster in rasters:
        np.maximum(nearest[raster.window], raster.inverse_depth, out=nearest[raster.window])
    for figure, raster in zip(figures, rasters, strict=True):
        seen = _keep_nearest(raster, nearest[raster.window])
        fragments = compute_fragments(seen, figure.vertices_m, faces, camera)
        if not len(fragments.pixel):
            continue
        normals = compute_vertex_normals(figure.vertices_m, faces)
        shaded = shade_vertices(figure.color[None], figure.vertices_m, normals, light)
        rgb = interpolate_vertices(fragments, faces, shaded * (255 * figure.opacity))
        contour_mask = _find_contours(nearest[raster.window], camera.focal_px)
        rgb *= np.where(contour_mask.ravel()[fragments.pixel], _CONTOUR_SHADE, np.float32(1))
        planes = np.zeros((3, *seen.face_id.shape), np.uint8)
        planes.reshape(3, -1)[:, fragments.pixel] = np.clip(rgb, 0, 255 * figure.opacity)
        seen_mask = (seen.face_id >= 0).view(np.uint8)
        cv2.copyTo(cv2.merge(list(planes)), seen_mask, color[raster.window])
        coverage[raster.window][seen.face_id >= 0] = round(255 * figure.opacity)
    return Layer(color_rgb=color, coverage=coverage, windows=_merge_windows(rasters, camera))


def lay_over(image_rgb: UInt8[np.ndarray, "height width 3"], layer: Layer, opacity: float = 1.0) -> None:
    """Blend a layer into a picture, in place, its outlines smoothed over three pixels.

    Raises:
        ValueError: If the sizes differ.
    """
    if image_rgb.shape != layer.color_rgb.shape:
        raise ValueError(f"the layer is {layer.color_rgb.shape}, the picture {image_rgb.shape}")
    for window in layer.windows:
        color = cv2.GaussianBlur(layer.color_rgb[window], (3, 3), 0.7)
        coverage = cv2.GaussianBlur(layer.coverage[window], (3, 3), 0.7)
        through = cv2.merge([cv2.convertScaleAbs(coverage, alpha=-opacity, beta=255)] * 3)
        behind = cv2.multiply(image_rgb[window], through, scale=1 / 255)
        image_rgb[window] = cv2.addWeighted(behind, 1, color, opacity, 0)


def _keep_nearest(raster: Raster, nearest: Float[np.ndarray, "height width"]) -> Raster:
    """The raster without the pixels where another body is nearer."""
    face_id = np.where(raster.inverse_depth < nearest, np.int32(-1), raster.face_id)
    return Raster(x=raster.x, y=raster.y, face_id=face_id, inverse_depth=raster.inverse_depth)


def _find_contours(
    inverse_depth: Float[np.ndarray, "height width"], focal_px: float
) -> Bool[np.ndarray, "height width"]:
    """Pixels just behind a step in depth of more than 5 cm, or of six pixels where those are larger."""
    depth = 1 / np.maximum(inverse_depth, 1e-4)
    step = np.maximum(_CONTOUR_STEP_M, depth * (6 / focal_px))
    return depth - cv2.erode(depth, np.ones((3, 3), np.uint8)) > step


def _merge_windows(rasters: list[Raster], camera: Pinhole) -> tuple[tuple[slice, slice], ...]:
    """The rasters' windows, two pixels wider; those that touch are joined, so that no pixel is blended twice."""
    merged: list[tuple[int, int, int, int]] = []
    for raster in rasters:
        height, width = raster.face_id.shape
        if not height:
            continue
        left, top = max(raster.x - 2, 0), max(raster.y - 2, 0)
        right, bottom = min(raster.x + width + 2, camera.width), min(raster.y + height + 2, camera.height)
        touching = [w for w in merged if w[0] < right and left < w[2] and w[1] < bottom and top < w[3]]
        while touching:
            merged = [w for w in merged if w not in touching]
            left, top = min(left, *(w[0] for w in touching)), min(top, *(w[1] for w in touching))
            right, bottom = max(right, *(w[2] for w in touching)), max(bottom, *(w[3] for w in touching))
            touching = [w for w in merged if w[0] < right and left < w[2] and w[1] < bottom and top < w[3]]
        merged.append((left, top, right, bottom))
    return tuple((slice(top, bottom), slice(left, right)) for left, top, right, bottom in merged)
