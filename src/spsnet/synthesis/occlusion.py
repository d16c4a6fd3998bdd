"""Things that stand or pass before people, and regions blotted out about a person's own landmarks."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from spsnet.crops import CROP_SIZE_PX, CropRegion, crop_to_image_px, image_to_crop_px
from spsnet.synthesis.fabrics import sample_cloth_color

_FRACTIONS = 8
"""OpenCV's drawing takes pixels in eighths."""
_PAPER_CROP_PX = 224
"""Side of the crop that the paper counts its regions in."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A flat thing of one colour before the scene; lengths in parts of the picture's width and height."""

    corners: Float[np.ndarray, "corners 2"]
    """About the thing's middle."""
    start: Float[np.ndarray, "2"]
    """The middle at the window's begin."""
    end: Float[np.ndarray, "2"]
    """... and at its end; the same for a thing that stands."""
    color_rgb: Float[np.ndarray, "3"]
    """0 to 255."""
    shades: tuple[float, float]
    """Times the colour at the picture's left and right border."""


def sample_standing_thing(rng: np.random.Generator) -> Thing:
    """Draw a post or rail, something that stands on the ground with its top anywhere, a box or a blob."""
    center = rng.uniform(0.1, 0.9, 2)
    kind = rng.integers(4)
    if kind == 0:  # a post or rail
        thick = rng.uniform(0.03, 0.15)
        reach = np.array([thick, 2] if rng.random() < 0.5 else [2, thick])
    elif kind == 1:  # something that stands on the ground, its top anywhere
        reach = np.array([rng.uniform(0.15, 0.7), 2 * (1 - center[1])])
        center[1] = 1
    else:
        reach = rng.uniform(0.1, 0.35, 2)
    return _make_thing(rng, reach, blob=bool(kind == 3), start=center, end=center)


def sample_passing_thing(rng: np.random.Generator) -> Thing:
    """Draw a post, a box or a blob that comes in at one side of the picture and leaves at the other.

    The way across takes from half of the window to all of it; a slow thing is still in the picture at one end.
    """
    tall = rng.random() < 0.5
    reach = np.array([rng.uniform(0.12, 0.5), 2.5 if tall else rng.uniform(0.2, 0.7)])
    height = rng.uniform(0.2, 0.8, 2)
    inside = reach[0] / 2
    way = rng.uniform(0.6, 2.0)
    first = rng.uniform(-inside - way + 0.5, 0.5)
    start, end = np.array([first, height[0]]), np.array([first + way, height[1]])
    if rng.random() < 0.5:
        start[0], end[0] = 1 - start[0], 1 - end[0]
    return _make_thing(rng, reach, blob=rng.random() < 0.4, start=start, end=end)


def draw_thing(
    image_rgb: UInt8[np.ndarray, "height width 3"],
    covered: Bool[np.ndarray, "height width"],
    thing: Thing,
    progress: float,
) -> None:
    """Put a thing before the scene, in place, and set `covered` where it stands.

    Args:
        image_rgb: The scene.
        covered: What things cover already.
        thing: From `sample_standing_thing` or `sample_passing_thing`.
        progress: How much of the window is over, 0 to 1.
    """
    height, width = image_rgb.shape[:2]
    center = thing.start + (thing.end - thing.start) * progress
    points = (thing.corners + center) * (width, height)
    low = np.clip(np.floor(points.min(0)).astype(int) - 1, 0, (width, height))
    high = np.clip(np.ceil(points.max(0)).astype(int) + 1, 0, (width, height))
    if (low >= high).any():
        return
    window = slice(low[1], high[1]), slice(low[0], high[0])
    shape = np.zeros((high - low)[::-1], np.uint8)
    cv2.fillPoly(shape, [np.rint((points - low) * _FRACTIONS).astype(np.int32)], 255, cv2.LINE_AA, 3)
    shade = np.linspace(*thing.shades, width, dtype=np.float32)[low[0] : high[0], None] * thing.color_rgb
    share = shape[..., None] * np.float32(1 / 255)
    behind = image_rgb[window]
    image_rgb[window] = behind * (1 - share) + np.clip(shade, 0, 255).astype(np.float32) * share
    covered[window] |= shape > 127


def _make_thing(
    rng: np.random.Generator, reach: np.ndarray, *, blob: bool, start: np.ndarray, end: np.ndarray
) -> Thing:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
    if blob:
        corners = np.stack([f(np.sort(rng.uniform(0, 6.28, 9))) for f in (np.cos, np.sin)], 1) / 2
    angle = rng.normal(0, 0.12)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return Thing(
        corners=(corners * reach) @ turn,
        start=start,
        end=end,
        color_rgb=sample_cloth_color(rng) * 255,
        shades=(float(rng.uniform(0.6, 1)), float(rng.uniform(0.6, 1))),
    )


@dataclass(frozen=True, kw_only=True)
class Blots:
    """Which landmarks of one frame are covered, and how much about each."""

    landmarks: Int[np.ndarray, " blots"]
    reach: Float[np.ndarray, "blots 2"]
    """Half width and half height of each region, in parts of the crop's side."""


def sample_blots(rng: np.random.Generator, size: float) -> Blots:
    """Draw 3 to 5 of the 33 landmarks, and offsets ow, oh of 25 to 50 pixels of a crop of 224.

    The regions are [x − size · ow, x + size · ow] × [y − size · oh, y + size · oh].

    Source:
        SPS-Net, section 3.4: regions with a width offset and a height offset of 25 to 50 pixels about the keypoints.
        Whether that is half of the region (size 1) or all of it (size 0.5), the paper does not say.
    """
    count = int(rng.integers(3, 6))
    reach = size * rng.uniform(25, 50, (count, 2)) / _PAPER_CROP_PX
    return Blots(landmarks=rng.choice(33, count, replace=False), reach=reach)


def blot_out(
    image_rgb: UInt8[np.ndarray, "height width 3"],
    blots: Blots,
    landmarks_px: Float[np.ndarray, "33 2"],
    region: CropRegion,
) -> UInt8[np.ndarray, "height width 3"]:
    """The picture with regions about some landmarks filled with its mean colour; upright as the crop is.

    Args:
        image_rgb: The picture; it is left as it is.
        blots: From `sample_blots`.
        landmarks_px: Where all landmarks are, image pixels.
        region: The crop that the encoder sees.
    """
    picture = image_rgb.copy()
    mean = cv2.mean(image_rgb)[:3]
    middles = image_to_crop_px(landmarks_px[blots.landmarks], region)
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    corners = middles[:, None] + signs * (blots.reach * CROP_SIZE_PX)[:, None]
    for quad in crop_to_image_px(corners, region):
        cv2.fillPoly(picture, [np.rint((quad - 0.5) * _FRACTIONS).astype(np.int32)], mean, cv2.LINE_AA, 3)
    return picture
