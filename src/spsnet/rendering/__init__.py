"""Mesh and camera to picture: the overlay for users and the portraits that synthesis trains on."""

from spsnet.rendering.layer import Figure, Layer, lay_over, paint_figures
from spsnet.rendering.overlay import OverlayConfig, OverlayPerson, OverlayScene, compose_overlay
from spsnet.rendering.palette import get_track_color
from spsnet.rendering.portrait import Portrait, render_person, scale_camera
from spsnet.rendering.rasteriser import (
    Fragments,
    Raster,
    compute_fragments,
    interpolate_corners,
    interpolate_vertices,
    rasterize,
)
from spsnet.rendering.shading import Light, compute_irradiance, compute_vertex_normals, shade_vertices
from spsnet.rendering.shadows import compute_lamp_visibility
from spsnet.rendering.side_view import SideView

__all__ = [
    "Figure",
    "Fragments",
    "Layer",
    "Light",
    "OverlayConfig",
    "OverlayPerson",
    "OverlayScene",
    "Portrait",
    "Raster",
    "SideView",
    "compose_overlay",
    "compute_fragments",
    "compute_irradiance",
    "compute_lamp_visibility",
    "compute_vertex_normals",
    "get_track_color",
    "interpolate_corners",
    "interpolate_vertices",
    "lay_over",
    "paint_figures",
    "rasterize",
    "render_person",
    "scale_camera",
    "shade_vertices",
]
