import math

import motmetrics
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from reference.tracking_loops import compute_iou_slowly
from spsnet.metrics import IdentifiedBoxes, TrackingScores, collect_boxes, compute_tracking_scores
from spsnet.records import Track

Film = list[IdentifiedBoxes]


def make_frame(places_px: dict[int, float]) -> IdentifiedBoxes:
    """Boxes of 10 × 10 pixels in a row, at x."""
    boxes = [[x, 0.0, x + 10, 10.0] for x in places_px.values()]
    return IdentifiedBoxes(
        ids=np.array(list(places_px), np.int64), boxes_xyxy_px=np.array(boxes, np.float64).reshape(-1, 4)
    )


def make_film(*frames: dict[int, float]) -> Film:
    return [make_frame(frame) for frame in frames]


def draw_films(seed: int, *, frames: int = 25) -> tuple[Film, Film]:
    """Five people who cross, come and go; a prediction that misses, invents, renames and exchanges them."""
    rng = np.random.default_rng(seed)
    place, speed = rng.uniform(0, 60, (5, 2)), rng.normal(0, 2, (5, 2))
    size = rng.uniform(15, 30, (5, 2))
    names = np.arange(1, 6)
    predicted, target = [], []
    for frame in range(frames):
        place = place + speed
        names = rng.permutation(names) if rng.random() < 0.1 else names
        names = names + 5 * (rng.random(5) < 0.05)
        present = (rng.random(5) > 0.15) & (frame not in (7, 8))
        corners = place[present]
        target.append(IdentifiedBoxes(
            ids=10 * np.arange(5)[present], boxes_xyxy_px=np.hstack([corners, corners + size[present]])
        ))  # fmt: skip
        seen = rng.random(5) > 0.2
        found = np.unique(names[seen], return_index=True)[1]
        corners = (place + rng.normal(0, 3, (5, 2)))[seen][found]
        predicted.append(IdentifiedBoxes(
            ids=names[seen][found], boxes_xyxy_px=np.hstack([corners, corners + size[seen][found]])
        ))  # fmt: skip
    return predicted, target


def rename(film: Film, names: dict[int, int]) -> Film:
    return [
        IdentifiedBoxes(
            ids=np.array([names[name] for name in frame.ids.tolist()], np.int64), boxes_xyxy_px=frame.boxes_xyxy_px
        )
        for frame in film
    ]


def shuffle(film: Film, rng: np.random.Generator) -> Film:
    orders = [rng.permutation(len(frame)) for frame in film]
    return [
        IdentifiedBoxes(ids=frame.ids[order], boxes_xyxy_px=frame.boxes_xyxy_px[order])
        for frame, order in zip(film, orders, strict=True)
    ]


def test_one_person_called_two_names_by_hand() -> None:
    target = make_film(*[{7: float(x)} for x in range(10)])
    predicted = make_film(*[{1 if x < 6 else 2: float(x)} for x in range(10)])
    scores = compute_tracking_scores(predicted, target)
    assert scores == TrackingScores(frames=10, targets=10, predictions=10, matches=10, switches=1, id_matches=6)
    assert scores.mota == pytest.approx(0.9)
    assert scores.idf1 == pytest.approx(0.6)
    assert (scores.misses, scores.false_positives) == (0, 0)


def test_misses_and_inventions_by_hand() -> None:
    """Two people in three frames, one box missed and four invented: MOTA 1 − 5/6, IDF1 2 · 5 / (6 + 9)."""
    target = make_film(*[{1: 0.0, 2: 50.0}] * 3)
    predicted = make_film({1: 0, 2: 50, 3: 200}, {1: 0, 3: 200}, {1: 0, 2: 50, 3: 200, 4: 300})
    scores = compute_tracking_scores(predicted, target)
    assert (scores.misses, scores.false_positives, scores.switches) == (1, 4, 0)
    assert scores.mota == pytest.approx(1 / 6)
    assert scores.idf1 == pytest.approx(10 / 15)
    worse = compute_tracking_scores(make_film(*[{1: 200.0, 2: 300.0, 3: 400.0}] * 3), target)
    assert (worse.mota, worse.idf1) == (-1.5, 0)


def test_a_name_is_remembered_over_a_gap() -> None:
    target = make_film({1: 0}, {1: 0}, {}, {1: 0})
    same = compute_tracking_scores(make_film({5: 0}, {}, {5: 200}, {5: 0}), target)
    other = compute_tracking_scores(make_film({5: 0}, {}, {5: 200}, {6: 0}), target)
    assert (same.switches, other.switches) == (0, 1)
    assert (same.misses, same.false_positives) == (other.misses, other.false_positives) == (1, 1)


def test_two_who_exchange_names_switch_twice() -> None:
    target = make_film({1: 0, 2: 50}, {1: 0, 2: 50})
    assert compute_tracking_scores(make_film({1: 0, 2: 50}, {1: 50, 2: 0}), target).switches == 2


def test_a_name_that_overlaps_enough_is_kept_before_a_better_box() -> None:
    """Id 1 overlaps by 7 of 13 pixels, id 2 wholly: only with a limit above 7/13 does the person change names."""
    target = make_film({1: 0}, {1: 0})
    predicted = make_film({1: 0}, {1: 3, 2: 0})
    assert compute_tracking_scores(predicted, target, minimum_iou=0.5).switches == 0
    assert compute_tracking_scores(predicted, target, minimum_iou=0.55).switches == 1


def test_as_many_as_can_be_are_matched_then_the_nearest() -> None:
    """The best pair (person 1, id 1) would leave person 2 without any; of equally many the greatest overlap wins."""
    target = make_film({1: 0, 2: 6})
    scores = compute_tracking_scores(make_film({1: 1, 2: -5}), target, minimum_iou=0.3)
    assert (scores.matches, scores.misses) == (2, 0)
    nearest = compute_tracking_scores(make_film({1: 0}, {1: 1, 2: 0}, {2: 0}), make_film({8: 90}, {9: 0}, {9: 0}))
    assert nearest.switches == 0


def test_films_without_people() -> None:
    nobody = make_film({}, {})
    empty = compute_tracking_scores(nobody, nobody)
    assert math.isnan(empty.mota)
    assert math.isnan(empty.idf1)
    ghosts = compute_tracking_scores(make_film({1: 0}, {}), nobody)
    assert math.isnan(ghosts.mota)
    assert ghosts.idf1 == 0
    blind = compute_tracking_scores(nobody, make_film({1: 0}, {1: 0}))
    assert (blind.mota, blind.idf1, blind.misses) == (0, 0, 2)
    assert compute_tracking_scores([], []).frames == 0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("minimum_iou", [0.3, 0.5])
def test_motmetrics_agrees(seed: int, minimum_iou: float) -> None:
    predicted, target = draw_films(seed)
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for found, labels in zip(predicted, target, strict=True):
        overlap = np.array([
            [compute_iou_slowly(label, box) for box in found.boxes_xyxy_px] for label in labels.boxes_xyxy_px
        ]).reshape(len(labels), len(found))  # fmt: skip
        accumulator.update(labels.ids, found.ids, np.where(overlap >= minimum_iou, 1 - overlap, np.nan))
    names = ["num_switches", "num_misses", "num_false_positives", "num_objects", "num_predictions", "idtp"]
    expected = motmetrics.metrics.create().compute(
        accumulator, metrics=[*names, "mota", "idf1"], return_dataframe=False
    )
    scores = compute_tracking_scores(predicted, target, minimum_iou=minimum_iou)
    got = (scores.switches, scores.misses, scores.false_positives, scores.targets, scores.predictions)
    assert (*got, scores.id_matches) == tuple(expected[name] for name in names)
    assert scores.mota == pytest.approx(expected["mota"])
    assert scores.idf1 == pytest.approx(expected["idf1"])
    assert scores.switches > 3


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_id_matches_are_the_most_of_all_pairings(seed: int) -> None:
    predicted, target = draw_films(seed, frames=6)
    people, names = ({int(name) for frame in film for name in frame.ids} for film in (target, predicted))
    together = dict.fromkeys([(person, name) for person in people for name in names], 0)
    for found, labels in zip(predicted, target, strict=True):
        for person, label in zip(labels.ids.tolist(), labels.boxes_xyxy_px, strict=True):
            for name, box in zip(found.ids.tolist(), found.boxes_xyxy_px, strict=True):
                together[person, name] += compute_iou_slowly(label, box) >= 0.5

    def pair_up(people: list[int], taken: frozenset[int]) -> int:
        """The most over all choices of an id, or none, for each person in turn."""
        if not people:
            return 0
        person, *others = people
        choices = [name for name in names - taken if together[person, name]]
        return max(
            pair_up(others, taken),
            *(together[person, name] + pair_up(others, taken | {name}) for name in choices),
            0,
        )

    assert compute_tracking_scores(predicted, target).id_matches == pair_up(sorted(people), frozenset())


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), factor=st.floats(0.1, 10))
def test_neither_names_nor_order_nor_pixels_matter(seed: int, factor: float) -> None:
    predicted, target = draw_films(seed, frames=12)
    scores = compute_tracking_scores(predicted, target)
    rng = np.random.default_rng(seed)
    used = sorted({int(name) for film in (predicted, target) for frame in film for name in frame.ids})
    names = dict(zip(used, rng.permutation(1000)[: len(used)].tolist(), strict=True))
    assert compute_tracking_scores(rename(predicted, names), rename(target, names)) == scores
    assert compute_tracking_scores(shuffle(predicted, rng), target) == scores
    scaled = [
        [IdentifiedBoxes(ids=frame.ids, boxes_xyxy_px=factor * frame.boxes_xyxy_px) for frame in film]
        for film in (predicted, target)
    ]
    assert compute_tracking_scores(*scaled) == scores


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_bounds_and_exchanging_labels_and_predictions(seed: int) -> None:
    predicted, target = draw_films(seed, frames=12)
    scores, other_way = compute_tracking_scores(predicted, target), compute_tracking_scores(target, predicted)
    assert other_way.idf1 == scores.idf1
    assert scores.id_matches <= sum(min(len(a), len(b)) for a, b in zip(predicted, target, strict=True))
    assert scores.mota <= 1
    perfect = compute_tracking_scores(target, target)
    assert (perfect.mota, perfect.idf1, perfect.switches) == (1, 1, 0)


def test_counts_of_films_add_up() -> None:
    """Not their MOTAs: 1 over one box and 0 over three give 1/4."""
    one = compute_tracking_scores(make_film({1: 0}), make_film({1: 0}))
    three = compute_tracking_scores(make_film({}), make_film({1: 0, 2: 50, 3: 100}))
    both = one + three
    assert both == TrackingScores(frames=2, targets=4, predictions=1, matches=1, switches=0, id_matches=1)
    assert both.mota == pytest.approx(0.25)


def test_tracks_become_boxes_of_each_frame() -> None:
    def make_track(track_id: int, start: int, length: int) -> Track:
        frames = np.arange(start, start + length)
        boxes = np.stack([frames, 0 * frames, frames + 10, 0 * frames + 10], axis=1).astype(float)
        return Track(
            track_id=track_id,
            frame_index=frames,
            time_s=frames / 30,
            boxes_xyxy_px=boxes,
            confidence=np.ones(length),
            filled_mask=np.zeros(length, bool),
        )

    film = collect_boxes([make_track(4, 1, 3), make_track(2, 3, 9)], 5)
    assert [frame.ids.tolist() for frame in film] == [[], [4], [4], [4, 2], [2]]
    np.testing.assert_array_equal(film[3].boxes_xyxy_px, [[3, 0, 13, 10], [3, 0, 13, 10]])
    assert film[0].boxes_xyxy_px.shape == (0, 4)
    assert collect_boxes([], 2)[1].ids.shape == (0,)
    with pytest.raises(ValueError, match=r"an id each, got \[3, 3\]"):
        collect_boxes([make_track(3, 0, 2), make_track(3, 5, 2)], 9)


def test_what_is_senseless_is_refused() -> None:
    box = np.array([[0.0, 0, 10, 10]])
    with pytest.raises((ValueError, TypeCheckError), match="boxes_xyxy_px"):
        IdentifiedBoxes(ids=np.array([1, 2]), boxes_xyxy_px=box)
    with pytest.raises(ValueError, match="boxes_xyxy_px should be finite"):
        IdentifiedBoxes(ids=np.array([1]), boxes_xyxy_px=box * np.nan)
    with pytest.raises(ValueError, match=r"nobody twice, got \[1, 1\]"):
        IdentifiedBoxes(ids=np.array([1, 1]), boxes_xyxy_px=np.tile(box, (2, 1)))
    with pytest.raises(ValueError, match="as many frames, got 1 and 2"):
        compute_tracking_scores(make_film({}), make_film({}, {}))
    for minimum_iou in (0.0, 1.1, math.nan):
        with pytest.raises(ValueError, match=rf"minimum_iou should lie in \(0, 1\], got {minimum_iou}"):
            compute_tracking_scores([], [], minimum_iou=minimum_iou)
