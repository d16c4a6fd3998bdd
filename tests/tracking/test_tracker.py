import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spsnet.records import Detections
from spsnet.tracking import Tracker, TrackerConfig

FPS = 30


def people(*boxes, confidence=0.8):
    table = np.array(boxes, float).reshape(-1, 4)
    sure = np.broadcast_to(np.asarray(confidence, float), len(table)).copy()
    return Detections(boxes_xyxy_px=table, confidence=sure)


def walker(i, start=0.0, speed=3.0, top=100.0):
    left = start + speed * i
    return [left, top, left + 40, top + 120]


def follow(frames, config=None, fps=FPS):
    """Tracks of a list of detections; None is a frame that could not be read."""
    tracker, tracks = Tracker(config), []
    for i, detections in enumerate(frames):
        if detections is not None:
            tracks += tracker.update(i, i / fps, detections)
    return tracks + tracker.finish()


def test_one_walker_is_one_track():
    (track,) = follow([people(walker(i)) for i in range(60)])
    assert track.track_id == 1
    np.testing.assert_array_equal(track.frame_index, np.arange(60))
    np.testing.assert_allclose(track.time_s, np.arange(60) / FPS)
    np.testing.assert_allclose(track.boxes_xyxy_px, [walker(i) for i in range(60)])
    np.testing.assert_allclose(track.confidence, 0.8)
    assert not track.filled_mask.any()


def test_people_who_cross_keep_their_ids():
    # They pass each other at a distance of half a body's height: boxes overlap, the motion tells.
    frames = [people(walker(i, 0, 4, 100), walker(i, 400, -4, 130)) for i in range(100)]
    first, second = follow(frames)
    np.testing.assert_allclose(first.boxes_xyxy_px[-1], walker(99, 0, 4, 100))
    np.testing.assert_allclose(second.boxes_xyxy_px[-1], walker(99, 400, -4, 130))


def test_people_hidden_while_crossing_keep_their_ids():
    frames = []
    for i in range(100):
        both = [walker(i, 0, 4, 100), walker(i, 400, -4, 115)]
        frames.append(people(*both) if abs(both[0][0] - both[1][0]) > 20 else people(both[1]))
    first, second = follow(frames)
    np.testing.assert_allclose(first.boxes_xyxy_px[-1], walker(99, 0, 4, 100))
    np.testing.assert_allclose(second.boxes_xyxy_px[-1], walker(99, 400, -4, 115))
    assert first.filled_mask.any()


def test_gap_of_nine_tenths_is_filled_and_flagged():
    gap = range(30, 57)
    (track,) = follow([people() if i in gap else people(walker(i)) for i in range(90)])
    np.testing.assert_array_equal(np.flatnonzero(track.filled_mask), gap)
    np.testing.assert_allclose(track.confidence[gap], 0)
    np.testing.assert_allclose(track.boxes_xyxy_px, [walker(i) for i in range(90)])


def test_gap_of_twelve_tenths_ends_the_track():
    gap = range(30, 66)
    first, second = follow([people() if i in gap else people(walker(i)) for i in range(100)])
    assert (first.track_id, first.frame_index[0], first.frame_index[-1]) == (1, 0, 29)
    assert (second.track_id, second.frame_index[0], second.frame_index[-1]) == (2, 66, 99)


def test_ended_track_is_given_out_at_once():
    tracker = Tracker()
    for i in range(30):
        tracker.update(i, i / FPS, people(walker(i)))
    assert [tracker.update(i, i / FPS, people()) for i in range(30, 60)] == [[]] * 29 + [[]]
    (track,) = tracker.update(60, 60 / FPS, people())
    assert len(track) == 30
    assert tracker.finish() == []


def test_frames_that_cannot_be_read_are_filled():
    frames = [None if 20 <= i < 25 else people(walker(i)) for i in range(60)]
    (track,) = follow(frames)
    np.testing.assert_array_equal(np.flatnonzero(track.filled_mask), range(20, 25))
    np.testing.assert_allclose(track.time_s, np.arange(60) / FPS)


def test_variable_frame_rate_fills_by_time():
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.01, 0.12, 80))
    box_at = lambda t: [100 * t, 50, 100 * t + 40, 170]  # noqa: E731
    tracker = Tracker()
    for i, t in enumerate(times.tolist()):
        tracker.update(i, t, people() if 40 <= i < 48 else people(box_at(t)))
    (track,) = tracker.finish()
    np.testing.assert_allclose(track.time_s, times)
    np.testing.assert_allclose(track.boxes_xyxy_px, [box_at(t) for t in times])
    np.testing.assert_array_equal(np.flatnonzero(track.filled_mask), range(40, 48))


def test_pause_between_two_frames_is_no_gap():
    tracker = Tracker()
    times = [*np.arange(10) / FPS, *(5 + np.arange(10) / FPS)]
    for i, t in enumerate(times):
        tracker.update(i, float(t), people([0, 0, 40, 120]))
    (track,) = tracker.finish()
    assert len(track) == 20


def test_ids_belong_to_the_tracker():
    for _ in range(2):
        assert [t.track_id for t in follow([people(walker(i), walker(i, 300)) for i in range(30)])] == [1, 2]


def test_ids_go_on_after_a_cut():
    tracker = Tracker()
    for i in range(30):
        tracker.update(i, i / FPS, people(walker(i)))
    (before,) = tracker.finish()
    for i in range(30, 60):
        tracker.update(i, i / FPS, people(walker(i)))
    (after,) = tracker.finish()
    assert (before.track_id, before.frame_index[-1]) == (1, 29)
    assert (after.track_id, after.frame_index[0]) == (2, 30)


def test_a_picture_gives_its_people():
    tracks = follow([people(walker(0), walker(0, 300))])
    assert [len(track) for track in tracks] == [1, 1]


def test_two_frames_give_their_people():
    assert [len(track) for track in follow([people(walker(i)) for i in range(2)])] == [2]


def test_empty_film_and_empty_frames():
    assert follow([]) == []
    assert follow([people()] * 20) == []


def test_short_mistakes_are_dropped():
    assert follow([people([0, 0, 40, 120]) if 30 <= i < 36 else people() for i in range(90)]) == []


def test_doubtful_mistakes_are_dropped():
    assert follow([people([0, 0, 40, 120], confidence=0.45)] * 60) == []
    flicker = [people([0, 0, 40, 120]) if i % 4 == 0 else people() for i in range(90)]
    assert follow(flicker) == []


def test_weak_detections_continue_but_do_not_begin():
    frames = [people(walker(i), confidence=0.8 if i < 30 else 0.25) for i in range(60)]
    (track,) = follow(frames)
    assert len(track) == 60
    assert not track.filled_mask.any()
    assert follow([people(walker(i), confidence=0.25) for i in range(60)]) == []


def test_one_box_about_two_people_is_no_third():
    both = [walker(0), walker(0, 50)]
    frames = [people(*both) if i < 20 else people(*both, [0, 100, 90, 220]) for i in range(60)]
    assert len(follow(frames)) == 2


def test_a_child_before_an_adult_is_someone():
    frames = [people([0, 0, 100, 300], [30, 150, 80, 290]) for _ in range(40)]
    assert len(follow(frames)) == 2


def test_the_same_person_twice_is_one():
    frames = [people([0, 0, 100, 300], [5, 60, 100, 300], confidence=[0.8, 0.6]) for _ in range(40)]
    assert len(follow(frames)) == 1


def test_frames_out_of_order_are_refused():
    tracker = Tracker()
    tracker.update(3, 0.1, people())
    with pytest.raises(ValueError, match=r"frames should come in order, got frame 3 at 0.2 s after frame 3 at 0.1 s"):
        tracker.update(3, 0.2, people())
    with pytest.raises(ValueError, match="in order"):
        tracker.update(4, 0.05, people())


@pytest.mark.parametrize("wrong", [{"minimum_iou": 1.5}, {"maximum_gap_s": -1.0}, {"sure_confidence": float("nan")}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TrackerConfig(**wrong)


coordinate = st.floats(0, 60)
detection = st.tuples(coordinate, coordinate, st.floats(5, 60), st.floats(5, 60), st.floats(0.15, 1))
frame = st.lists(detection, max_size=4)


@settings(max_examples=60)
@given(st.lists(st.one_of(st.none(), frame, frame, frame), max_size=25), st.sampled_from([5, 30]))
def test_never_the_same_detection_twice(film, fps):
    frames = [
        None
        if found is None
        else people(*[[x, y, x + w, y + h] for x, y, w, h, _ in found], confidence=[c for *_, c in found])
        for found in film
    ]
    everyone = TrackerConfig(minimum_length_s=0.0, minimum_seen=0.0, minimum_mean_confidence=0.0, sure_confidence=0.0)
    tracks = follow(frames, everyone, fps)
    ids = [track.track_id for track in tracks]
    assert sorted(ids) == list(range(1, len(ids) + 1))
    taken = set()
    for track in tracks:
        assert not track.filled_mask[[0, -1]].any()
        assert np.all(np.diff(track.time_s) > 0)
        for i, box in zip(track.frame_index[~track.filled_mask], track.boxes_xyxy_px[~track.filled_mask], strict=True):
            matches = [(int(i), k) for k, real in enumerate(frames[i].boxes_xyxy_px) if np.array_equal(real, box)]
            key = next(match for match in matches if match not in taken)
            taken.add(key)


def test_nobody_is_in_doubt_before_anybody_is_known():
    tracker = Tracker()
    assert len(tracker.find_doubtful(0.0, people(walker(0)))) == 0


def test_people_missed_or_seen_in_part_are_in_doubt():
    tracker = Tracker()
    for i in range(30):
        tracker.update(i, i / FPS, people(walker(i), walker(i, 300)))
    seen, lost = walker(30), walker(30, 300)
    assert len(tracker.find_doubtful(1.0, people(seen, lost))) == 0
    np.testing.assert_allclose(tracker.find_doubtful(1.0, people(seen)), [lost], atol=1)
    np.testing.assert_allclose(tracker.find_doubtful(1.0, people(seen, lost, confidence=[0.8, 0.3])), [lost], atol=1)
    head = [*lost[:3], lost[1] + 60]
    np.testing.assert_allclose(tracker.find_doubtful(1.0, people(seen, head)), [lost], atol=1)
    assert len(tracker.finish()) == 2
