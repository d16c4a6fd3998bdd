"""The encoder without the encoder: its real failures replayed on other bodies in other motion.

A simulated window takes what the encoder was off by in one rendered window of a person who looked alike, from the
first frame to the last. So errors that stay, wander or are new, outliers that come in bursts, exchanged sides, limbs
hidden or outside the picture, confidences and frames in which nobody was seen all come as they came together.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from spsnet.datasets.shards import Sight
from spsnet.synthesis.noise_bank import NoiseBank, SightNoise
from spsnet.synthesis.views import LOOKED_MIRROR, MIRROR, BodyView, exchange_sides, mirror_points, view_landmarks
from spsnet.synthesis.widths import WIDTH_MIRROR, describe_widths, measure_pixels_per_metre

CANDIDATES = 48
"""Windows of the bank drawn at random, of which the one whose person looks most alike is played."""
_SPREAD = 0.15
"""A window's residuals are multiplied by exp(spread · normal)."""
_BALANCING_ROUNDS = 200


class _Replay(NamedTuple):
    """Which windows are played, and how."""

    window: Int[Tensor, " batch"]
    frame: Int[Tensor, "batch time"]
    mirrored: Bool[Tensor, " batch"]


def simulate_sights(
    generator: torch.Generator,
    points_m: Float[Tensor, "batch time 33 3"],
    shape: Float[Tensor, "batch 10"],
    bank: NoiseBank,
) -> tuple[Sight, Sight | None]:
    """What the encoder would have said of bodies, and what with parts of the pictures covered.

        landmarks = true + half · scale · residual
        world = world_scale · true along the line of sight + scale · residual
        width = exp(map · (shape, view) + residual)

    A played window runs forwards or backwards, as it is or in a mirror; scale is close to 1.

    Args:
        generator: Source of chance.
        points_m: The landmarks' places on the bodies in camera axes.
        shape: Of the bodies.
        bank: Residuals of rendered windows.

    Returns:
        The sight of the clean picture, and that of the occluded one where the bank has such; without features.

    Raises:
        ValueError: If windows are longer than the bank's.
    """
    if points_m.shape[1] > bank.frames:
        raise ValueError(f"points_m should have at most the bank's {bank.frames} frames, got {points_m.shape[1]}")
    view = view_landmarks(points_m)
    replay, _ = _choose(generator, view.look_m, bank.look_m, bank.seen.present_mask, bank.reluctance)
    scale = torch.exp(_SPREAD * torch.randn(len(points_m), 1, 1, 1, generator=generator))
    widths = torch.exp((describe_widths(view, shape) * bank.width_map).sum(-1)) * measure_pixels_per_metre(view)
    seen = _play(view, widths, bank.seen, bank.world_scale, replay, scale)
    if bank.occluded is None:
        return seen, None
    return seen, _play(view, widths, bank.occluded, bank.world_scale, replay, scale)


def balance_windows(
    look_m: Float[Tensor, "windows time looked 3"], present_mask: Bool[Tensor, "windows time"]
) -> Float[Tensor, " windows"]:
    """A reluctance for each window with which all are played equally often by bodies like those of the bank.

    The most alike of several is mostly one that looks like many: common looks are played too often, rare ones, with
    which the encoder fails, hardly ever. Whoever is played too often becomes more reluctant: the dual variables of
    optimal transport, found by stochastic ascent.
    """
    generator = torch.Generator().manual_seed(0)
    windows = len(look_m)
    reluctance, total = torch.zeros(windows), torch.zeros(windows)
    own = torch.arange(windows)
    for round_ in range(_BALANCING_ROUNDS):
        replay, gap = _choose(generator, look_m.float(), look_m, present_mask, reluctance, banned=own)
        played = torch.bincount(replay.window, minlength=windows).float()
        step = gap * (0.3 if round_ < _BALANCING_ROUNDS // 2 else 0.1)
        reluctance = reluctance + step * (played - 1)
        if round_ >= _BALANCING_ROUNDS // 2:
            total = total + reluctance
    return total / (_BALANCING_ROUNDS - _BALANCING_ROUNDS // 2)


def _choose(
    generator: torch.Generator,
    look_m: Float[Tensor, "batch time looked 3"],
    bank_look_m: Float[Tensor, "windows bank_time looked 3"],
    present_mask: Bool[Tensor, "windows bank_time"],
    reluctance: Float[Tensor, " windows"],
    *,
    banned: Int[Tensor, " batch"] | None = None,
) -> tuple[_Replay, float]:
    """The most alike of some candidates, compared at the first, middle and last frame; and their median distance."""
    (batch, frames), (windows, bank_frames) = look_m.shape[:2], bank_look_m.shape[:2]
    size = (batch, CANDIDATES)
    window = torch.randint(windows, size, generator=generator)
    start = torch.randint(bank_frames - frames + 1, size, generator=generator)
    mirrored = torch.rand(size, generator=generator) < 0.5
    backward = torch.rand(size, generator=generator) < 0.5

    def find_frames(at: Int[Tensor, " some"]) -> Int[Tensor, "batch candidates some"]:
        return start[..., None] + torch.where(backward[..., None], frames - 1 - at, at)

    at = torch.tensor([0, frames // 2, frames - 1])
    looks = bank_look_m[window[..., None], find_frames(at)].to(look_m.dtype)
    looks = torch.where(mirrored[..., None, None, None], mirror_points(looks, LOOKED_MIRROR), looks)
    distance = (looks - look_m[:, None, at]).square().sum((-1, -2, -3))
    score = distance + reluctance[window]
    # A stretch in which nobody was seen teaches nothing.
    seen_before = torch.nn.functional.pad(present_mask.long().cumsum(1), (1, 0))
    barred = seen_before[window, start + frames] == seen_before[window, start]
    if banned is not None:
        barred |= window == banned[:, None]
    best = torch.where(barred, torch.inf, score).argmin(1)
    row = torch.arange(batch)
    played = find_frames(torch.arange(frames))[row, best]
    return _Replay(window[row, best], played, mirrored[row, best]), float(distance.median())


def _play(
    view: BodyView,
    widths_px: Float[Tensor, "batch time 12"],
    noise: SightNoise,
    world_scale: Float[Tensor, "3"],
    replay: _Replay,
    scale: Float[Tensor, "batch 1 1 1"],
) -> Sight:
    window, mirrored = replay.window[:, None], replay.mirrored[:, None, None]

    def take(values: Tensor) -> Tensor:
        taken = values[window, replay.frame]
        return taken.to(view.clean_px.dtype) if taken.is_floating_point() else taken

    def take_points(values: Float[Tensor, "windows time 33 size"]) -> Float[Tensor, "batch time 33 size"]:
        taken = take(values)
        return torch.where(mirrored[..., None], mirror_points(taken, MIRROR), taken)

    def take_mirrored(values: Tensor, index: Int[Tensor, " points"]) -> Tensor:
        taken = take(values)
        return torch.where(mirrored, taken[..., index], taken)

    swapped = take(noise.swapped)
    truth = exchange_sides(torch.cat([view.clean_px, world_scale * view.turned_m], dim=-1), swapped)
    seen_px = truth[..., :2] + view.half_px[..., None, None] * scale * take_points(noise.residual)
    confidence = take_mirrored(noise.confidence, MIRROR)
    known = take_mirrored(noise.width_known, WIDTH_MIRROR)
    widths = widths_px * torch.exp(take_mirrored(noise.width_residual, WIDTH_MIRROR))
    return Sight(
        landmarks_px=torch.cat([seen_px, confidence[..., None]], dim=-1).numpy(),
        world_m=(truth[..., 2:] + scale * take_points(noise.world_residual_m)).numpy(),
        feature=np.zeros((*view.half_px.shape, 0), np.float32),
        present_mask=take(noise.present_mask).numpy(),
        widths_px=torch.where(known, widths, 0.0).numpy(),
    )
