"""The encoder's landmarks without the encoder: where they lie on the open body, and how they err.

Both were measured on rendered people put through the encoder (`fit_landmarks`).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

_LEFT_RIGHT_PAIRS = (
    (1, 4), (2, 5), (3, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16), (17, 18), (19, 20), (21, 22), (23, 24),
    (25, 26), (27, 28), (29, 30), (31, 32),
)  # fmt: skip
SWAPPED = [dict([*_LEFT_RIGHT_PAIRS, *((b, a) for a, b in _LEFT_RIGHT_PAIRS)]).get(k, k) for k in range(33)]
_LEGS = tuple(range(25, 33))
_TRUNK_AND_ARMS = tuple(range(11, 25))
_LIMBS = ((13, 15, 17, 19, 21), (14, 16, 18, 20, 22), (25, 27, 29, 31), (26, 28, 30, 32))


@dataclass(frozen=True, kw_only=True)
class LandmarkNoise:
    """How landmarks err. Lengths in half box sides; shares of windows."""

    constant: tuple[float, ...]
    """For each landmark, standard deviation of an error that stays through the window."""
    smooth: tuple[float, ...]
    """For each landmark, of an error that wanders over about eight frames."""
    white: tuple[float, ...]
    """For each landmark, of an error that is new in every frame."""
    spread: float = 0.4
    """Windows differ in quality: all three are multiplied by exp(spread · normal)."""
    leg_swap_share: float = 0.15
    trunk_swap_share: float = 0.08
    whole_swap_share: float = 0.05
    """Left and right exchanged for a stretch of a window."""
    outlier_share: float = 0.2
    """Windows in which one limb is somewhere else for a stretch."""
    outlier_size: float = 0.25
    region_jitter: float = 0.006
    """Of the whole figure, shift and size alike, new in every frame."""


def simulate_landmarks(
    generator: torch.Generator, clean: Float[Tensor, "batch time 33 2"], noise: LandmarkNoise
) -> Float[Tensor, "batch time 33 3"]:
    """Add the encoder's errors and say a confidence.

    Args:
        generator: Source of chance.
        clean: Projected landmarks, any unit.
        noise: Sizes and shares.

    Returns:
        x, y in the unit of `clean`, and a confidence that is low where a limb was thrown off.
    """
    batch, frames = clean.shape[:2]
    low, high = clean.amin(2), clean.amax(2)
    half = (0.625 * (high - low).amax(-1))[..., None, None]
    spread = torch.exp(noise.spread * torch.randn(batch, 1, 1, 1, generator=generator))
    constant, smooth, white = (torch.tensor(sigma)[:, None] for sigma in (noise.constant, noise.smooth, noise.white))
    error = (
        constant * torch.randn(batch, 1, 33, 2, generator=generator)
        + smooth * _wander(generator, batch, frames)
        + white * torch.randn(batch, frames, 33, 2, generator=generator)
    )
    moved = clean + half * spread * error

    for share, members in (
        (noise.leg_swap_share, _LEGS),
        (noise.trunk_swap_share, _TRUNK_AND_ARMS),
        (noise.whole_swap_share, tuple(range(33))),
    ):
        chosen = _choose_stretch(generator, batch, frames, share)[..., None] & _is_one_of(members)
        moved = torch.where(chosen[..., None], moved[:, :, SWAPPED], moved)

    confidence = 0.97 - 0.1 * torch.rand(batch, frames, 33, generator=generator)
    for members in _LIMBS:
        stretch = _choose_stretch(generator, batch, frames, noise.outlier_share / len(_LIMBS))
        chosen = stretch[..., None] & _is_one_of(members)
        thrown = noise.outlier_size * torch.randn(batch, 1, 33, 2, generator=generator)
        moved = torch.where(chosen[..., None], moved + half * thrown, moved)
        doubt = 0.1 + 0.6 * torch.rand(batch, 1, 33, generator=generator)
        confidence = torch.where(chosen, doubt, confidence)

    middle = (low + high)[:, :, None] / 2
    shift = noise.region_jitter * half * torch.randn(batch, frames, 1, 2, generator=generator)
    growth = 1 + noise.region_jitter * torch.randn(batch, frames, 1, 1, generator=generator)
    return torch.cat([middle + growth * (moved - middle) + shift, confidence[..., None]], dim=-1)


def _is_one_of(members: tuple[int, ...]) -> Bool[Tensor, "33"]:
    mask = torch.zeros(33, dtype=torch.bool)
    mask[list(members)] = True
    return mask


def _wander(generator: torch.Generator, batch: int, frames: int) -> Float[Tensor, "batch time 33 2"]:
    """Unit-variance noise with a correlation time of about eight frames: white noise through a Gaussian window."""
    offsets = torch.arange(-12, 13, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / 4) ** 2)
    kernel = kernel / kernel.norm()
    white = torch.randn(batch * 66, 1, frames + 24, generator=generator)
    smooth = torch.nn.functional.conv1d(white, kernel[None, None])
    return smooth.reshape(batch, 33, 2, frames).permute(0, 3, 1, 2)


def _choose_stretch(generator: torch.Generator, batch: int, frames: int, share: float) -> Bool[Tensor, "batch time"]:
    """In a share of the windows, a run of frames of any length and place."""
    first, second = (frames * torch.rand(batch, 1, generator=generator) for _ in range(2))
    time = torch.arange(frames)
    inside = (time >= torch.minimum(first, second)) & (time <= torch.maximum(first, second))
    return inside & (torch.rand(batch, 1, generator=generator) < share)
