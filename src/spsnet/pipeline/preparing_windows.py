"""Labelled data sets to training windows: their people seen as films' people are, with the labels as what is to be met.

Of the labels only what lies in the picture is taken; what they know in space is not.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet.crops import Encode
from spsnet.datasets.films import FilmConfig, cut_windows
from spsnet.datasets.reader import DatasetReader
from spsnet.datasets.shards import ObservedWindows
from spsnet.encoders import Encoder, load_encoder
from spsnet.pipeline.preparing import ENCODER, describe_encoder, look_twice
from spsnet.pipeline.preparing_clips import list_sequences, place_people
from spsnet.pipeline.settings import Watch, watch_nothing
from spsnet.pipeline.window_folder import PreparedFilm, WindowFolder
from spsnet.records import Clip, Pinhole
from spsnet.skeletons import map_joints


def prepare_windows(
    reader: DatasetReader,
    raw: Path,
    folder: Path,
    split: str,
    config: FilmConfig | None = None,
    *,
    options: dict[str, Any] | None = None,
    watch: Watch = watch_nothing,
) -> Iterator[PreparedFilm]:
    """Write a data set's windows film by film; a film that is in the folder already is neither read nor done again.

    Args:
        reader: Of a data set with pictures.
        raw: Its own files.
        folder: Gets `shard_NNNNN.safetensors` and `index.json`.
        split: One of the reader's.
        config: How people are cut into windows.
        options: What the reader was made with, for the index.
        watch: Gets the films and their frames as they pass, to show progress.

    Yields:
        Each film in turn, once its windows are on the disk.

    Raises:
        UserError: If the split is none of the reader's, files are missing or damaged, or the folder holds windows made
            another way.
    """
    config = config or FilmConfig()
    sequences = list_sequences(reader, raw, split)
    facts = {
        "dataset": reader.info.name,
        "split": split,
        "options": options or {},
        "encoder": describe_encoder(),
        "config": asdict(config),
    }
    prepared = WindowFolder(folder, facts, ENCODER)
    loaded: list[Encoder] = []  # only once a film has to be looked at
    for sequence in watch(sequences, f"{split} films", len(sequences)):
        if sequence not in prepared.done:
            clips = reader.read_sequence(raw, split, sequence)
            if not loaded:
                loaded.append(load_encoder(ENCODER, feature=True, mask=True, streams=os.cpu_count() or 1))
            people = observe_clips(clips, loaded[0].encode, config, watch=watch)
            prepared.add(sequence, None, people, config.windows_per_shard)
        yield prepared.done[sequence]


def observe_clips(
    clips: Sequence[Clip], encode: Encode, config: FilmConfig, *, watch: Watch = watch_nothing
) -> Iterator[ObservedWindows]:
    """Look at everybody in one film through the boxes that the annotation gives; yields each person's windows.

    The camera is the clip's where it has one, else that of a film of which nothing is known.

    Args:
        clips: Of one film; frame numbers are the film's.
        encode: `Encoder.encode`, of one that gives features and masks.
        config: How people are cut into windows.
        watch: Gets the frames as they pass.

    Raises:
        UserError: If the pictures cannot be read, or nothing says where in them the people are.
    """
    if not clips:
        return
    film, tracks = place_people(clips)
    owners = {track.track_id: clip for clip, several in zip(clips, tracks, strict=True) for track in several}
    flat = [track for several in tracks for track in several]
    name = clips[0].sequence
    chance = hashlib.sha256(f"{clips[0].dataset}/{name}".encode()).hexdigest()
    usual = Pinhole.from_size(film.info.width, film.info.height)
    seen = look_twice(film, flat, encode, config, chance, watch=watch, doing=name, frames=film.info.frame_count)
    for track_id, sightings in seen if flat else ():
        clip = owners[track_id]
        yield cut_windows(sightings, clip.camera or usual, config, find_landmarks(clip))


def find_landmarks(clip: Clip) -> dict[int, Float[np.ndarray, "33 3"]]:
    """Which of the 33 landmarks a clip's keypoints say the place of: x, y, and confidence (0: not known).

    By frame number, in the frames that the data set vouches for.

    Convention:
        Of Penn Action's 13 points all but the head's are landmarks: shoulders, elbows, wrists, hips, knees and ankles.
    """
    if clip.keypoints_px is None or clip.keypoint_set is None:
        return {}
    landmarks = map_joints(clip.keypoint_set, "blazepose33").apply(clip.keypoints_px)
    known = np.flatnonzero(clip.valid_mask)
    return dict(zip(clip.frame_index[known].tolist(), landmarks[known], strict=True))
