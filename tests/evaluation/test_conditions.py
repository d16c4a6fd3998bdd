from dataclasses import replace

import numpy as np

from reference.made_windows import make_windows
from spsnet.datasets.shards import ObservedWindows
from spsnet.evaluation.conditions import Condition, make_condition, make_conditions


def hide(windows: ObservedWindows, *, clean: list[tuple[int, int]], covered: list[tuple[int, int]]) -> ObservedWindows:
    """(window, frame) in which the encoder saw nobody."""
    assert windows.occluded is not None
    masks = [windows.seen.present_mask.copy(), windows.occluded.present_mask.copy()]
    for mask, places in zip(masks, (clean, covered), strict=True):
        for place in places:
            mask[place] = False
    return replace(
        windows,
        seen=replace(windows.seen, present_mask=masks[0]),
        occluded=replace(windows.occluded, present_mask=masks[1]),
    )


def name_all(conditions: list[Condition]) -> dict[str, Condition]:
    return {condition.name: condition for condition in conditions}


def test_four_conditions_share_one_truth() -> None:
    windows = make_windows(2, 6)
    conditions = make_conditions(windows)
    assert [condition.name for condition in conditions] == ["clean", "occluded", "swapped", "lost"]
    for condition in conditions:
        assert condition.truth.shape is windows.shape
    assert name_all(conditions)["clean"].sight.feature.shape == (2, 6, 6)
    assert name_all(conditions)["swapped"].sight.feature.shape == (2, 6, 0)


def test_what_nobody_looked_at_covered_is_no_condition() -> None:
    windows = replace(make_windows(2, 6), occluded=None)
    assert [condition.name for condition in make_conditions(windows)] == ["clean", "swapped", "lost"]
    assert make_condition("hard", windows).name == "hard"


def test_frames_count_where_the_clean_picture_shows_a_person_and_a_film_would_hold_them() -> None:
    windows = hide(make_windows(2, 5), clean=[(0, 2)], covered=[(0, 0), (1, 1), (1, 4)])
    conditions = name_all(make_conditions(windows))
    assert conditions["clean"].scored_mask.tolist() == [[True, True, False, True, True], [True] * 5]
    assert conditions["occluded"].scored_mask.tolist() == [[False, True, False, True, True], [True] * 4 + [False]]
    assert conditions["clean"].describe_frames() == (
        "2 windows, 9 of 10 frames scored; 1 left out: nobody seen in the clean picture"
    )
    assert conditions["occluded"].describe_frames() == (
        "2 windows, 7 of 10 frames scored, 1 of them bridged from the frames around; "
        "1 left out: nobody seen in the clean picture; "
        "2 left out: before the first or after the last sight of the person"
    )
    assert make_condition("all", make_windows(1, 3)).describe_frames() == "1 windows, 3 of 3 frames scored"


def test_gaps_are_filled() -> None:
    windows = hide(make_windows(1, 3), clean=[], covered=[(0, 1)])
    assert windows.occluded is not None
    sight = name_all(make_conditions(windows))["occluded"].sight
    before, _, after = windows.occluded.world_m[0]
    assert np.allclose(sight.world_m[0, 1], (before + after) / 2)
    assert not sight.landmarks_px[0, 1, :, 2].any()
