import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spsnet.video.timing import Clock, Numbering, describe_frames

MILLISECOND = Fraction(1, 1000)


def test_clock_starts_at_zero_and_keeps_variable_spacing() -> None:
    clock = Clock(time_base=MILLISECOND, fps=25.0)
    assert [clock.read(pts) for pts in (500, 540, 700, 701)] == [0.0, 0.04, 0.2, 0.201]
    assert clock.steps_back == 0


def test_clock_fills_missing_timestamps_at_the_nominal_rate() -> None:
    clock = Clock(time_base=MILLISECOND, fps=25.0)
    assert [clock.read(pts) for pts in (None, None, 100, 140)] == pytest.approx([0.0, 0.04, 0.08, 0.12])


def test_clock_goes_on_after_a_step_back() -> None:
    clock = Clock(time_base=MILLISECOND, fps=25.0)
    assert [clock.read(pts) for pts in (1000, 1040, 0, 50)] == pytest.approx([0.0, 0.04, 0.08, 0.13])
    assert clock.steps_back == 1


@given(st.lists(st.one_of(st.none(), st.integers(-(2**40), 2**40)), max_size=30), st.floats(1, 240))
def test_clock_always_rises(stamps: list[int | None], fps: float) -> None:
    clock = Clock(time_base=Fraction(1, 90_000), fps=fps)
    times = [clock.read(pts) for pts in stamps]
    assert all(earlier < later for earlier, later in itertools.pairwise(times))
    assert times[:1] in ([], [0.0])


def test_numbering_without_loss_in_decoding_order() -> None:
    numbering = Numbering()
    for pts in (0, 30, 10, 20):
        numbering.announce(pts)
    assert [numbering.number(pts) for pts in (0, 10, 20, 30)] == [0, 1, 2, 3]
    numbering.finish()
    assert numbering.lost == []


def test_numbering_gives_lost_frames_their_numbers() -> None:
    numbering = Numbering()
    for pts in (0, 30, 10, 20, 40):
        numbering.announce(pts)
    assert [numbering.number(pts) for pts in (10, 30)] == [1, 3]
    numbering.finish()
    assert numbering.lost == [0, 2, 4]


def test_numbering_counts_without_timestamps() -> None:
    numbering = Numbering()
    assert [numbering.number(None) for _ in range(3)] == [0, 1, 2]


@given(st.sets(st.integers(0, 40), min_size=1), st.data())
def test_numbering_equals_rank_among_announced(stamps: set[int], data: st.DataObject) -> None:
    ranked = sorted(stamps)
    kept = [pts for pts in ranked if data.draw(st.booleans())]
    numbering = Numbering()
    for pts in data.draw(st.permutations(ranked)):
        numbering.announce(pts)
    assert [numbering.number(pts) for pts in kept] == [ranked.index(pts) for pts in kept]
    numbering.finish()
    assert numbering.lost == [rank for rank, pts in enumerate(ranked) if pts not in kept]


@pytest.mark.parametrize(
    ("indices", "sentence"),
    [
        ([3], "frame 3"),
        ([3, 4], "frames 3 to 4"),
        ([3, 4, 5, 9], "frames 3 to 5 and 9"),
        ([0, 2, 4], "frames 0, 2 and 4"),
        ([0, 2, 4, 6, 8, 10, 11], "frames 0, 2, 4, 6, 8 and 2 more"),
    ],
)
def test_describe_frames(indices: list[int], sentence: str) -> None:
    assert describe_frames(indices) == sentence
