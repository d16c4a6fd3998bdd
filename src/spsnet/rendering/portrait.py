"""One body with colours of its own before a background: the pictures that synthesis trains on."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from spsnet.records import Pinhole
from spsnet.rendering.rasteriser import Fragments, compute_fragments, interpolate_vertices, rasterize
from spsnet.rendering.shading import Light, compute_irradiance, compute_vertex_normals
from spsnet.rendering.shadows import compute_lamp_visibility

Texture = Callable[[Fragments], Float[np.ndarray, "3 fragments"]]
"""Albedo (RGB, 0 to 1) of each covered pixel, found from its face and place in it."""


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """A rendered person."""

    image_rgb: UInt8[np.ndarray, "height width 3"]
    mask: Bool[np.ndarray, "height width"]
    """True where the person covers at least half of the pixel."""
    depth_m: Float[np.ndarray, "height width"]
    """Distance along the camera's axis of the nearest surface in the pixel, infinite where there is none."""


def render_person(
    vertices_m: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    albedo: Float[np.ndarray, "#vertices 3"] | Texture,
    light: Light,
    camera: Pinhole,
    background_rgb: UInt8[np.ndarray, "height width 3"],
    *,
    supersampling: int = 2,
    cull_back_faces: bool = True,
    shadows: bool = False,
) -> Portrait:
    """Draw a person over a background, smoothing by drawing larger and averaging.

    Args:
        vertices_m: Camera axes, metres.
        faces: Vertex triples, counter-clockwise from outside.
        albedo: RGB, 0 to 1, of the vertices, or a function that finds it for every covered pixel.
        light: Lamp, sky and ground.
        camera: Its size is the background's.
        background_rgb: The picture behind.
        supersampling: Samples a pixel along each axis.
        cull_back_faces: Leave out triangles seen from inside.
        shadows: Let the body throw the lamp's shadow on itself.

    Raises:
        ValueError: If the background is not of the camera's size, or `supersampling` is under 1.
    """
    height, width = background_rgb.shape[:2]
    if (width, height) != (camera.width, camera.height):
        raise ValueError(f"the background is {width}x{height}, the camera {camera.width}x{camera.height}")
    if supersampling < 1:
        raise ValueError(f"supersampling should be at least 1, got {supersampling}")
    image = background_rgb.copy()
    mask = np.zeros((height, width), bool)
    depth = np.full((height, width), np.inf, np.float32)
    fine = scale_camera(camera, float(supersampling), width * supersampling, height * supersampling)
    raster = rasterize(vertices_m, faces, fine, cull_back_faces=cull_back_faces)
    if not raster.face_id.size:
        return Portrait(image_rgb=image, mask=mask, depth_m=depth)

    fragments = compute_fragments(raster, vertices_m, faces, fine)
    visibility = compute_lamp_visibility(vertices_m, faces, light.direction) if shadows else None
    diffuse, highlight = compute_irradiance(vertices_m, compute_vertex_normals(vertices_m, faces), light, visibility)
    if callable(albedo):
        lit = interpolate_vertices(fragments, faces, np.concatenate([diffuse, highlight], 1))
        rgb = albedo(fragments) * lit[:3] + lit[3]
    else:
        rgb = interpolate_vertices(fragments, faces, albedo * diffuse + highlight)

    # A canvas of whole coarse pixels about the raster's window; its fourth channel is the coverage.
    s = supersampling
    left, top = raster.x // s, raster.y // s
    fine_height, fine_width = raster.face_id.shape
    right, bottom = -(-(raster.x + fine_width) // s), -(-(raster.y + fine_height) // s)
    canvas = np.zeros(((bottom - top) * s, (right - left) * s, 4), np.float32)
    inverse = np.zeros(canvas.shape[:2], np.float32)
    row, column = np.divmod(fragments.pixel, fine_width)
    row, column = row + (raster.y - top * s), column + (raster.x - left * s)
    np.clip(rgb, 0, 1, out=rgb)
    canvas[row, column, :3] = rgb.T
    canvas[row, column, 3] = 1
    inverse[row, column] = raster.inverse_depth.ravel()[fragments.pixel]

    canvas = cv2.resize(canvas, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    window = slice(top, bottom), slice(left, right)
    coverage = canvas[..., 3:]
    image[window] = np.rint(image[window] * (1 - coverage) + canvas[..., :3] * 255).astype(np.uint8)
    mask[window] = coverage[..., 0] >= 0.5
    nearest = inverse[::s, ::s].copy()
    for i in range(1, s * s):
        np.maximum(nearest, inverse[i // s :: s, i % s :: s], out=nearest)
    with np.errstate(divide="ignore"):
        depth[window] = 1 / nearest
    return Portrait(image_rgb=image, mask=mask, depth_m=depth)


def scale_camera(camera: Pinhole, factor: float, width: int, height: int) -> Pinhole:
    """The camera of the same picture made `factor` times as large, `width` × `height` in whole pixels."""
    center = (camera.center_px[0] * factor, camera.center_px[1] * factor)
    return Pinhole(focal_px=camera.focal_px * factor, center_px=center, width=width, height=height)
