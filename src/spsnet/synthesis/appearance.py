"""A person made to look like one in a photograph: dressed, lit, before a background, through a camera."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from spsnet.body import BodyModel
from spsnet.records import Pinhole
from spsnet.rendering import Fragments, Light, Portrait, interpolate_vertices, render_person
from spsnet.synthesis.backgrounds import draw_background
from spsnet.synthesis.body_map import map_body
from spsnet.synthesis.occlusion import Thing, draw_thing
from spsnet.synthesis.photography import CameraLook, sample_camera_look, sample_light, take_picture
from spsnet.synthesis.wardrobe import Outfit, dress, paint_points, sample_outfit


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """What stays the same through a clip: the person's looks, the place, the light and the camera."""

    outfit: Outfit
    light: Light
    look: CameraLook
    background_seed: int
    shadows: bool
    """Whether the lamp throws shadows (a dull sky does not)."""


@dataclass(frozen=True, kw_only=True)
class Companion:
    """Somebody else in a picture."""

    outfit: Outfit
    vertices_m: Float[np.ndarray, "vertices 3"]
    """The naked body, camera axes."""


@dataclass(frozen=True, kw_only=True)
class RenderedFrame:
    """One training picture."""

    image_rgb: UInt8[np.ndarray, "height width 3"]
    mask: Bool[np.ndarray, "height width"]
    """True where the person is seen: not where something stands before."""
    body_mask: Bool[np.ndarray, "height width"]
    """True where the person is, seen or not."""
    covered_mask: Bool[np.ndarray, "height width"]
    """True where something or somebody stands nearer than the person does."""
    depth_m: Float[np.ndarray, "height width"]
    """Of the person, infinite elsewhere."""


def sample_appearance(rng: np.random.Generator) -> Appearance:
    """Draw a person's looks, a place, a light and a camera."""
    return Appearance(
        outfit=sample_outfit(rng),
        light=sample_light(rng),
        look=sample_camera_look(rng),
        background_seed=int(rng.integers(2**31)),
        shadows=bool(rng.random() < 0.6),
    )


def render_frame(
    rng: np.random.Generator,
    body: BodyModel,
    appearance: Appearance,
    vertices_m: Float[np.ndarray, "vertices 3"],
    camera: Pinhole,
    *,
    companions: Sequence[Companion] = (),
    things: Sequence[Thing] = (),
    progress: float = 0.0,
    supersampling: int = 2,
) -> RenderedFrame:
    """Draw a person as a photograph of the camera's size; for a crop, give the camera of the crop.

    Args:
        rng: For what changes from frame to frame: sensor noise and the streak of motion.
        body: Whose vertices these are.
        appearance: From `sample_appearance`; the same for all frames of a clip.
        vertices_m: The naked body, camera axes.
        camera: Square or not; see `cut_camera`.
        companions: Other people; whoever is nearer, on the whole, is drawn over the others.
        things: What stands or passes before all of them.
        progress: How much of the clip is over, 0 to 1: things pass.
        supersampling: Samples a pixel along each axis.
    """
    side = max(camera.width, camera.height)
    image = _recall_background(appearance.background_seed, side)[: camera.height, : camera.width].copy()
    figures = [Companion(outfit=appearance.outfit, vertices_m=vertices_m), *companions]
    for figure in figures:
        _drop_shadow(image, figure.vertices_m, appearance, camera)
    covered = np.zeros(image.shape[:2], bool)
    portrait: Portrait | None = None
    for figure in sorted(figures, key=lambda figure: -float(np.median(figure.vertices_m[:, 2]))):
        drawn = _draw_figure(figure, body, appearance, camera, image, supersampling)
        image = drawn.image_rgb
        if figure is figures[0]:
            portrait = drawn
        elif portrait is not None:
            covered |= drawn.mask
    assert portrait is not None
    for thing in things:
        draw_thing(image, covered, thing, progress)
    return RenderedFrame(
        image_rgb=take_picture(rng, image, appearance.look),
        mask=portrait.mask & ~covered,
        body_mask=portrait.mask,
        covered_mask=covered,
        depth_m=portrait.depth_m,
    )


def _draw_figure(
    figure: Companion, body: BodyModel, appearance: Appearance, camera: Pinhole, image: np.ndarray, supersampling: int
) -> Portrait:
    dressed = dress(figure.outfit, body, figure.vertices_m)
    where = map_body(body)

    def paint(fragments: Fragments) -> np.ndarray:
        channels = interpolate_vertices(fragments, dressed.faces, dressed.channels.T)
        return paint_points(figure.outfit, where, channels)

    return render_person(
        dressed.vertices_m,
        dressed.faces,
        paint,
        appearance.light,
        camera,
        image,
        supersampling=supersampling,
        shadows=appearance.shadows,
    )


@lru_cache(maxsize=2)
def _recall_background(seed: int, side_px: int) -> UInt8[np.ndarray, "side_px side_px 3"]:
    """Drawn once for a clip; not to be changed."""
    return draw_background(np.random.default_rng(seed), side_px)


def cut_camera(camera: Pinhole, box_xys_px: Float[np.ndarray, "3"], size_px: int) -> Pinhole:
    """The camera of a square crop of the picture, made `size_px` wide.

    Convention:
        A box centred on the principal point keeps it in the middle; a box half as wide doubles the focal length in
        pixels of the crop.

    Raises:
        ValueError: If the box has no side.
    """
    if not box_xys_px[2] > 0:
        raise ValueError(f"the box should have a positive side, got {box_xys_px[2]}")
    scale = size_px / float(box_xys_px[2])
    center = (np.array(camera.center_px) - box_xys_px[:2]) * scale + size_px / 2
    return Pinhole(
        focal_px=camera.focal_px * scale, center_px=(float(center[0]), float(center[1])), width=size_px, height=size_px
    )


def _drop_shadow(background_rgb: np.ndarray, vertices_m: np.ndarray, appearance: Appearance, camera: Pinhole) -> None:
    """Darken the ground where the body keeps the lamp off it, softly; the ground is level with the lowest vertex."""
    direction = appearance.light.direction / np.linalg.norm(appearance.light.direction)
    if not appearance.shadows or direction[1] > -0.25:
        return
    ground = vertices_m[:, 1].max()
    landed = vertices_m - direction * ((vertices_m[:, 1:2] - ground) / direction[1])
    landed = landed[landed[:, 2] > 0.2]
    points = landed[:, :2] / landed[:, 2:] * camera.focal_px + camera.center_px
    inside = (points >= 0).all(1) & (points < [camera.width, camera.height]).all(1)
    if not inside.any():
        return
    stain = np.zeros(background_rgb.shape[:2], np.uint8)
    column, row = points[inside].astype(np.int64).T
    stain[row, column] = 255
    reach = max(int(camera.focal_px / float(np.median(vertices_m[:, 2])) * 0.02), 1)
    spread = cv2.dilate(stain, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    soft = cv2.GaussianBlur(spread, (0, 0), float(reach) + 0.5)
    lamp = float(np.mean(appearance.light.lamp_rgb))
    strength = lamp / (lamp + float(np.mean(appearance.light.sky_rgb)))
    background_rgb[:] = (background_rgb * (1 - strength * soft[..., None] / 255)).astype(np.uint8)
