"""Real films to training windows: the first two passes of a run, then a third look with regions blotted out."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet.assets import DEFAULT_DETECTOR, fetch
from spsnet.crops import Encode, Look, PersonObserver, take_looks
from spsnet.datasets.films import (
    PRESENT,
    FilmConfig,
    Sighting,
    choose_silhouette_box,
    cut_silhouette,
    cut_windows,
    require_trainable,
)
from spsnet.datasets.shards import ObservedWindows
from spsnet.detection import PersonDetector, load_detector
from spsnet.encoders import load_encoder
from spsnet.pipeline.observing import observe_people
from spsnet.pipeline.prefetching import prefetch
from spsnet.pipeline.recover import follow_people
from spsnet.pipeline.settings import RunSettings, Stopwatch, Watch, watch_nothing
from spsnet.pipeline.window_folder import PreparedFilm, WindowFolder
from spsnet.records import Frame, Pinhole, Track, UserError
from spsnet.synthesis.occlusion import blot_out, sample_blots
from spsnet.video import Film, compute_sha256, open_film

ENCODER = "blazepose-heavy"


def prepare_films(
    sources: Sequence[Path],
    folder: Path,
    config: FilmConfig | None = None,
    *,
    warn: Callable[[str], None] | None = None,
    watch: Watch = watch_nothing,
) -> Iterator[PreparedFilm]:
    """Write the windows of films as shards; a film that is in the folder already is not done again.

    Args:
        sources: Video files.
        folder: Gets `shard_NNNNN.safetensors` and `index.json`.
        config: How people are cut into windows.
        warn: Gets a sentence on each film that cannot be read and is left out; without it such a film stops everything.
        watch: Gets every stage's items as they pass, to show progress.

    Yields:
        Each film in turn, once its windows are on the disk.

    Raises:
        UserError: If a film cannot be read or is for looking only, or the folder holds windows made another way.
    """
    config = config or FilmConfig()
    facts = {
        "dataset": "films",
        "encoder": describe_encoder(),
        "detector": DEFAULT_DETECTOR,
        "config": asdict(config),
    }
    prepared = WindowFolder(folder, facts, ENCODER)
    films = list(_open_films(watch(sources, "opening films", len(sources)), warn))
    for film, sha256 in films:
        require_trainable(film.info.path, sha256)
    detector = load_detector()
    encoder = load_encoder(ENCODER, feature=True, mask=True, streams=os.cpu_count() or 1)
    for film, sha256 in films:
        if sha256 not in prepared.done:
            people = observe_windows(film, detector, encoder.encode, config, sha256, watch=watch)
            try:
                prepared.add(film.info.path.name, sha256, people, config.windows_per_shard)
            except UserError as error:
                if warn is None:
                    raise
                warn(f"{error}; it was left out")
                continue
        yield prepared.done[sha256]


def describe_encoder() -> dict[str, str]:
    """Who looks at people, for the index of a folder."""
    return {"name": ENCODER, "sha256": compute_sha256(fetch(ENCODER))}


def _open_films(sources: Iterable[Path], warn: Callable[[str], None] | None) -> Iterator[tuple[Film, str]]:
    """Films with their sha256."""
    for source in sources:
        try:
            film = open_film(source)
        except UserError as error:
            if warn is None:
                raise
            warn(f"{error}; it was left out")
            continue
        yield film, compute_sha256(source)


def observe_windows(
    film: Film,
    detector: PersonDetector,
    encode: Encode,
    config: FilmConfig,
    sha256: str,
    *,
    watch: Watch = watch_nothing,
) -> Iterator[ObservedWindows]:
    """Follow and look at everybody in a film, as `recover` does; yields each person's windows when the person is gone.

    Args:
        film: Read twice.
        detector: Finds people.
        encode: `Encoder.encode`, of one that gives masks.
        config: How people are cut into windows.
        sha256: Of the film: with the seed and the track's number the chance of what is blotted out.
        watch: Shows progress.
    """
    frames = watch(prefetch(film.frames()), "finding people", film.info.frame_count)
    tracks, count = follow_people(frames, detector, RunSettings(), Stopwatch())
    camera = Pinhole.from_size(film.info.width, film.info.height)
    seen = look_twice(film, tracks, encode, config, sha256, watch=watch, doing="looking at them", frames=count)
    for _, sightings in seen:
        yield cut_windows(sightings, camera, config)


def look_twice(
    film: Film,
    tracks: Sequence[Track],
    encode: Encode,
    config: FilmConfig,
    sha256: str,
    *,
    watch: Watch,
    doing: str,
    frames: int | None,
) -> Iterator[tuple[int, dict[int, Sighting]]]:
    """Look at everybody in a film as it is and with regions blotted out.

    Args:
        film: Read once.
        tracks: Everybody in it.
        encode: `Encoder.encode`, of one that gives masks.
        config: What is blotted out, and which masks are used.
        sha256: Of the film, or of its name: with the seed and the track's number the chance of what is blotted out.
        watch: Shows progress.
        doing: What the progress is called.
        frames: In the film, if that is known.

    Yields:
        Each track's number and what was seen of it, by frame number, when the person is gone; frames in which the
        encoder saw nobody are missing.
    """
    observer = PersonObserver(encode)
    chances = {
        track.track_id: np.random.default_rng([config.seed, int(sha256[:15], 16), track.track_id]) for track in tracks
    }
    sightings: dict[int, dict[int, Sighting]] = {track.track_id: {} for track in tracks}
    looking = observe_people(film, tracks, observer, Stopwatch())
    for frame, observations in watch(looking, doing, frames):
        boxes = _find_boxes(tracks, frame.index)
        looks = {
            track_id: replace(observer.looks[track_id], observation=observation)
            for track_id, observation in observations.items()
            if observation.presence >= PRESENT
        }
        for track_id in looks:
            sighting = _look_again(encode, frame, track_id, looks, boxes, chances[track_id], config)
            sightings[track_id][frame.index] = sighting
        for track in tracks:
            if track.frame_index[-1] == frame.index:
                yield track.track_id, sightings.pop(track.track_id)
    yield from sightings.items()


def _look_again(
    encode: Encode,
    frame: Frame,
    track_id: int,
    looks: Mapping[int, Look],
    boxes_xyxy_px: Mapping[int, Float[np.ndarray, "4"]],
    rng: np.random.Generator,
    config: FilmConfig,
) -> Sighting:
    """One person with regions blotted out, through the same crop and with others covered as before; and the mask."""
    region, seen, mask = looks[track_id].region, looks[track_id].observation, looks[track_id].mask
    assert mask is not None, "the encoder should give masks"
    bodies = {other: look.observation.landmarks_px[:, :2].astype(np.float64) for other, look in looks.items()}
    picture = blot_out(frame.image_rgb, sample_blots(rng, config.blot_size), bodies[track_id], region)
    blotted = take_looks(encode, replace(frame, image_rgb=picture), {track_id: region}, boxes_xyxy_px, bodies)
    others = [box for other, box in boxes_xyxy_px.items() if other != track_id]
    height, width = frame.image_rgb.shape[:2]
    return Sighting(
        seen=seen,
        occluded=blotted[track_id].observation,
        silhouette=cut_silhouette(mask, region, seen.box_xys_px),
        silhouette_box_xys_px=choose_silhouette_box(seen, mask, region, (width, height), others, config),
    )


def _find_boxes(tracks: Sequence[Track], frame_index: int) -> dict[int, Float[np.ndarray, "4"]]:
    return {
        track.track_id: track.boxes_xyxy_px[frame_index - track.frame_index[0]]
        for track in tracks
        if track.frame_index[0] <= frame_index <= track.frame_index[-1]
    }
