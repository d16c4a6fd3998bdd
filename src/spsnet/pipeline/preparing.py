"""Real films to training windows: the first two passes of a run, then a third look with regions blotted out."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

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
from spsnet.datasets.shards import INDEX_FILE, ObservedWindows, join_windows, save_shard
from spsnet.detection import PersonDetector, load_detector
from spsnet.encoders import load_encoder
from spsnet.pipeline.observing import observe_people
from spsnet.pipeline.prefetching import prefetch
from spsnet.pipeline.recover import follow_people
from spsnet.pipeline.settings import RunSettings, Stopwatch, Watch, watch_nothing
from spsnet.records import Frame, Pinhole, Track, UserError
from spsnet.synthesis.occlusion import blot_out, sample_blots
from spsnet.video import Film, compute_sha256, open_film

ENCODER = "blazepose-heavy"


@dataclass(frozen=True, kw_only=True)
class PreparedFilm:
    """What the index of a folder says of one film."""

    name: str
    sha256: str
    people: int
    """Who have at least one window."""
    windows: int
    seen_frames: int
    """Frames of all windows in which the person was seen; windows overlap."""
    silhouettes: int
    """Of those, the ones that have a mask."""
    first_shard: int
    shards: int


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
        "encoder": {"name": ENCODER, "sha256": compute_sha256(fetch(ENCODER))},
        "detector": DEFAULT_DETECTOR,
        "config": asdict(config),
    }
    done = _read_index(folder, facts)
    films = list(_open_films(watch(sources, "opening films", len(sources)), warn))
    for film, sha256 in films:
        require_trainable(film.info.path, sha256)
    detector = load_detector()
    encoder = load_encoder(ENCODER, feature=True, mask=True, streams=os.cpu_count() or 1)
    for film, sha256 in films:
        if sha256 not in done:
            first = sum(prepared.shards for prepared in done.values())
            _write_index(folder, facts, done)
            _remove_shards(folder, first)
            people = observe_windows(film, detector, encoder.encode, config, sha256, watch=watch)
            try:
                done[sha256] = _save_film(people, film.info.path.name, sha256, folder, first, config)
            except UserError as error:
                _remove_shards(folder, first)
                if warn is None:
                    raise
                warn(f"{error}; it was left out")
                continue
            _write_index(folder, facts, done)
        yield done[sha256]


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
    stopwatch = Stopwatch()
    frames = watch(prefetch(film.frames()), "finding people", film.info.frame_count)
    tracks, count = follow_people(frames, detector, RunSettings(), stopwatch)
    camera = Pinhole.from_size(film.info.width, film.info.height)
    observer = PersonObserver(encode)
    chances = {
        track.track_id: np.random.default_rng([config.seed, int(sha256[:15], 16), track.track_id]) for track in tracks
    }
    sightings: dict[int, dict[int, Sighting]] = {track.track_id: {} for track in tracks}
    for frame, observations in watch(observe_people(film, tracks, observer, stopwatch), "looking at them", count):
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
                yield cut_windows(sightings.pop(track.track_id), camera, config)
    for rest in sightings.values():
        yield cut_windows(rest, camera, config)


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


def _save_film(
    people: Iterator[ObservedWindows], name: str, sha256: str, folder: Path, first_shard: int, config: FilmConfig
) -> PreparedFilm:
    """Write shards as soon as they are full, so that a long film need not be held."""
    waiting: list[ObservedWindows] = []
    counts = dict.fromkeys(("people", "windows", "seen_frames", "silhouettes", "shards"), 0)

    def save() -> None:
        save_shard(folder, first_shard + counts["shards"], {ENCODER: join_windows(waiting)})
        counts["shards"] += 1
        waiting.clear()

    for windows in people:
        if not len(windows):
            continue
        waiting.append(windows)
        present = windows.seen.present_mask
        counts["people"] += 1
        counts["windows"] += len(windows)
        counts["seen_frames"] += int(present.sum())
        counts["silhouettes"] += int((present & (windows.silhouette_box_xys_px[..., 2] > 0)).sum())
        if sum(map(len, waiting)) >= config.windows_per_shard:
            save()
    if waiting:
        save()
    return PreparedFilm(name=name, sha256=sha256, first_shard=first_shard, **counts)


def _read_index(folder: Path, facts: dict[str, Any]) -> dict[str, PreparedFilm]:
    """Films that are done, by their sha256.

    Raises:
        UserError: If what is in the folder was made another way, or by no command of ours.
    """
    path = folder / INDEX_FILE
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        films = [PreparedFilm(**film) for film in index.pop("films")]
    except FileNotFoundError:
        if any(folder.glob("shard_*")):
            raise UserError(f"{folder} holds windows of something else; take another folder") from None
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is no index of films; take another folder") from error
    if index != facts:
        raise UserError(f"{folder} holds windows made another way; delete it, or take another folder")
    return {film.sha256: film for film in films}


def _remove_shards(folder: Path, first: int) -> None:
    """Delete what an interrupted run left of a film that was not done."""
    for path in folder.glob("shard_*.safetensors"):
        if int(path.stem.removeprefix("shard_")) >= first:
            path.unlink()


def _write_index(folder: Path, facts: dict[str, Any], films: Mapping[str, PreparedFilm]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(facts | {"films": [asdict(film) for film in films.values()]}, indent=2) + "\n"
    part = folder / f".{INDEX_FILE}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / INDEX_FILE)
