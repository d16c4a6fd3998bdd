"""Cloth patterns by formula: the colour of a point of a garment from where it lies on the body at rest."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float

_NOISE_SIDE = 256
_UNLIKE = 0.2
_KINDS = ("plain", "bands", "pinstripes", "checks", "dots", "camouflage", "print", "panels")
_SHARES = (0.42, 0.14, 0.08, 0.1, 0.05, 0.07, 0.09, 0.05)
_NEUTRALS = (
    (0.06, 0.06, 0.07),
    (0.92, 0.92, 0.9),
    (0.4, 0.4, 0.42),
    (0.12, 0.15, 0.3),
    (0.72, 0.65, 0.52),
    (0.22, 0.3, 0.45),
)


@dataclass(frozen=True, kw_only=True)
class Fabric:
    """One garment's cloth."""

    kind: str
    """One of plain, bands, pinstripes, checks, dots, camouflage, print, panels."""
    base_rgb: Float[np.ndarray, "3"]
    second_rgb: Float[np.ndarray, "3"]
    period_m: float
    """Of the pattern."""
    share: float
    """Of the pattern taken by the second colour."""
    crease: float
    """Strength of the light and dark of folds."""
    offset: Float[np.ndarray, "2"]
    """Where in the noise this cloth is cut from."""


def sample_fabric(
    rng: np.random.Generator, *, plain: bool = False, unlike_rgb: Float[np.ndarray, "3"] | None = None
) -> Fabric:
    """Draw a cloth; two garments in five are plain, most colours are muted.

    Args:
        rng: Source of chance.
        plain: Whether to leave out patterns (shoes, hats).
        unlike_rgb: A colour the cloth must not be taken for: the skin's.
    """
    base = sample_cloth_color(rng)
    while unlike_rgb is not None and np.abs(base - unlike_rgb).max() < _UNLIKE:
        base = sample_cloth_color(rng)
    return Fabric(
        kind="plain" if plain else str(rng.choice(_KINDS, p=_SHARES)),
        base_rgb=base,
        second_rgb=sample_cloth_color(rng),
        period_m=float(np.exp(rng.uniform(np.log(0.03), np.log(0.18)))),
        share=float(rng.uniform(0.2, 0.6)),
        crease=float(rng.uniform(0.05, 0.3)),
        offset=rng.uniform(0, _NOISE_SIDE, 2),
    )


def sample_cloth_color(rng: np.random.Generator) -> Float[np.ndarray, "3"]:
    """RGB, 0 to 1: black, white, grey, navy, beige or denim half of the time, else any hue."""
    if rng.random() < 0.5:
        base = np.array(_NEUTRALS[rng.integers(len(_NEUTRALS))])
    else:
        hue, saturation, value = rng.uniform(0, 180), rng.uniform(0.2, 0.95) * 255, rng.uniform(0.2, 0.95) * 255
        pixel = np.array([[[hue, saturation, value]]], np.uint8)
        base = cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0] / 255
    return np.clip(base * rng.uniform(0.85, 1.15) + rng.normal(0, 0.02, 3), 0.03, 0.97)


def paint_fabric(
    fabric: Fabric, along_m: Float[np.ndarray, " points"], around_m: Float[np.ndarray, " points"]
) -> Float[np.ndarray, "3 points"]:
    """Albedo of points of a garment.

    Args:
        fabric: The cloth.
        along_m: Way along the limb or down the trunk.
        around_m: Way around it.
    """
    blend = _draw_pattern(fabric, along_m / fabric.period_m, around_m / fabric.period_m)
    base, second = fabric.base_rgb.astype(np.float32), fabric.second_rgb.astype(np.float32)
    color = base[:, None] + (second - base)[:, None] * blend
    folds = sample_noise(along_m * 120 + fabric.offset[0], around_m * 300 + fabric.offset[1])
    return color * (1 + fabric.crease * (folds - 0.5)).astype(np.float32)


def sample_noise(x: Float[np.ndarray, " points"], y: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
    """Smooth periodic noise, 0 to 1; its coarsest grain is 64 units, its finest 8."""
    table = _make_noise()
    column = x.astype(np.int32) & (_NOISE_SIDE - 1)
    return table.ravel()[column + (y.astype(np.int32) & (_NOISE_SIDE - 1)) * _NOISE_SIDE]


def _draw_pattern(fabric: Fabric, along: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Share of the second colour, 0 or 1, in periods of the pattern."""
    if fabric.kind == "bands":
        mask = along % 1 < fabric.share
    elif fabric.kind == "pinstripes":
        mask = around % 1 < fabric.share / 2
    elif fabric.kind == "checks":
        mask = (along % 1 < fabric.share) ^ (around % 1 < fabric.share)
    elif fabric.kind == "dots":
        mask = (along % 1 - 0.5) ** 2 + (around % 1 - 0.5) ** 2 < fabric.share**2 / 4
    elif fabric.kind == "camouflage":
        mask = sample_noise(along * 24 + fabric.offset[0], around * 24 + fabric.offset[1]) < 0.2 + fabric.share
    elif fabric.kind == "print":
        # Blocks like letters in one field of the trunk.
        field = (np.abs(along * fabric.period_m - 0.28) < 0.09) & (np.abs(around * fabric.period_m) < 0.11)
        mask = field & (sample_noise(along * 90 + fabric.offset[0], around * 90 + fabric.offset[1]) < 0.5)
    elif fabric.kind == "panels":
        mask = np.abs(around * fabric.period_m) > 0.1
    else:
        return np.zeros(len(along), np.float32)
    return mask.astype(np.float32)


@lru_cache(maxsize=1)
def _make_noise() -> Float[np.ndarray, "side side"]:
    rng = np.random.default_rng(0)
    total = np.zeros((_NOISE_SIDE, _NOISE_SIDE), np.float32)
    for octave, cells in enumerate((4, 8, 16, 32)):
        grid = np.pad(rng.random((cells, cells)).astype(np.float32), 2, mode="wrap")
        grain = _NOISE_SIDE // cells
        smooth = cv2.resize(grid, None, fx=grain, fy=grain, interpolation=cv2.INTER_CUBIC)
        total += smooth[2 * grain : -2 * grain, 2 * grain : -2 * grain] * 0.6**octave
    ranks = np.argsort(np.argsort(total.ravel()))
    return (ranks / (total.size - 1)).reshape(total.shape).astype(np.float32)
