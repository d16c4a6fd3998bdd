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
_REACH_MIRROR = torch.tensor([2, 1, 0, 3])
"""Left, top, right, bottom in a mirror."""
_SPREAD = 0.15
"""A window's residuals are multiplied by exp(spread · normal)."""
_BALANCING_ROUNDS = 600
_BALANCING_BODIES = 2000
"""At most so many windows of the bank are what the others are compared with."""


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

        landmarks = true + half · scale · residual, as far out as the encoder went
        world = world_scale · true along the line of sight + scale · residual
        width = exp(map · (shape, view) + residual)

    A played window runs forwards or backwards, as it is or in a mirror; scale is close to 1. No landmark goes further
    beyond the true ones' bounding box than the played ones did: what an encoder mistakes it hardly ever puts outside
    the figure, but on another pose the same residual may lie there, and the network box would be too large.

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
    replay = _choose(generator, view.look_m, bank)
    scale = torch.exp(_SPREAD * torch.randn(len(points_m), 1, 1, 1, generator=generator))
    widths = torch.exp((describe_widths(view, shape) * bank.width_map).sum(-1)) * measure_pixels_per_metre(view)
    seen = _play(view, widths, bank.seen, bank.world_scale, replay, scale)
    if bank.occluded is None:
        return seen, None
    return seen, _play(view, widths, bank.occluded, bank.world_scale, replay, scale)


def balance_windows(look_m: Float[Tensor, "windows time looked 3"]) -> Float[Tensor, " windows"]:
    """A reluctance for each window with which all are played equally often by bodies like those of the bank.

    The most alike of several is mostly one that looks like many: common looks are played too often, rare ones, with
    which the encoder fails, hardly ever. Whoever is played too often becomes more reluctant: the dual variables of
    optimal transport, found by stochastic ascent with shrinking steps.
    """
    generator = torch.Generator().manual_seed(0)
    windows = len(look_m)
    still = look_m[:, _compare_at(look_m.shape[1])].float()
    looks = torch.cat([still, still.flip(1)])
    looks = torch.cat([looks, mirror_points(looks, LOOKED_MIRROR)]).flatten(1)
    bodies = torch.randperm(windows, generator=generator)[:_BALANCING_BODIES]
    distance = torch.cdist(still.flatten(1)[bodies], looks).square()
    step, reluctance, total = float(distance.median()), torch.zeros(windows), torch.zeros(windows)
    settled = range(_BALANCING_ROUNDS * 2 // 3, _BALANCING_ROUNDS)
    for round_ in range(_BALANCING_ROUNDS):
        candidate = torch.randint(len(looks), (len(bodies), CANDIDATES), generator=generator)
        score = distance.gather(1, candidate) + reluctance[candidate % windows]
        score = torch.where(candidate % windows == bodies[:, None], torch.inf, score)
        played = candidate.gather(1, score.argmin(1, keepdim=True))[:, 0] % windows
        share = torch.bincount(played, minlength=windows) * (windows / len(bodies))
        reluctance = reluctance + 0.3 * step * 0.03 ** (round_ / _BALANCING_ROUNDS) * (share - 1)
        if round_ in settled:
            total = total + reluctance
    return total / len(settled)


def _compare_at(frames: int) -> list[int]:
    """Frames at which two windows' looks are compared."""
    return [0, frames // 2, frames - 1]


def _choose(generator: torch.Generator, look_m: Float[Tensor, "batch time looked 3"], bank: NoiseBank) -> _Replay:
    """The most alike of some candidates."""
    batch, frames = look_m.shape[:2]
    size = (batch, CANDIDATES)
    window = torch.randint(len(bank), size, generator=generator)
    start = torch.randint(bank.frames - frames + 1, size, generator=generator)
    mirrored = torch.rand(size, generator=generator) < 0.5
    backward = torch.rand(size, generator=generator) < 0.5

    def find_frames(at: Int[Tensor, " some"]) -> Int[Tensor, "batch candidates some"]:
        return start[..., None] + torch.where(backward[..., None], frames - 1 - at, at)

    at = torch.tensor(_compare_at(frames))
    looks = bank.look_m[window[..., None], find_frames(at)].to(look_m.dtype)
    looks = torch.where(mirrored[..., None, None, None], mirror_points(looks, LOOKED_MIRROR), looks)
    score = (looks - look_m[:, None, at]).square().sum((-1, -2, -3)) + bank.reluctance[window]
    # A stretch in which nobody was seen teaches nothing.
    seen_before = torch.nn.functional.pad(bank.seen.present_mask.long().cumsum(1), (1, 0))
    empty = seen_before[window, start + frames] == seen_before[window, start]
    best = torch.where(empty, torch.inf, score).argmin(1)
    row = torch.arange(batch)
    return _Replay(window[row, best], find_frames(torch.arange(frames))[row, best], mirrored[row, best])


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

    def take_points(values: Float[Tensor, "windows bank_time 33 size"]) -> Float[Tensor, "batch time 33 size"]:
        taken = take(values)
        return torch.where(mirrored[..., None], mirror_points(taken, MIRROR), taken)

    def take_mirrored(values: Tensor, index: Int[Tensor, " points"]) -> Tensor:
        taken = take(values)
        return torch.where(mirrored, taken[..., index], taken)

    swapped = take(noise.swapped)
    truth = exchange_sides(torch.cat([view.clean_px, world_scale * view.turned_m], dim=-1), swapped)
    seen_px = truth[..., :2] + view.half_px[..., None, None] * scale * take_points(noise.residual)
    reach_px = view.half_px[..., None] * take_mirrored(noise.reach, _REACH_MIRROR)
    low, high = view.clean_px.amin(2) - reach_px[..., :2], view.clean_px.amax(2) + reach_px[..., 2:]
    seen_px = seen_px.clamp(low[:, :, None], torch.maximum(low, high)[:, :, None])
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
