"""Data sets to folders of clips: their annotation, and everybody in their pictures seen as `recover` sees them."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet.crops import Encode, PersonObserver
from spsnet.datasets.prepared import PreparedClip, PreparedIndex, claim_clips, has_film, load_film, save_film
from spsnet.datasets.reader import DatasetReader, SeenReader
from spsnet.encoders import Encoder, load_encoder
from spsnet.geometry import project_points
from spsnet.pipeline.observing import PersonCollector, observe_people
from spsnet.pipeline.preparing import ENCODER
from spsnet.pipeline.settings import Stopwatch, Watch, watch_nothing
from spsnet.records import Clip, FilmInfo, Frame, Pictures, Track, UserError
from spsnet.video import Film, PictureFilm, open_film

_MARGIN = 0.1
"""Of the longer side of the joints' bounding box, added on each side: a person is larger than its joints."""
_FEWEST_POINTS = 3
"""That a box is made of."""


@dataclass(frozen=True, kw_only=True)
class PreparedFilm:
    """What came of one film."""

    sequence: str
    people: int
    frames: int
    """Of all people's clips."""
    seen_frames: int | None
    """Those in which the encoder saw the person; None: nobody looked."""


def prepare_clips(
    reader: DatasetReader,
    raw: Path,
    folder: Path,
    split: str,
    *,
    options: dict[str, Any] | None = None,
    look: bool = True,
    watch: Watch = watch_nothing,
) -> Iterator[PreparedFilm]:
    """Write a data set's clips film by film; a film that is in the folder already is neither read nor done again.

    Args:
        reader: Of the data set; a `SeenReader` brings along what an encoder saw.
        raw: Its own files.
        folder: Gets the index and a file for each film.
        split: One of the reader's.
        options: What the reader was made with, for the index.
        look: Also put everybody in the pictures through the encoder. Without, results of other programs can be
            measured, and no pictures are needed.
        watch: Gets the films and their frames as they pass, to show progress.

    Yields:
        Each film in turn, once it is on the disk.

    Raises:
        UserError: If the split is none of the reader's, files are missing or damaged, or the folder holds something
            else.
    """
    sequences = list_sequences(reader, raw, split)
    index = PreparedIndex(
        dataset=reader.info.name,
        split=split,
        encoder=_name_encoder(reader) if look else None,
        options=options or {},
        sequences=sequences,
    )
    claim_clips(folder, index)
    read = _choose_reading(reader, look=look, watch=watch)
    for number, sequence in watch(enumerate(sequences), f"{split} films", len(sequences)):
        if not has_film(folder, number):
            save_film(folder, number, read(raw, split, sequence))
        yield _describe(sequence, load_film(folder, number), look=look)


def list_sequences(reader: DatasetReader, raw: Path, split: str) -> tuple[str, ...]:
    """Names of a split's films.

    Raises:
        UserError: If the split is none of the reader's, or has no film.
    """
    if split not in reader.info.splits:
        raise UserError(f"{reader.info.name} has no split {split!r}; it has {', '.join(reader.info.splits)}")
    sequences = tuple(reader.list_sequences(raw, split))
    if not sequences:
        raise UserError(f"{raw} holds no film of the {split} split of {reader.info.title}; {reader.info.source}")
    return sequences


def _name_encoder(reader: DatasetReader) -> str:
    return reader.encoder if isinstance(reader, SeenReader) else ENCODER


def _choose_reading(
    reader: DatasetReader, *, look: bool, watch: Watch
) -> Callable[[Path, str, str], list[PreparedClip]]:
    """How a film is read: its annotation alone, with the data set's own sight of people, or with ours."""
    if not look:
        return lambda raw, split, sequence: [
            PreparedClip(clip=clip) for clip in reader.read_sequence(raw, split, sequence)
        ]
    if isinstance(reader, SeenReader):
        return reader.read_seen
    loaded: list[Encoder] = []  # only once a film has to be looked at

    def read(raw: Path, split: str, sequence: str) -> list[PreparedClip]:
        clips = reader.read_sequence(raw, split, sequence)
        if not loaded:
            loaded.append(load_encoder(ENCODER, feature=True, mask=True, streams=os.cpu_count() or 1))
        return look_at_clips(clips, loaded[0].encode, watch=watch)

    return read


def _describe(sequence: str, clips: Sequence[PreparedClip], *, look: bool) -> PreparedFilm:
    seen = sum(int((~sight.filled_mask).sum()) for prepared in clips for sight in prepared.sightings)
    return PreparedFilm(
        sequence=sequence,
        people=len(clips),
        frames=sum(len(prepared.clip) for prepared in clips),
        seen_frames=seen if look else None,
    )


def look_at_clips(clips: Sequence[Clip], encode: Encode, *, watch: Watch = watch_nothing) -> list[PreparedClip]:
    """Put everybody in one film through the encoder, through the boxes that the annotation gives.

    Args:
        clips: Of one film; frame numbers are the film's.
        encode: `Encoder.encode`, of one that gives features and masks.
        watch: Gets the frames as they pass.

    Raises:
        UserError: If the pictures cannot be read, or nothing says where in them the people are.
    """
    if not clips:
        return []
    film, tracks = place_people(clips)
    flat = [track for several in tracks for track in several]
    collectors = {track.track_id: PersonCollector(track) for track in flat}
    looks = observe_people(film, flat, PersonObserver(encode), Stopwatch())
    for frame, observations in watch(looks, clips[0].sequence, film.info.frame_count) if flat else ():
        for track_id, observation in observations.items():
            collectors[track_id].add(frame.index, observation)
    return [
        PreparedClip(
            clip=clip,
            sightings=tuple(seen for track in several for seen in collectors[track.track_id].finish()),
            size_px=(film.info.width, film.info.height),
        )
        for clip, several in zip(clips, tracks, strict=True)
    ]


def place_people(clips: Sequence[Clip]) -> tuple[Film, list[list[Track]]]:
    """The pictures of one film's clips, and where in them each clip's person is: a track for each run of frames.

    Raises:
        UserError: If the pictures are not there, or nothing says where in them the people are.
    """
    film = _open_pictures(clips)
    _require_boxes(clips)
    tracks: list[list[Track]] = []
    for clip in clips:
        tracks.append(_make_tracks(clip, first_id=1 + sum(map(len, tracks))))
    return film, tracks


def find_boxes(clip: Clip) -> Float[np.ndarray, "time 4"]:
    """Boxes of a clip's person as a detector would give them: left, top, right, bottom.

    About its keypoints, else about its joints as the camera sees them, else the data set's own; NaN where there is
    nothing to make one of.
    """
    points = np.full((len(clip), 1, 2), np.nan)
    if clip.keypoints_px is not None:
        points = np.where(clip.keypoints_px[..., 2:] > 0, clip.keypoints_px[..., :2], np.nan)
    elif clip.joints_m is not None and clip.camera is not None:
        in_front = clip.joints_m[..., 2:] > 0
        placed = np.where(in_front, clip.joints_m, [0.0, 0.0, 1.0])
        center = np.array(clip.camera.center_px)
        points = np.where(in_front, project_points(placed, clip.camera.focal_px, center), np.nan)
    boxes = np.full((len(clip), 4), np.nan)
    enough = np.isfinite(points).all(-1).sum(-1) >= _FEWEST_POINTS
    if enough.any():
        low, high = np.nanmin(points[enough], axis=1), np.nanmax(points[enough], axis=1)
        margin = _MARGIN * (high - low).max(-1, keepdims=True)
        boxes[enough] = np.concatenate([low - margin, high + margin], axis=-1)
    if clip.box_xys_px is not None:
        center, half = clip.box_xys_px[:, :2], clip.box_xys_px[:, 2:] / 2
        own = np.concatenate([center - half, center + half], axis=-1)
        boxes = np.where((~enough & (clip.box_xys_px[:, 2] > 0))[:, None], own, boxes)
    return boxes


def _require_boxes(clips: Sequence[Clip]) -> None:
    """Refuse a film whose annotation has no place for a box; one that has it and leaves it empty just shows nobody."""
    for clip in clips:
        placed = clip.joints_m is not None and clip.camera is not None
        if placed or clip.keypoints_px is not None or clip.box_xys_px is not None:
            return
    raise UserError(
        f"{clips[0].sequence}: neither 2D points nor boxes nor a camera say where in its pictures the people are; add "
        "the data set's files that do, or prepare with --annotation-only"
    )


def _make_tracks(clip: Clip, first_id: int) -> list[Track]:
    """Runs of frames without a hole that begin and end with a box; boxes between are interpolated."""
    boxes = find_boxes(clip)
    known = np.isfinite(boxes).all(-1)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(clip.frame_index) != 1) + 1, [len(clip)]])
    tracks: list[Track] = []
    for start, stop in pairwise(starts.tolist()):
        rows = np.flatnonzero(known[start:stop]) + start
        if not len(rows):
            continue
        kept = np.arange(rows[0], rows[-1] + 1)
        filled = np.stack([np.interp(kept, rows, boxes[rows, side]) for side in range(4)], axis=-1)
        tracks.append(
            Track(
                track_id=first_id + len(tracks),
                frame_index=clip.frame_index[kept],
                time_s=clip.frame_index[kept] / clip.fps,
                boxes_xyxy_px=filled,
                confidence=known[kept].astype(float),
                filled_mask=np.logical_not(known[kept]),
            )
        )
    return tracks


def _open_pictures(clips: Sequence[Clip]) -> Film:
    pictures = [clip.pictures for clip in clips]
    first = pictures[0]
    if first is None or any(one is None or one.path != first.path for one in pictures):
        raise UserError(
            f"{clips[0].sequence}: its pictures are not there; put them where `spsnet prepare --list` says, or prepare "
            "with --annotation-only"
        )
    if first.names is None:
        return open_film(first.path)
    return _NumberedPictures(first.path, _collect_names(clips, pictures), clips[0].fps)


def _collect_names(clips: Sequence[Clip], pictures: Sequence[Pictures | None]) -> dict[int, str]:
    """Frame numbers of all people's clips with their pictures."""
    names: dict[int, str] = {}
    for clip, one in zip(clips, pictures, strict=True):
        assert one is not None
        names |= dict(zip(clip.frame_index.tolist(), one.names or (), strict=True))
    return dict(sorted(names.items()))


class _NumberedPictures:
    """Some pictures of a folder as a film whose frames have the data set's numbers."""

    def __init__(self, folder: Path, names: dict[int, str], fps: float) -> None:
        missing = [name for name in names.values() if not (folder / name).is_file()]
        if missing:
            raise UserError(
                f"{folder} lacks {len(missing)} of {len(names)} pictures, first {missing[0]}; copy the pictures there, "
                "or prepare with --annotation-only"
            )
        self._numbers = tuple(names)
        self._film = PictureFilm(folder, [folder / name for name in names.values()], fps=fps)

    @property
    def info(self) -> FilmInfo:
        return self._film.info

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._film.warnings

    def frames(self) -> Iterator[Frame]:
        for frame in self._film.frames():
            number = self._numbers[frame.index]
            yield replace(frame, index=number)
