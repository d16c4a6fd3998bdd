"""The whole program on one screen: a film in, people in 3D out.

The film is read twice: once to find and follow people, once to look at each of them. (A third time draws the overlay.)
Decoding costs far less than holding a film in memory: every stage is a generator that holds one frame.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from spsnet.body import load_body
from spsnet.crops import PersonObserver
from spsnet.detection import PersonDetector, load_detector, look_closer
from spsnet.encoders import BlazePose, load_encoder
from spsnet.pipeline.lifting import Lifter
from spsnet.pipeline.observing import PersonCollector, observe_people
from spsnet.pipeline.prefetching import prefetch
from spsnet.pipeline.settings import RunSettings, Stopwatch, Watch, watch_nothing
from spsnet.records import Frame, PersonMotion, Pinhole, Recovery, Track
from spsnet.tracking import SceneCuts, Tracker, select_people
from spsnet.video import open_film


def recover(source: str | Path, settings: RunSettings | None = None, *, watch: Watch = watch_nothing) -> Recovery:
    """Find, follow and lift everybody in a film.

    Args:
        source: Video file, folder of pictures or picture.
        settings: Choices; the defaults where None.
        watch: Gets every stage's items as they pass, to show progress.

    Raises:
        UserError: If the film or the model cannot be read.
    """
    settings = settings or RunSettings()
    stopwatch = Stopwatch()
    film = open_film(source, fps=settings.fps)
    with stopwatch.time("load"):
        folder = settings.model or find_default_model()
        lifter, detector, encoder = load_models(folder, settings.detector, settings.encoder)

    frames = watch(prefetch(stopwatch.time_each(film.frames(), "decode")), "finding people", film.info.frame_count)
    tracks, frame_count = follow_people(frames, detector, settings, stopwatch)

    collectors = {track.track_id: PersonCollector(track) for track in tracks}
    looks = observe_people(film, tracks, PersonObserver(encoder.encode), stopwatch)
    for frame, observations in watch(looks, "looking at them", frame_count):
        for track_id, observation in observations.items():
            collectors[track_id].add(frame.index, observation)

    camera = Pinhole.from_size(film.info.width, film.info.height, settings.focal_px)
    seen = [person for collector in collectors.values() for person in collector.finish()]
    people = [lifter.lift(person, camera, settings, stopwatch) for person in watch(seen, "lifting to 3D", len(seen))]
    return Recovery(
        film=film.info,
        frame_count=frame_count,
        camera=camera,
        people=_number_people(people),
        body=lifter.body.name,
        model=f"{lifter.head.config.name} {lifter.head.config.version}",
        warnings=(*film.warnings, *_find_warnings(people, encoder.name, lifter.head.config.encoder)),
        seconds=stopwatch.seconds,
    )


class Models(NamedTuple):
    """The three networks of a run."""

    lifter: Lifter
    detector: PersonDetector
    encoder: BlazePose


@lru_cache(maxsize=1)
def load_models(folder: Path, detector: str, encoder: str | None) -> Models:
    """Load and compile; several films in turn share them. Not to be used from two threads at once."""
    lifter = Lifter(folder, load_body())
    chosen = encoder or lifter.head.config.encoder
    streams = os.cpu_count() or 1
    eye = load_encoder(chosen, feature=lifter.needs_feature, mask=lifter.needs_mask, streams=streams)
    return Models(lifter, load_detector(detector), eye)


def follow_people(
    frames: Iterable[Frame], detector: PersonDetector, settings: RunSettings, stopwatch: Stopwatch
) -> tuple[list[Track], int]:
    """First pass: detect in every frame, look closer for those who should be there, follow; also counts the frames."""
    tracker, cuts = Tracker(), SceneCuts()
    tracks: list[Track] = []
    count = 0
    for frame in frames:
        count += 1
        with stopwatch.time("track"):
            if cuts.update(frame.image_rgb):
                tracks += tracker.finish()
        with stopwatch.time("detect"):
            detections = detector.detect(frame.image_rgb)
            doubtful = tracker.find_doubtful(frame.time_s, detections)
            detections = look_closer(detector, frame.image_rgb, detections, doubtful)
        with stopwatch.time("track"):
            tracks += tracker.update(frame.index, frame.time_s, detections)
    tracks += tracker.finish()
    return (tracks if settings.people is None else select_people(tracks, settings.people)), count


def find_default_model() -> Path:
    """Folder of the model that ships: inside the installed package, or beside `src` in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "weights" / "default"
    return installed if installed.is_dir() else package.parents[1] / "weights" / "default"


def _number_people(people: list[PersonMotion]) -> tuple[PersonMotion, ...]:
    """From 1, by first frame, the longer first."""
    ordered = sorted(people, key=lambda person: (int(person.frame_index[0]), -len(person), person.track_id))
    return tuple(replace(person, track_id=number) for number, person in enumerate(ordered, start=1))


def _find_warnings(people: list[PersonMotion], encoder: str, trained_on: str) -> list[str]:
    warnings = []
    if not people:
        warnings.append("nobody was found in this film")
    if encoder != trained_on:
        warnings.append(f"the model was trained on {trained_on}; with {encoder} it is faster and less accurate")
    return warnings
