"""One track, seen and not seen: what is filled, where it splits, what is trimmed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from spsnet.crops import PersonObserver
from spsnet.pipeline.observing import LONGEST_GAP_S, PersonCollector, observe_people
from spsnet.pipeline.settings import Stopwatch
from spsnet.records import EncoderOutput, FilmInfo, Frame, Observation, PersonObservations, Track

FPS = 10.0
FIRST_FRAME = 100


def make_track(frames: int, *, first: int = FIRST_FRAME, track_id: int = 7, filled: Sequence[int] = ()) -> Track:
    index = np.arange(first, first + frames)
    filled_mask = np.isin(np.arange(frames), filled)
    return Track(
        track_id=track_id,
        frame_index=index,
        time_s=index / FPS,
        boxes_xyxy_px=np.tile([10.0, 10.0, 50.0, 90.0], (frames, 1)),
        confidence=np.where(filled_mask, 0.0, 0.5),
        filled_mask=filled_mask,
    )


def make_observation(number: int, presence: float = 1.0, *, feature: bool = True) -> Observation:
    """Landmarks in a square 20 px wide that moves by 1 px a frame; the feature is the frame's number."""
    points = np.stack([np.linspace(0, 20, 33) + number, np.linspace(20, 0, 33) % 7 * 3, np.full(33, 0.9)], -1)
    return Observation(
        box_xys_px=np.array([10.0 + number, 10, 25]),
        landmarks_px=points.astype(np.float32),
        world_m=np.full((33, 3), number, np.float32),
        presence=presence,
        feature=np.full(4, number, np.float32) if feature else None,
    )


def collect(presence: Sequence[float | None], *, feature: bool = True, **options: object) -> list[PersonObservations]:
    """People of a track whose frames were seen with this presence; None: the frame could not be decoded."""
    collector = PersonCollector(make_track(len(presence), **options))
    for number, value in enumerate(presence):
        if value is not None:
            collector.add(FIRST_FRAME + number, make_observation(number, float(value), feature=feature))
    return collector.finish()


def numbers_of(person: PersonObservations) -> list[int]:
    return (person.frame_index - FIRST_FRAME).tolist()


def test_a_person_seen_throughout() -> None:
    (person,) = collect([0.8] * 5)
    assert numbers_of(person) == [0, 1, 2, 3, 4]
    assert person.track_id == 7
    assert not person.filled_mask.any()
    assert person.confidence == pytest.approx(0.8 * 0.5)
    assert person.landmarks_px[:, 0, 0] == pytest.approx(range(5))
    assert person.feature[:, 0] == pytest.approx(range(5))
    assert person.time_s == pytest.approx(person.frame_index / FPS)


def test_a_frame_without_the_person_lies_between_its_neighbours() -> None:
    (person,) = collect([1, 1, 0.2, 0.4, 1])
    assert person.filled_mask.tolist() == [False, False, True, True, False]
    assert person.landmarks_px[:, 0, 0] == pytest.approx(range(5), abs=1e-5)
    assert person.landmarks_px[:, 0, 2] == pytest.approx([0.9, 0.9, 0, 0, 0.9])
    assert person.world_m[:, 0, 0] == pytest.approx(range(5))
    assert person.feature[:, 0] == pytest.approx(range(5))
    assert person.confidence.tolist() == [0.5, 0.5, 0, 0, 0.5]


def test_frames_that_the_detector_missed_are_flagged_though_the_encoder_saw_them() -> None:
    (person,) = collect([1, 1, 1], filled=[1])
    assert person.filled_mask.tolist() == [False, True, False]
    assert person.landmarks_px[1, 0, 2] == pytest.approx(0.9)


def test_ends_without_the_person_are_trimmed() -> None:
    (person,) = collect([0, 0.4, 1, 1, 0.49])
    assert numbers_of(person) == [2, 3]


def test_a_gap_of_a_second_is_filled_and_a_longer_one_splits() -> None:
    missing = round(LONGEST_GAP_S * FPS) - 1
    (person,) = collect([1] * 8 + [0] * missing + [1] * 8)
    assert len(person) == 16 + missing
    assert person.filled_mask.sum() == missing
    before, after = collect([1] * 8 + [0] * (missing + 1) + [1] * 6)
    assert (numbers_of(before), len(after)) == (list(range(8)), 6)
    assert after.frame_index[0] == FIRST_FRAME + 8 + missing + 1
    assert not before.filled_mask.any()
    assert not after.filled_mask.any()


def test_nobody_there() -> None:
    assert collect([0, 0.1, 0.4]) == []
    assert PersonCollector(make_track(3)).finish() == []


def test_seen_too_seldom_is_nobody() -> None:
    assert collect(([1] + [0] * 8) * 3 + [1]) == []
    assert len(collect(([1] + [0] * 2) * 3 + [1])) == 1


def test_frames_that_could_not_be_decoded_are_left_out() -> None:
    (person,) = collect([1, None, None, 1, 0.0, 1])
    assert numbers_of(person) == [0, 3, 4, 5]
    assert person.landmarks_px[:, 0, 0] == pytest.approx([0, 3, 4, 5])
    assert person.filled_mask.tolist() == [False, False, True, False]


def test_without_features() -> None:
    (person,) = collect([1, 0, 1], feature=False)
    assert person.feature is None


class SmallFilm:
    """Twelve gray frames; remembers how many were asked for."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.info = FilmInfo(path=Path("f"), width=64, height=48, fps=FPS, frame_count=12, rotation_deg=0)
        self.warnings: tuple[str, ...] = ()

    def frames(self) -> Iterator[Frame]:
        for index in range(12):
            self.read.append(index)
            yield Frame(index=index, time_s=index / FPS, image_rgb=np.full((48, 64, 3), 128, np.uint8))


def encode_nobody(crops: np.ndarray) -> EncoderOutput:
    people = len(crops)
    return EncoderOutput(
        landmarks_px=np.zeros((people, 33, 3), np.float32),
        circle_px=np.zeros((people, 2, 2), np.float32),
        world_m=np.zeros((people, 33, 3), np.float32),
        presence=np.zeros(people, np.float32),
    )


def test_every_frame_comes_with_the_people_whose_tracks_cover_it() -> None:
    film, stopwatch = SmallFilm(), Stopwatch()
    tracks = [make_track(3, first=2, track_id=1), make_track(4, first=4, track_id=2)]
    looks = list(observe_people(film, tracks, PersonObserver(encode_nobody), stopwatch))
    assert [frame.index for frame, _ in looks] == list(range(8))
    assert [sorted(seen) for _, seen in looks] == [[], [], [1], [1], [1, 2], [2], [2], [2]]
    assert {"decode", "encode"} == set(stopwatch.seconds)
    assert len(film.read) <= 10, "the rest of the film is not read"


def test_without_tracks_the_film_is_hardly_touched() -> None:
    film = SmallFilm()
    assert list(observe_people(film, [], PersonObserver(encode_nobody), Stopwatch())) == []
    assert len(film.read) <= 2
