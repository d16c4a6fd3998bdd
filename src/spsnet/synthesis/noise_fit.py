"""How the encoder errs, measured on rendered people whose truth is known and kept to be replayed."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.body import BodyModel, KeypointModel, compute_keypoints
from spsnet.body.landmarks import build_landmark_model
from spsnet.datasets.shards import ObservedWindows, Sight, WindowSet
from spsnet.records import UserError
from spsnet.synthesis.landmark_fit import NOBODY_SEEN, LandmarkFit, find_usable, fit_landmarks
from spsnet.synthesis.noise_bank import NoiseBank, SightNoise
from spsnet.synthesis.replay import balance_windows
from spsnet.synthesis.views import PART_OF, PARTS, BodyView, exchange_sides, view_landmarks
from spsnet.synthesis.widths import describe_widths, fit_width_map, measure_pixels_per_metre

_WINDOWS_FITTED = 400
_WINDOWS_AT_ONCE = 100
_FARTHEST = 100.0
"""Half box sides; answers that are further off are of nobody and are kept as if so far."""
_DOUBT = 0.05
"""Half box sides; landmarks further off weigh little in the scale of the encoder's own 3D landmarks."""

# Sides are exchanged where that costs less over the window. Costs are logarithms of the mean distance in half box sides
# above a floor, with a bias for what is right and a price for every change.
_SWAP_FLOOR = 0.02
_SWAP_BIAS = 0.15
_SWAP_CHANGE = 0.7


class SeenBodies(NamedTuple):
    """What an encoder said of windows whose truth is known, and that truth."""

    view: BodyView
    shape: Float[Tensor, "windows 10"]
    landmarks_px: Float[Tensor, "windows time 33 3"]
    world_m: Float[Tensor, "windows time 33 3"]
    widths_px: Float[Tensor, "windows time 12"]
    present_mask: Bool[Tensor, "windows time"]


def measure_encoder(windows: WindowSet, body: BodyModel) -> tuple[LandmarkFit, NoiseBank]:
    """Fit where the encoder's landmarks lie on the body, on some of the windows, and keep what it was off by in all.

    Raises:
        UserError: If it saw nobody whose pose is known.
    """
    some = np.linspace(0, len(windows) - 1, min(len(windows), _WINDOWS_FITTED)).astype(int)
    fit = fit_landmarks(windows.take(some), body)
    firsts = range(0, len(windows), _WINDOWS_AT_ONCE)
    parts = (windows.take(np.arange(first, min(first + _WINDOWS_AT_ONCE, len(windows)))) for first in firsts)
    return fit, build_noise_bank(parts, build_landmark_model(body, fit.offset_m, fit.joint))


def build_noise_bank(parts: Iterable[ObservedWindows], landmark_model: KeypointModel) -> NoiseBank:
    """Keep what the encoder was off by in every window of rendered people that it saw at least once.

    Args:
        parts: What it said, and the truth, some windows at a time; windows whose truth is unknown are passed over.
        landmark_model: Where its landmarks lie on the body of the rendered people (`fit_landmarks`).

    Raises:
        UserError: If it saw nobody whose pose is known.
    """
    seen_parts, occluded_parts = [], []
    for part in parts:
        if not len(rows := find_usable(part)):
            continue
        view = _view(part, rows, landmark_model)
        seen_parts.append(_gather(part, part.seen, rows, view))
        if part.occluded is not None:
            occluded_parts.append(_gather(part, part.occluded, rows, view))
    if not seen_parts:
        raise UserError(NOBODY_SEEN)
    seen = _join(seen_parts)
    occluded = _join(occluded_parts) if len(occluded_parts) == len(seen_parts) else None
    width_map, world_scale = _fit_widths(seen), _fit_world_scale(seen)
    look_m = seen.view.look_m.half()
    return NoiseBank(
        look_m=look_m,
        reluctance=balance_windows(look_m),
        world_scale=world_scale,
        width_map=width_map,
        seen=measure_noise(seen, world_scale, width_map),
        occluded=occluded and measure_noise(occluded, world_scale, width_map),
    )


def gather_seen(windows: ObservedWindows, landmark_model: KeypointModel, *, occluded: bool = False) -> SeenBodies:
    """One sight of the windows whose truth is known and in which the encoder saw somebody.

    Raises:
        ValueError: If nobody looked at the windows occluded.
    """
    sight = windows.occluded if occluded else windows.seen
    if sight is None:
        raise ValueError("windows should have an occluded sight, they have none")
    rows = find_usable(windows)
    return _gather(windows, sight, rows, _view(windows, rows, landmark_model))


def measure_noise(
    seen: SeenBodies, world_scale: Float[Tensor, "3"], width_map: Float[Tensor, "12 conditions"]
) -> SightNoise:
    """What the encoder was off by; scale and map as in `NoiseBank`."""
    view = seen.view
    swapped = _find_swaps(seen)
    residual = (seen.landmarks_px[..., :2] - exchange_sides(view.clean_px, swapped)) / view.half_px[..., None, None]
    seen_px = seen.landmarks_px[..., :2]
    low, high = seen_px.amin(2) - view.clean_px.amin(2), seen_px.amax(2) - view.clean_px.amax(2)
    log_width, known = _measure_widths(seen)
    expected = (describe_widths(view, seen.shape) * width_map).sum(-1)
    return SightNoise(
        residual=residual.clamp(-_FARTHEST, _FARTHEST).half(),
        reach=(torch.cat([-low, high], dim=-1) / view.half_px[..., None]).clamp(-_FARTHEST, _FARTHEST).half(),
        confidence=seen.landmarks_px[..., 2].half(),
        swapped=swapped,
        world_residual_m=(seen.world_m - world_scale * exchange_sides(view.turned_m, swapped)).half(),
        width_residual=torch.where(known, log_width - expected, 0.0).half(),
        width_known=known,
        present_mask=seen.present_mask,
    )


def _view(windows: ObservedWindows, rows: np.ndarray, model: KeypointModel) -> BodyView:
    frames = windows.translation_m.shape[1]
    points = compute_keypoints(
        model,
        torch.from_numpy(windows.rotations[rows]).flatten(0, 1),
        torch.from_numpy(windows.shape[rows]).repeat_interleave(frames, 0),
        torch.from_numpy(windows.translation_m[rows]).flatten(0, 1),
    )
    return view_landmarks(points[:, -33:].reshape(len(rows), frames, 33, 3))


def _gather(windows: ObservedWindows, sight: Sight, rows: np.ndarray, view: BodyView) -> SeenBodies:
    shape, *said = (
        torch.from_numpy(array[rows])
        for array in (windows.shape, sight.landmarks_px, sight.world_m, sight.widths_px, sight.present_mask)
    )
    return SeenBodies(view, shape, *said)


def _join(parts: list[SeenBodies]) -> SeenBodies:
    view = BodyView(*(torch.cat(tensors) for tensors in zip(*(part.view for part in parts), strict=True)))
    return SeenBodies(view, *(torch.cat(tensors) for tensors in zip(*(part[1:] for part in parts), strict=True)))


def _measure_widths(seen: SeenBodies) -> tuple[Float[Tensor, "windows time 12"], Bool[Tensor, "windows time 12"]]:
    """Logarithms of widths in metres, and where they are known."""
    known = (seen.widths_px > 0) & seen.present_mask[..., None]
    return torch.where(known, seen.widths_px / measure_pixels_per_metre(seen.view), 1.0).log(), known


def _fit_widths(seen: SeenBodies) -> Float[Tensor, "12 conditions"]:
    """Every fourth frame says enough."""
    log_width, known = _measure_widths(seen)
    return fit_width_map(log_width[:, ::4], known[:, ::4], describe_widths(seen.view, seen.shape)[:, ::4])


def _fit_world_scale(seen: SeenBodies) -> Float[Tensor, "3"]:
    """Least squares for each axis, landmarks weighted down by how far off they are in the picture."""
    swapped, view = _find_swaps(seen), seen.view
    off = (seen.landmarks_px[..., :2] - exchange_sides(view.clean_px, swapped)).norm(dim=-1) / view.half_px[..., None]
    weight = (seen.present_mask[..., None] / (1 + (off / _DOUBT) ** 2) ** 2)[..., None]
    truth = exchange_sides(view.turned_m, swapped)
    return (weight * seen.world_m * truth).sum((0, 1, 2)) / (weight * truth.square()).sum((0, 1, 2)).clamp(min=1e-6)


def _find_swaps(seen: SeenBodies) -> Bool[Tensor, "windows time parts"]:
    """In which frames the sides of which part are exchanged."""
    view, present = seen.view, seen.present_mask
    exchanged_px = exchange_sides(view.clean_px, torch.ones(*present.shape, len(PARTS), dtype=torch.bool))
    truths = torch.stack([view.clean_px, exchanged_px])
    off = (seen.landmarks_px[..., :2] - truths).norm(dim=-1) / view.half_px[..., None]

    def find_swaps(part: int) -> Bool[Tensor, "windows time"]:
        cost = torch.log(off[..., part == PART_OF].mean(-1) + _SWAP_FLOOR)
        cost[1] += _SWAP_BIAS
        return find_cheapest(torch.where(present, cost, 0.0), change=_SWAP_CHANGE)

    return torch.stack([find_swaps(part) for part in range(len(PARTS))], dim=-1)


def find_cheapest(cost: Float[Tensor, "2 windows time"], *, change: float) -> Bool[Tensor, "windows time"]:
    """When to be in the second of two states, so that costs and changes sum to the least (Viterbi)."""
    total, changes = cost[..., 0], []
    for t in range(1, cost.shape[-1]):
        changed = total.flip(0) + change
        changes.append(changed < total)
        total = torch.minimum(total, changed) + cost[..., t]
    course = [total[1] < total[0]]
    for came_over in reversed(changes):
        course.append(course[-1] ^ torch.where(course[-1], came_over[1], came_over[0]))
    return torch.stack(course[::-1], dim=-1)
