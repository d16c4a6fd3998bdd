from collections.abc import Callable

import numpy as np
import pytest

from reference.made_windows import make_windows
from spsnet.crops import WIDTH_NAMES
from spsnet.datasets.shards import Sight
from spsnet.evaluation.corruptions import lose_parts, swap_sides
from spsnet.skeletons import get_joint_set

BLAZEPOSE = get_joint_set("blazepose33")
SEEN = make_windows(30, 20).seen


def find_changed(corrupted: Sight) -> np.ndarray:
    """(windows, time, 33): which landmarks are elsewhere."""
    return (corrupted.landmarks_px[..., :2] != SEEN.landmarks_px[..., :2]).any(-1)


@pytest.mark.parametrize("corrupt", [swap_sides, lose_parts])
def test_one_stretch_of_each_window_goes_wrong(corrupt: Callable[[Sight], Sight]) -> None:
    corrupted = corrupt(SEEN)
    touched = find_changed(corrupted).any(-1) | (corrupted.widths_px != SEEN.widths_px).any(-1)
    lengths = set()
    for frames in map(np.flatnonzero, touched):
        assert np.array_equal(frames, np.arange(frames[0], frames[-1] + 1))
        lengths.add(len(frames))
    assert {min(lengths), max(lengths)} <= set(range(4, 13))
    assert len(lengths) > 3
    assert corrupted.feature.shape == (30, 20, 0)
    assert np.array_equal(corrupted.present_mask, SEEN.present_mask)


@pytest.mark.parametrize("corrupt", [swap_sides, lose_parts])
def test_chance_is_the_seeds_and_the_windows_own(corrupt: Callable[..., Sight]) -> None:
    once, again, other = corrupt(SEEN, 3), corrupt(SEEN, 3), corrupt(SEEN, 4)
    assert np.array_equal(once.landmarks_px, again.landmarks_px)
    assert not np.array_equal(once.landmarks_px, other.landmarks_px)
    first = Sight(**{name: getattr(SEEN, name)[:5] for name in Sight.__dataclass_fields__})
    assert np.array_equal(corrupt(first, 3).world_m, once.world_m[:5])


def test_sides_are_exchanged_of_legs_of_trunk_and_arms_or_of_all() -> None:
    swapped = swap_sides(SEEN)
    kinds = set()
    for window, frame in zip(*np.nonzero(find_changed(swapped).any(-1)), strict=True):
        before, after = SEEN.landmarks_px[window, frame], swapped.landmarks_px[window, frame]
        members = np.flatnonzero((before != after).any(-1))
        assert np.array_equal(after[members], before[BLAZEPOSE.mirror_index[members]])
        world, moved = SEEN.world_m[window, frame], swapped.world_m[window, frame]
        assert np.array_equal(moved[members], world[BLAZEPOSE.mirror_index[members]])
        kinds.add((members.min(), members.max()))
        names = [
            WIDTH_NAMES[i] for i in np.flatnonzero(SEEN.widths_px[window, frame] != swapped.widths_px[window, frame])
        ]
        assert all(name.startswith(("left", "right")) for name in names)
        left, right = (WIDTH_NAMES.index(f"{side}_shin") for side in ("left", "right"))
        if members.max() == 32:
            assert swapped.widths_px[window, frame, left] == SEEN.widths_px[window, frame, right]
    # The nose (0) stands in the middle: nothing to exchange.
    assert kinds == {(25, 32), (11, 24), (1, 32)}


def test_lost_parts_are_doubted_and_have_no_widths() -> None:
    lost = lose_parts(SEEN)
    doubted = lost.landmarks_px[..., 2] < 0.6
    assert SEEN.landmarks_px[..., 2].min() > 0.6
    assert not (find_changed(lost) & ~doubted).any()
    assert not lost.widths_px[doubted.any(-1)].any()
    assert np.array_equal(lost.widths_px[~doubted.any(-1)], SEEN.widths_px[~doubted.any(-1)])
    assert {int(mask.any(0).sum()) for mask in doubted} <= {4, 5, 10, 11, 23}


def test_windows_shorter_than_a_stretch_go_wrong_as_a_whole() -> None:
    short = make_windows(3, 2).seen
    assert (lose_parts(short).landmarks_px[..., 2] < 0.6).any(-1).all()
