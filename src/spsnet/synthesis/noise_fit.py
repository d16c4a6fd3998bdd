"""How the encoder errs, measured on rendered people whose truth is known and kept to be replayed."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from spsnet.body import BodyModel, compute_keypoints
from spsnet.body.landmarks import build_landmark_model
from spsnet.datasets.shards import ObservedWindows, Sight
from spsnet.synthesis.landmark_fit import find_usable
from spsnet.synthesis.noise_bank import NoiseBank, SightNoise
from spsnet.synthesis.replay import balance_windows
from spsnet.synthesis.views import PART_OF, PARTS, BodyView, exchange_sides, view_landmarks
from spsnet.synthesis.widths import describe_widths, fit_width_map, measure_pixels_per_metre

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


def build_noise_bank(windows: ObservedWindows, body: BodyModel, offset_m: Float[np.ndarray, "33 3"]) -> NoiseBank:
    """Measure what the encoder was off by in every window of rendered people that it saw at least once.

    Args:
        windows: What it said, and the truth; windows whose truth is unknown are passed over.
        body: Of the rendered people.
        offset_m: Where its landmarks lie on the body (`fit_landmarks`).

    Raises:
        UserError: If it saw nobody whose pose is known.
    """
    usable = find_usable(windows)
    view = view_windows(windows, usable, body, offset_m)
    shape = torch.from_numpy(windows.shape[usable])
    width_map = _fit_widths(windows.seen, usable, view, shape)
    world_scale = _fit_world_scale(windows.seen, usable, view)
    seen, occluded = (
        None if sight is None else measure_noise(sight, usable, view, shape, world_scale, width_map)
        for sight in (windows.seen, windows.occluded)
    )
    assert seen is not None
    look_m = view.look_m.half()
    return NoiseBank(
        look_m=look_m,
        reluctance=balance_windows(look_m, seen.present_mask),
        world_scale=world_scale,
        width_map=width_map,
        seen=seen,
        occluded=occluded,
    )


def view_windows(
    windows: ObservedWindows, chosen: Int[np.ndarray, " chosen"], body: BodyModel, offset_m: Float[np.ndarray, "33 3"]
) -> BodyView:
    """The true landmarks of some windows."""
    model = build_landmark_model(body, offset_m)
    frames = windows.translation_m.shape[1]
    parts = []
    for first in range(0, len(chosen), _WINDOWS_AT_ONCE):
        some = chosen[first : first + _WINDOWS_AT_ONCE]
        points = compute_keypoints(
            model,
            torch.from_numpy(windows.rotations[some]).flatten(0, 1),
            torch.from_numpy(windows.shape[some]).repeat_interleave(frames, 0),
            torch.from_numpy(windows.translation_m[some]).flatten(0, 1),
        )
        parts.append(points[:, -33:].reshape(len(some), frames, 33, 3))
    return view_landmarks(torch.cat(parts))


def measure_noise(
    sight: Sight,
    chosen: Int[np.ndarray, " chosen"],
    view: BodyView,
    shape: Float[Tensor, "chosen 10"],
    world_scale: Float[Tensor, "3"],
    width_map: Float[Tensor, "12 conditions"],
) -> SightNoise:
    """What one sight of some windows was off by.

    Args:
        sight: What was said of all windows.
        chosen: Which of them.
        view: The true landmarks of those.
        shape: Of those.
        world_scale: As in `NoiseBank`.
        width_map: As in `NoiseBank`.
    """
    landmarks, world_m, present = (
        torch.from_numpy(array[chosen]) for array in (sight.landmarks_px, sight.world_m, sight.present_mask)
    )
    swapped = _find_swaps(landmarks[..., :2], present, view)
    residual = (landmarks[..., :2] - exchange_sides(view.clean_px, swapped)) / view.half_px[..., None, None]
    log_width, known = _measure_widths(sight, chosen, view)
    expected = (describe_widths(view, shape) * width_map).sum(-1)
    return SightNoise(
        residual=residual.clamp(-_FARTHEST, _FARTHEST).half(),
        confidence=landmarks[..., 2].half(),
        swapped=swapped,
        world_residual_m=(world_m - world_scale * exchange_sides(view.turned_m, swapped)).half(),
        width_residual=torch.where(known, log_width - expected, 0.0).half(),
        width_known=known,
        present_mask=present,
    )


def _measure_widths(
    sight: Sight, chosen: Int[np.ndarray, " chosen"], view: BodyView
) -> tuple[Float[Tensor, "chosen time 12"], Bool[Tensor, "chosen time 12"]]:
    """Logarithms of widths in metres, and where they are known."""
    widths, present = torch.from_numpy(sight.widths_px[chosen]), torch.from_numpy(sight.present_mask[chosen])
    known = (widths > 0) & present[..., None]
    return torch.where(known, widths / measure_pixels_per_metre(view), 1.0).log(), known


def _fit_widths(
    sight: Sight, chosen: Int[np.ndarray, " chosen"], view: BodyView, shape: Float[Tensor, "chosen 10"]
) -> Float[Tensor, "12 conditions"]:
    """Every fourth frame says enough."""
    log_width, known = _measure_widths(sight, chosen, view)
    return fit_width_map(*(values[:, ::4] for values in (log_width, known, describe_widths(view, shape))))


def _fit_world_scale(sight: Sight, chosen: Int[np.ndarray, " chosen"], view: BodyView) -> Float[Tensor, "3"]:
    """Least squares for each axis, landmarks weighted down by how far off they are in the picture."""
    seen, world_m, present = (
        torch.from_numpy(array[chosen]) for array in (sight.landmarks_px[..., :2], sight.world_m, sight.present_mask)
    )
    swapped = _find_swaps(seen, present, view)
    off = (seen - exchange_sides(view.clean_px, swapped)).norm(dim=-1) / view.half_px[..., None]
    weight = (present[..., None] / (1 + (off / _DOUBT) ** 2) ** 2)[..., None]
    truth = exchange_sides(view.turned_m, swapped)
    return (weight * world_m * truth).sum((0, 1, 2)) / (weight * truth.square()).sum((0, 1, 2)).clamp(min=1e-6)


def _find_swaps(
    seen_px: Float[Tensor, "windows time 33 2"], present_mask: Bool[Tensor, "windows time"], view: BodyView
) -> Bool[Tensor, "windows time parts"]:
    """In which frames the sides of which part are exchanged."""
    exchanged_px = exchange_sides(view.clean_px, torch.ones(*present_mask.shape, len(PARTS), dtype=torch.bool))
    off = torch.stack([(seen_px - truth).norm(dim=-1) for truth in (view.clean_px, exchanged_px)])
    cost = torch.stack(
        [
            torch.log((off[..., p == PART_OF] / view.half_px[..., None]).mean(-1) + _SWAP_FLOOR)
            for p in range(len(PARTS))
        ]
    )
    cost[:, 1] += _SWAP_BIAS
    return torch.stack([_find_cheapest(torch.where(present_mask, part, 0.0)) for part in cost], dim=-1)


def _find_cheapest(cost: Float[Tensor, "2 windows time"]) -> Bool[Tensor, "windows time"]:
    """When to be in the second of two states, so that costs and changes sum to the least (Viterbi)."""
    total, changes = cost[..., 0], []
    for t in range(1, cost.shape[-1]):
        changed = total.flip(0) + _SWAP_CHANGE
        changes.append(changed < total)
        total = torch.minimum(total, changed) + cost[..., t]
    second = total[1] < total[0]
    course = [second]
    for change in reversed(changes):
        second = second ^ torch.where(second, change[1], change[0])
        course.append(second)
    return torch.stack(course[::-1], dim=-1)
