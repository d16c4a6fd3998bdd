"""Left taken for right: sides that are exchanged from one frame to the next, or between body and landmarks."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from spsnet.quality.measures import find_limb_joints, get_landmarks
from spsnet.quality.stretches import Stretch, find_stretches
from spsnet.quality.thresholds import Thresholds
from spsnet.records import PersonMotion

_GROUPS: Mapping[str, tuple[int, ...]] = {"trunk": (0, 1, 6, 7), "arms": (2, 3, 4, 5), "legs": (8, 9, 10, 11)}
"""Of `LIMB_JOINTS`: left and right in turn."""
AGAINST = "body against landmarks"
_LONGEST_STEP_S = 0.2
"""Frames further apart say nothing of each other."""


class SideSwap(NamedTuple):
    """Sides that look exchanged in a stretch; of one frame where they change there and never back."""

    stretch: Stretch
    parts: frozenset[str]
    """Of `_GROUPS`."""
    sources: frozenset[str]
    """"landmarks", "body", and `AGAINST` where the two disagree."""


def find_side_swaps(person: PersonMotion, thresholds: Thresholds) -> list[SideSwap]:
    """Suspected exchanges of left and right, those that touch joined into one."""
    index, landmarks = find_limb_joints(person), get_landmarks(person)
    sides_px = person.box_xys_px[:, 2].astype(np.float64)
    body = None if index is None else person.joints_m[:, index].astype(np.float64)
    found = []
    for part, group in _GROUPS.items():
        if landmarks is not None:
            points = landmarks[:, group, :2] / sides_px[:, None, None]
            for stretch in _find_sudden(person, points, thresholds.side_percent / 100, thresholds):
                found.append(SideSwap(stretch, frozenset([part]), frozenset(["landmarks"])))
        if body is not None:
            for stretch in _find_sudden(person, body[:, group], thresholds.side_m, thresholds):
                found.append(SideSwap(stretch, frozenset([part]), frozenset(["body"])))
        if landmarks is not None and index is not None:
            drawn = person.joints_px[:, index].astype(np.float64)[:, group] / sides_px[:, None, None]
            points = landmarks[:, group, :2] / sides_px[:, None, None]
            share = compute_swap_share(drawn, points, thresholds.side_percent / 100)
            mask = (share > thresholds.side_share) & ~person.filled_mask
            for stretch in find_stretches(mask, person.time_s, shortest_s=thresholds.side_s):
                found.append(SideSwap(stretch, frozenset([part]), frozenset([AGAINST])))
    return _join(found)


def compute_swap_share(
    expected: Float[np.ndarray, "time joints width"],
    points: Float[np.ndarray, "time joints width"],
    least_distance: float,
) -> Float[np.ndarray, " time"]:
    r"""How much nearer to what is expected the points are once left and right are exchanged.

        (d − d′) / s,   d = mean ‖x_j − x̂_j‖,   d′ = mean ‖x_m(j) − x̂_j‖,   s = mean ‖x_left − x_right‖ of both

    Convention:
        Joints are left and right in turn. Left at 1 and right at −1 where −1 and 1 are expected: (2 − 0) / 2 = 1; where
        they are expected: −1. −1 too where s is less than `least_distance`.
    """
    mirror = np.arange(points.shape[1]).reshape(-1, 2)[:, ::-1].ravel()
    as_is, exchanged = (np.linalg.norm(points[:, order] - expected, axis=-1).mean(1) for order in (slice(None), mirror))
    apart = np.minimum(*(np.linalg.norm(p[:, ::2] - p[:, 1::2], axis=-1).mean(1) for p in (points, expected)))
    share = (as_is - exchanged) / np.maximum(apart, 1e-9)
    return np.where(apart >= least_distance, np.clip(share, -1, 1), -1.0)


def _find_sudden(
    person: PersonMotion, points: Float[np.ndarray, "time joints width"], least_distance: float, limits: Thresholds
) -> list[Stretch]:
    """Where sides are exchanged from one frame to the next."""
    seen = np.flatnonzero(~person.filled_mask)
    about = points - points.mean(1, keepdims=True)
    share = compute_swap_share(about[seen[:-1]], about[seen[1:]], least_distance)
    near: Bool[np.ndarray, " steps"] = np.diff(person.time_s[seen]) <= _LONGEST_STEP_S
    return _pair(seen[1:][(share > limits.side_share) & near].tolist(), person.time_s, limits)


def _pair(frames: list[int], time_s: Float[np.ndarray, " time"], limits: Thresholds) -> list[Stretch]:
    """From each exchange to the next one soon after; its own frame where there is none. Flickers are left out."""
    stretches = []
    while frames:
        start = frames.pop(0)
        if frames and time_s[frames[0]] - time_s[start] <= limits.side_pair_s:
            stop = frames.pop(0)
            if time_s[stop] - time_s[start] >= limits.side_s - 1e-6:
                stretches.append(Stretch(start, stop))
        else:
            stretches.append(Stretch(start, start + 1))
    return stretches


def _join(found: list[SideSwap]) -> list[SideSwap]:
    joined: list[SideSwap] = []
    for swap in sorted(found, key=lambda one: one.stretch):
        if joined and swap.stretch.start <= joined[-1].stretch.stop:
            last = joined.pop()
            stretch = Stretch(last.stretch.start, max(last.stretch.stop, swap.stretch.stop))
            swap = SideSwap(stretch, last.parts | swap.parts, last.sources | swap.sources)
        joined.append(swap)
    return joined
