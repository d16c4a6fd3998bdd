import numpy as np
import pytest

from crops.people import FakeEncoder, draw_people
from spsnet.crops import ObserverConfig, PersonObserver, compute_network_box
from spsnet.records import Observation


def box(*corners: float) -> np.ndarray:
    return np.array(corners, float)


def landmark_box(observation: Observation) -> np.ndarray:
    points = observation.landmarks_px[:, :2]
    return np.concatenate([points.min(0), points.max(0)])


def test_a_walking_person_is_found_in_image_pixels():
    observer = PersonObserver(FakeEncoder().encode)
    for i in range(5):
        person = (100 + 6 * i, 100, 160 + 6 * i, 260)
        seen = observer.observe(draw_people(person, index=i), {7: box(*person)})[7]
        np.testing.assert_allclose(landmark_box(seen), person, atol=1.5)
        np.testing.assert_allclose(seen.box_xys_px, compute_network_box(seen.landmarks_px))
        assert seen.presence == 1


def test_a_new_person_is_looked_at_twice_and_then_once_a_frame():
    encoder = FakeEncoder()
    observer = PersonObserver(encoder.encode)
    person = (100, 100, 160, 260)
    for i in range(3):
        observer.observe(draw_people(person, index=i), {1: box(*person)})
    assert encoder.calls == [1, 1, 1, 1]


def test_without_memory_every_frame_is_cut_about_the_box():
    encoder = FakeEncoder()
    observer = PersonObserver(encoder.encode, ObserverConfig(memory_frames=0))
    person = (100, 100, 160, 260)
    for i in range(3):
        observer.observe(draw_people(person, index=i), {1: box(*person)})
    assert encoder.calls == [1, 1, 1]


def test_people_of_one_frame_are_encoded_together():
    encoder = FakeEncoder()
    people = [(50, 100, 110, 260), (250, 100, 310, 260), (450, 100, 510, 260)]
    seen = PersonObserver(encoder.encode).observe(
        draw_people(*people), {i: box(*person) for i, person in enumerate(people)}
    )
    assert encoder.calls == [3, 3]
    for i, person in enumerate(people):
        np.testing.assert_allclose(landmark_box(seen[i]), person, atol=1.5)


def test_an_empty_frame_and_an_empty_box():
    observer = PersonObserver(FakeEncoder().encode)
    assert observer.observe(draw_people(), {}) == {}
    seen = observer.observe(draw_people(), {1: box(100, 100, 160, 260)})[1]
    assert seen.presence == 0
    assert np.isfinite(seen.landmarks_px).all()


def test_a_person_who_jumps_away_is_found_by_the_box():
    observer = PersonObserver(FakeEncoder().encode)
    observer.observe(draw_people((100, 100, 160, 260)), {1: box(100, 100, 160, 260)})
    there = (420, 150, 480, 310)
    seen = observer.observe(draw_people((100, 100, 160, 260), there, index=1), {1: box(*there)})[1]
    np.testing.assert_allclose(landmark_box(seen), there, atol=1.5)


def test_somebody_else_who_stands_where_the_person_was_is_not_taken_for_it():
    observer = PersonObserver(FakeEncoder().encode)
    observer.observe(draw_people((200, 100, 260, 260)), {1: box(200, 100, 260, 260)})
    now, other = (250, 100, 310, 260), (205, 120, 225, 240)
    seen = observer.observe(draw_people(now, other, index=1), {1: box(*now)})[1]
    np.testing.assert_allclose(landmark_box(seen), now, atol=1.5)


def test_of_two_tracks_on_one_person_the_worse_box_gets_no_presence():
    person = (200, 100, 260, 260)
    seen = PersonObserver(FakeEncoder().encode).observe(
        draw_people(person), {1: box(*person), 2: box(180, 100, 270, 290)}
    )
    assert seen[1].presence == 1
    assert seen[2].presence == 0


def test_two_boxes_that_are_nearly_one_may_show_one_person():
    person = (200, 100, 260, 260)
    seen = PersonObserver(FakeEncoder().encode).observe(
        draw_people(person), {1: box(*person), 2: box(201, 100, 262, 261)}
    )
    assert seen[1].presence == seen[2].presence == 1


def test_the_other_person_is_covered_once_known():
    encoder = FakeEncoder()
    observer = PersonObserver(encoder.encode)
    people = {1: (200, 100, 260, 260), 2: (280, 100, 340, 260)}
    for i in range(2):
        observer.observe(draw_people(*people.values(), index=i), {t: box(*person) for t, person in people.items()})
    plain, covered = encoder.crops[0], encoder.crops[-2]
    assert (covered > 0.95).sum() < 0.85 * (plain > 0.95).sum()
    np.testing.assert_allclose(FakeEncoder._find(covered), FakeEncoder._find(plain), atol=2)


def test_a_person_lost_for_some_frames_is_still_remembered_and_later_forgotten():
    encoder = FakeEncoder()
    observer = PersonObserver(encoder.encode, ObserverConfig(memory_frames=3))
    person, looks = box(100, 100, 160, 260), []
    for i in range(5):
        before = len(encoder.calls)
        seen = observer.observe(draw_people(*([(100, 100, 160, 260)] if i == 0 else []), index=i), {1: person})[1]
        assert seen.presence == (i == 0)
        looks.append(len(encoder.calls) - before)
    turned_about = 3
    assert looks == [2, 2, 2, 2, 1 + turned_about]


def test_the_same_frames_give_the_same_answers():
    def run() -> list[np.ndarray]:
        observer = PersonObserver(FakeEncoder().encode)
        return [
            observer.observe(draw_people((100 + 9 * i, 100, 160, 260), index=i), {1: box(90 + 9 * i, 99, 170, 262)})[1]
            .landmarks_px
            for i in range(4)
        ]  # fmt: skip

    np.testing.assert_array_equal(run(), run())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"box_scale": 0.0}, "scales should be positive"),
        ({"memory_frames": -1}, "should not be negative, got -1"),
        ({"minimum_presence": 1.5}, r"minimum_presence should be from 0 to 1, got 1\.5"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict, message: str):
    with pytest.raises(ValueError, match=message):
        ObserverConfig(**wrong)
