"""A person made to look like one in a photograph: dressed, lit, before a background, through a camera."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from spsnet.body import BodyModel
from spsnet.records import Pinhole
from spsnet.rendering import Fragments, Light, interpolate_vertices, render_person
from spsnet.synthesis.backgrounds import draw_background
from spsnet.synthesis.body_map import map_body
from spsnet.synthesis.photography import CameraLook, draw_occluders, sample_camera_look, sample_light, take_picture
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
    occluders: int
    """Things that stand before the person."""
    occluder_seed: int


@dataclass(frozen=True, kw_only=True)
class RenderedFrame:
    """One training picture."""

    image_rgb: UInt8[np.ndarray, "height width 3"]
    mask: Bool[np.ndarray, "height width"]
    """True where the person is seen: not where something stands before."""
    body_mask: Bool[np.ndarray, "height width"]
    """True where the person is, seen or not."""
    depth_m: Float[np.ndarray, "height width"]
    """Of the person, infinite elsewhere."""


def sample_appearance(rng: np.random.Generator, *, occluded_share: float = 0.15) -> Appearance:
    """Draw a person's looks, a place, a light and a camera.

    Args:
        rng: Source of chance.
        occluded_share: How often something stands before the person.

    Raises:
        ValueError: If `occluded_share` is not in 0 to 1.
    """
    if not 0 <= occluded_share <= 1:
        raise ValueError(f"occluded_share should lie in 0 to 1, got {occluded_share}")
    return Appearance(
        outfit=sample_outfit(rng),
        light=sample_light(rng),
        look=sample_camera_look(rng),
        background_seed=int(rng.integers(2**31)),
        shadows=bool(rng.random() < 0.6),
        occluders=int(rng.integers(1, 3)) if rng.random() < occluded_share else 0,
        occluder_seed=int(rng.integers(2**31)),
    )


def render_frame(
    rng: np.random.Generator,
    body: BodyModel,
    appearance: Appearance,
    vertices_m: Float[np.ndarray, "vertices 3"],
    camera: Pinhole,
    *,
    supersampling: int = 2,
) -> RenderedFrame:
    """Draw a person as a photograph of the camera's size; for a crop, give the camera of the crop.

    Args:
        rng: For what changes from frame to frame: sensor noise and the streak of motion.
        body: Whose vertices these are.
        appearance: From `sample_appearance`; the same for all frames of a clip.
        vertices_m: The naked body, camera axes.
        camera: Square or not; see `cut_camera`.
        supersampling: Samples a pixel along each axis.
    """
    side = max(camera.width, camera.height)
    background = draw_background(np.random.default_rng(appearance.background_seed), side)
    background = background[: camera.height, : camera.width].copy()
    dressed = dress(appearance.outfit, body, vertices_m)
    _drop_shadow(background, vertices_m, appearance, camera)
    where = map_body(body)

    def paint(fragments: Fragments) -> np.ndarray:
        channels = interpolate_vertices(fragments, dressed.faces, dressed.channels.T)
        return paint_points(appearance.outfit, where, channels)

    portrait = render_person(
        dressed.vertices_m,
        dressed.faces,
        paint,
        appearance.light,
        camera,
        background,
        supersampling=supersampling,
        shadows=appearance.shadows,
    )
    image, mask = portrait.image_rgb, portrait.mask
    if appearance.occluders:
        occluder_rng = np.random.default_rng(appearance.occluder_seed)
        mask = mask & ~draw_occluders(occluder_rng, image, appearance.occluders)
    return RenderedFrame(
        image_rgb=take_picture(rng, image, appearance.look),
        mask=mask,
        body_mask=portrait.mask,
        depth_m=portrait.depth_m,
    )


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
