"""What a camera does to a scene: light and its colour, blur, noise, compression."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from spsnet.rendering import Light


@dataclass(frozen=True, kw_only=True)
class CameraLook:
    """The faults of one camera, the same for all its pictures."""

    gamma: float
    gain_rgb: Float[np.ndarray, "3"]
    contrast: float
    blur_px: float
    """Standard deviation, in pixels of a 256 px picture; 0 for none."""
    motion_px: float
    """Longest streak, likewise."""
    noise: float
    """Standard deviation in grey levels of 255."""
    jpeg_quality: int
    """100 for no compression."""
    shrink: float
    """Share of the resolution that was really seen: 1 all."""


def sample_camera_look(rng: np.random.Generator) -> CameraLook:
    """Draw a camera: half of them good, the rest with one fault or more."""
    gain = np.exp(rng.normal(0, 0.07, 3))
    return CameraLook(
        gamma=float(np.exp(rng.normal(0, 0.18))),
        gain_rgb=gain / gain.mean() * rng.uniform(0.85, 1.15),
        contrast=float(rng.uniform(0.75, 1.2)),
        blur_px=float(rng.uniform(0.3, 1.4)) if rng.random() < 0.4 else 0.0,
        motion_px=float(rng.uniform(2, 8)) if rng.random() < 0.25 else 0.0,
        noise=float(rng.gamma(1.2, 3.0)) if rng.random() < 0.6 else 0.0,
        jpeg_quality=int(rng.integers(25, 95)) if rng.random() < 0.6 else 100,
        shrink=float(rng.uniform(0.25, 0.8)) if rng.random() < 0.3 else 1.0,
    )


def sample_light(rng: np.random.Generator) -> Light:
    """Draw daylight, a lamp or a dull sky, from above more often than not."""
    direction = rng.normal(0, 1, 3) * [1, 0.5, 1]
    direction[1] = -abs(direction[1]) - rng.uniform(0, 1.2)
    warmth = np.array([1, 1, 1]) + rng.normal(0, 0.12) * np.array([1, 0.2, -1])
    lamp, sky = rng.uniform(0.05, 0.9), rng.uniform(0.4, 0.9)
    ground = sky * rng.uniform(0.45, 0.9)
    # Cameras choose their exposure: what faces them comes out neither black nor white.
    exposure = rng.uniform(0.7, 1.1) / ((sky + ground) / 2 + 0.4 * lamp)
    lamp, sky, ground = lamp * exposure, sky * exposure, ground * exposure
    cool = 2 - warmth
    return Light(
        direction=direction,
        lamp_rgb=_to_rgb(lamp * warmth),
        sky_rgb=_to_rgb(sky * (0.5 + 0.5 * cool)),
        ground_rgb=_to_rgb(ground * np.clip(rng.normal(1, 0.05, 3), 0.8, 1.2)),
        rim=float(rng.uniform(0, 0.35)),
        gloss=float(rng.uniform(0, 0.15)),
    )


def take_picture(
    rng: np.random.Generator, image_rgb: UInt8[np.ndarray, "height width 3"], look: CameraLook
) -> UInt8[np.ndarray, "height width 3"]:
    """The scene as this camera records it."""
    height, width = image_rgb.shape[:2]
    scale = width / 256
    picture = image_rgb
    if look.shrink < 1:
        small = (max(round(width * look.shrink), 1), max(round(height * look.shrink), 1))
        picture = cv2.resize(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), (width, height))
    if look.motion_px:
        picture = cv2.filter2D(picture, -1, _make_streak(rng, look.motion_px * scale * rng.random()))
    if look.blur_px:
        picture = cv2.GaussianBlur(picture, (0, 0), look.blur_px * scale)
    levels = np.linspace(0, 1, 256)[:, None] ** look.gamma * look.gain_rgb
    levels = np.clip((levels - 0.5) * look.contrast + 0.5, 0, 1) * 255
    picture = cv2.LUT(picture, levels.astype(np.uint8)[None])
    if look.noise:
        table, size = _make_grain(), height * width * 3
        start = int(rng.integers(max(len(table) - size, 1)))
        grain = np.resize(table[start : start + size], picture.shape) * np.float32(look.noise)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    if look.jpeg_quality < 100:
        _, coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, look.jpeg_quality])
        picture = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))[..., ::-1]
    return np.ascontiguousarray(picture)


@lru_cache(maxsize=1)
def _make_grain() -> Float[np.ndarray, " grains"]:
    """Normal noise, cut anew for every picture: drawing it would take longer than the rest of the camera."""
    return np.random.default_rng(0).standard_normal(2**21, np.float32)


def _make_streak(rng: np.random.Generator, length_px: float) -> np.ndarray:
    side = max(int(length_px) // 2 * 2 + 1, 1)
    kernel = np.zeros((side, side), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (side - 1) / 2
    middle = (side - 1) / 2
    start, end = ((round(middle + s * float(reach[0])), round(middle + s * float(reach[1]))) for s in (-1, 1))
    cv2.line(kernel, start, end, 1.0, 1, cv2.LINE_AA)
    return kernel / max(float(kernel.sum()), 1e-6)


def _to_rgb(color: np.ndarray) -> tuple[float, float, float]:
    return float(color[0]), float(color[1]), float(color[2])
