"""The encoder's failures made by hand, the same for every model: what temporal modules are there to mend."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from spsnet.crops import compute_network_box
from spsnet.datasets.shards import Sight
from spsnet.skeletons import get_joint_set

STRETCH = (4, 12)
"""Fewest and most frames in a row that go wrong in each window."""
_MIRROR = get_joint_set("blazepose33").mirror_index
_MIRROR_WIDTHS = np.array([0, 1, 2, 3, 5, 4, 7, 6, 9, 8, 11, 10])
_SWAPS = (
    (np.arange(25, 33), np.arange(8, 12)),
    (np.arange(11, 25), np.arange(4, 8)),
    (np.arange(33), np.arange(12)),
)
"""Landmarks and widths of the legs, of trunk and arms, and all."""
_LOSSES = (
    np.array([13, 15, 17, 19, 21]),
    np.array([14, 16, 18, 20, 22]),
    np.array([25, 27, 29, 31]),
    np.array([26, 28, 30, 32]),
    np.arange(0, 23),
    np.arange(23, 33),
    np.arange(11, 33, 2),
    np.arange(12, 33, 2),
)
"""Each limb; the upper and the lower half; the left and the right half."""
_THROWN = 0.25
"""Standard deviation of how far a lost landmark is off: half box sides in the picture, metres in 3D."""
_DOUBT = (0.1, 0.5)
"""Confidence of a lost landmark."""


class _Window(NamedTuple):
    """What is changed in place, and where."""

    landmarks_px: Float[np.ndarray, "time 33 3"]
    world_m: Float[np.ndarray, "time 33 3"]
    widths_px: Float[np.ndarray, "time 12"]
    stretch: Int[np.ndarray, " stretch"]
    """The frames that go wrong."""


def swap_sides(sight: Sight, seed: int = 0) -> Sight:
    """In a stretch of each window, left and right exchanged: of the legs, of trunk and arms, or of everything.

    The encoder's vector is dropped: what it would have been is not known.

    Args:
        sight: Of any windows.
        seed: The same seed and window number give the same stretch and parts.
    """
    return _corrupt_windows(sight, seed, _swap)


def lose_parts(sight: Sight, seed: int = 0) -> Sight:
    """In a stretch of each window, a limb or half of the body frozen in the picture or thrown off, and doubted.

    The encoder's vector is dropped, and so are all widths of the stretch.

    Args:
        sight: Of any windows.
        seed: The same seed and window number give the same stretch and parts.
    """
    return _corrupt_windows(sight, seed, _lose)


def _corrupt_windows(sight: Sight, seed: int, corrupt: Callable[[np.random.Generator, _Window], None]) -> Sight:
    landmarks, world, widths = (v.copy() for v in (sight.landmarks_px, sight.world_m, sight.widths_px))
    windows, frames = sight.present_mask.shape
    for i in range(windows):
        random = np.random.default_rng([seed, i])
        length = min(int(random.integers(STRETCH[0], STRETCH[1] + 1)), frames)
        start = int(random.integers(0, frames - length + 1))
        corrupt(random, _Window(landmarks[i], world[i], widths[i], np.arange(start, start + length)))
    nothing = np.zeros((windows, frames, 0), np.float32)
    return replace(sight, landmarks_px=landmarks, world_m=world, widths_px=widths, feature=nothing)


def _swap(random: np.random.Generator, window: _Window) -> None:
    members, across = _SWAPS[random.integers(len(_SWAPS))]
    rows = window.stretch[:, None]
    for values in (window.landmarks_px, window.world_m):
        values[rows, members] = values[rows, _MIRROR[members]]
    window.widths_px[rows, across] = window.widths_px[rows, _MIRROR_WIDTHS[across]]


def _lose(random: np.random.Generator, window: _Window) -> None:
    members = _LOSSES[random.integers(len(_LOSSES))]
    rows, landmarks, world = window.stretch[:, None], window.landmarks_px, window.world_m
    if random.random() < 0.5:
        last = max(window.stretch[0] - 1, 0)
        landmarks[rows, members], world[rows, members] = landmarks[last, members], world[last, members]
    else:
        half = compute_network_box(landmarks[window.stretch])[:, None, 2:] / 2
        landmarks[rows, members, :2] += half * (_THROWN * random.standard_normal((len(members), 2)))
        world[rows, members] += _THROWN * random.standard_normal((len(members), 3))
    landmarks[rows, members, 2] = random.uniform(*_DOUBT, len(members))
    window.widths_px[window.stretch] = 0
