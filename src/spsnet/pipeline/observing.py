"""Second pass over the film: every tracked person through the encoder; frames that showed nobody are filled."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float

from spsnet.crops import PersonObserver, compute_network_box
from spsnet.pipeline.prefetching import prefetch
from spsnet.pipeline.settings import Stopwatch
from spsnet.records import Frame, Observation, PersonObservations, Track
from spsnet.video import Film

PRESENT = 0.5
"""The encoder's person flag from which a frame counts as seen."""
LONGEST_GAP_S = 1.0
"""Frames without the person are filled up to this long; a longer gap ends the person."""
_FEWEST_SEEN = 0.3
"""A person seen in a smaller share of its frames than this was none."""


def observe_people(
    film: Film, tracks: Sequence[Track], observer: PersonObserver, stopwatch: Stopwatch
) -> Iterator[tuple[Frame, dict[int, Observation]]]:
    """Yield each frame with the observations of the people in it."""
    first = min((int(track.frame_index[0]) for track in tracks), default=0)
    last = max((int(track.frame_index[-1]) for track in tracks), default=-1)
    for frame in prefetch(stopwatch.time_each(film.frames(), "decode")):
        if frame.index > last:
            return
        if frame.index < first:
            yield frame, {}
            continue
        boxes = {
            track.track_id: track.boxes_xyxy_px[frame.index - track.frame_index[0]]
            for track in tracks
            if track.frame_index[0] <= frame.index <= track.frame_index[-1]
        }
        with stopwatch.time("encode"):
            observations = observer.observe(frame, boxes)
        yield frame, observations


class PersonCollector:
    """Gathers one track's observations and makes whole people of them."""

    def __init__(self, track: Track) -> None:
        self._track = track
        self._seen: dict[int, Observation] = {}

    def add(self, frame_index: int, observation: Observation) -> None:
        """Keep what was seen in a frame."""
        self._seen[frame_index] = observation

    def finish(self) -> list[PersonObservations]:
        """People of this track: none, one, or several where it was lost for longer than `LONGEST_GAP_S`."""
        track = self._track
        kept = [i for i, frame in enumerate(track.frame_index) if int(frame) in self._seen]
        if not kept:
            return []
        observations = [self._seen[int(track.frame_index[i])] for i in kept]
        present = np.array([observation.presence >= PRESENT for observation in observations])
        time_s = track.time_s[kept]
        people = []
        for start, stop in _split_at_gaps(present, time_s):
            seen = present[start:stop]
            if seen.mean() < _FEWEST_SEEN:
                continue
            people.append(self._fill(np.array(kept[start:stop]), observations[start:stop], seen))
        return people

    def _fill(
        self, index: np.ndarray, observations: list[Observation], seen: Bool[np.ndarray, " time"]
    ) -> PersonObservations:
        """Interpolate what was not seen between the frames before and after."""
        track = self._track
        time_s = track.time_s[index]
        confidence = np.array([o.presence for o in observations]) * track.confidence[index]
        landmarks = _interpolate(time_s, np.stack([o.landmarks_px for o in observations]), seen)
        landmarks[~seen, :, 2] = 0
        features = [o.feature for o in observations if o.feature is not None]
        widths = [o.widths_px for o in observations if o.widths_px is not None]
        return PersonObservations(
            track_id=track.track_id,
            frame_index=track.frame_index[index],
            time_s=time_s,
            confidence=np.where(seen, confidence, 0.0),
            filled_mask=track.filled_mask[index] | ~seen,
            box_xys_px=compute_network_box(landmarks),
            landmarks_px=landmarks,
            world_m=_interpolate(time_s, np.stack([o.world_m for o in observations]), seen),
            feature=_interpolate(time_s, np.stack(features), seen) if features else None,
            widths_px=np.where(seen[:, None], np.stack(widths), 0.0) if widths else None,
        )


def _split_at_gaps(present: Bool[np.ndarray, " time"], time_s: Float[np.ndarray, " time"]) -> list[tuple[int, int]]:
    """Runs of frames that begin and end with a seen one and hold no gap longer than `LONGEST_GAP_S`."""
    seen = np.flatnonzero(present)
    if len(seen) == 0:
        return []
    breaks = np.flatnonzero((np.diff(time_s[seen]) > LONGEST_GAP_S) & (np.diff(seen) > 1))
    starts = np.concatenate([[seen[0]], seen[breaks + 1]])
    stops = np.concatenate([seen[breaks], [seen[-1]]]) + 1
    return [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]


def _interpolate(
    time_s: Float[np.ndarray, " time"], values: Float[np.ndarray, "time *rest"], seen: Bool[np.ndarray, " time"]
) -> Float[np.ndarray, "time *rest"]:
    filled = values.astype(np.float64)
    flat = filled.reshape(len(values), -1)
    missing = np.flatnonzero(~seen)
    for column in range(flat.shape[1]) if len(missing) else ():
        flat[missing, column] = np.interp(time_s[missing], time_s[seen], flat[seen, column])
    return filled
