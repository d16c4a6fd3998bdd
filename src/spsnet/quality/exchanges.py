"""One person taken for another: tracks that jump, and tracks that exchange places.

Only sudden changes are found. Two people who are exchanged while they stand before one another leave no jump, and
nothing in a result tells of them.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from spsnet.quality.measures import get_landmarks
from spsnet.quality.thresholds import Thresholds
from spsnet.records import PersonMotion

_TRUNK = (0, 1, 6, 7)
"""Shoulders and hips, of `LIMB_JOINTS`."""
_AROUND = 4
"""Steps before and after that tell a track's own course."""
_LONGEST_STEP_S = 0.35
"""After a longer gap anybody may be anywhere."""


class Jump(NamedTuple):
    """A track that goes on somewhere else."""

    frame: int
    """First frame of the person there, counted from its first."""
    boxes: float
    """How far, beyond its own course, in sides of the box."""


class Exchange(NamedTuple):
    """Two tracks that go on in each other's place."""

    track_ids: tuple[int, int]
    frame_index: int
    """First frame after it."""
    time_s: float


def find_jumps(person: PersonMotion, thresholds: Thresholds) -> list[Jump]:
    """Where the trunk leaves its course at once, seen frames only."""
    seen = np.flatnonzero(~person.filled_mask)
    if len(seen) < 3:
        return []
    jumps = measure_jumps(find_trunk(person)[seen], person.box_xys_px[seen, 2].astype(np.float64))
    near = np.diff(person.time_s[seen]) <= _LONGEST_STEP_S
    return [
        Jump(int(seen[i + 1]), float(jumps[i])) for i in np.flatnonzero((jumps > thresholds.jump_boxes) & near).tolist()
    ]


def find_trunk(person: PersonMotion) -> Float[np.ndarray, "time 2"]:
    """Middle of shoulders and hips in the picture; of the box, where there are no landmarks."""
    landmarks = get_landmarks(person)
    return (
        person.box_xys_px[:, :2].astype(np.float64)
        if landmarks is None
        else np.asarray(landmarks[:, _TRUNK, :2].mean(1))
    )


def measure_jumps(
    places_px: Float[np.ndarray, "time 2"], sides_px: Float[np.ndarray, " time"]
) -> Float[np.ndarray, " steps"]:
    r"""Each step less the median of the steps around it, in sides of the smaller box.

        e_i = ‖d_i − median(d_{i−4} … d_{i+4} without d_i)‖ / min(b_i, b_{i+1}),   d_i = x_{i+1} − x_i

    Convention:
        A walk of 10 px a frame in a box of 100 px with one step of 60 px: 0.5 there and 0 elsewhere.
    """
    steps = np.diff(places_px, axis=0)
    padded = np.pad(steps, ((_AROUND, _AROUND), (0, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1, axis=0)
    around = np.delete(windows, _AROUND, axis=-1)
    usual = np.nanmedian(around, axis=-1) if len(steps) > 1 else np.zeros_like(steps)
    return np.asarray(np.linalg.norm(steps - usual, axis=-1) / np.minimum(sides_px[1:], sides_px[:-1]))


def find_exchanges(people: Sequence[PersonMotion], thresholds: Thresholds) -> list[Exchange]:
    """Pairs of people who suddenly stand where the other stood."""
    found = []
    for left, right in combinations(people, 2):
        shared, rows, columns = np.intersect1d(
            left.frame_index[~left.filled_mask], right.frame_index[~right.filled_mask], return_indices=True
        )
        rows, columns = np.flatnonzero(~left.filled_mask)[rows], np.flatnonzero(~right.filled_mask)[columns]
        if len(shared) < 2:
            continue
        places = np.stack([find_trunk(left)[rows], find_trunk(right)[columns]], axis=1)
        sides = np.stack([left.box_xys_px[rows, 2], right.box_xys_px[columns, 2]], axis=1).astype(np.float64)
        share = compute_exchange_share(places, sides, thresholds.exchange_boxes)
        near = np.diff(left.time_s[rows]) <= _LONGEST_STEP_S
        for i in np.flatnonzero((share > thresholds.exchange_share) & near).tolist():
            ids = (left.track_id, right.track_id)
            found.append(Exchange(ids, int(shared[i + 1]), float(left.time_s[rows[i + 1]])))
    return found


def compute_exchange_share(
    places_px: Float[np.ndarray, "time 2 2"], sides_px: Float[np.ndarray, "time 2"], least_boxes: float
) -> Float[np.ndarray, " steps"]:
    r"""How much shorter both ways are from one frame to the next once the two are exchanged.

        (d − d′) / s,   d = mean ‖x_k(i+1) − x_k(i)‖,   d′ the same with the other's x(i+1),   s = ‖x_1 − x_2‖

    Convention:
        1 for two who stand still and are exchanged, −1 for two who are not, and for two nearer than `least_boxes` sides
        of the larger box.
    """
    stay, cross = (
        np.linalg.norm(places_px[1:][:, order] - places_px[:-1], axis=-1).mean(1) for order in (slice(None), [1, 0])
    )
    apart = np.linalg.norm(places_px[:, 0] - places_px[:, 1], axis=-1)
    apart = np.minimum(apart[1:], apart[:-1])
    share = np.clip((stay - cross) / np.maximum(apart, 1e-9), -1, 1)
    return np.where(apart >= least_boxes * sides_px.max(1)[1:], share, -1.0)
