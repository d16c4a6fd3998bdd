"""Detections to tracks, frame by frame: SORT, aware of time, with a second chance for weak detections."""

from array import array
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.geometry import compute_iou
from spsnet.records import Detections, Track
from spsnet.tracking.assignment import assign_boxes, compute_areas, compute_overlap
from spsnet.tracking.kalman import BoxFilterConfig, BoxStates, correct_states, predict_states, start_states

_COLUMNS = 7
"""Of one remembered detection: frame, time, four sides, confidence."""
_TIME_TOLERANCE_S = 1e-6
_LOG_GROWTH = 0.4
"""A box that is half as large again as the one before, or as much smaller, may show a part of the person, or two."""
_HELD = 0.7
"""Part of a person's box in another box, for that one to hold the person."""


@dataclass(frozen=True, kw_only=True)
class TrackerConfig:
    """When a detection belongs to a track, when a track begins and ends, and which tracks are people."""

    start_confidence: float = 0.4
    """Detections at least as sure are matched first; where there is no track yet, one begins."""
    weak_confidence: float = 0.2
    """Detections at least as sure may still continue a track."""
    sure_confidence: float = 0.5
    """A person has one detection at least as sure."""
    minimum_iou: float = 0.3
    """Of a predicted box and a detection, to be the same person."""
    maximum_gap_s: float = 1.0
    """From one detection of a person to the next; after a longer gap the track has ended."""
    weak_minimum_iou: float = 0.5
    """The same for a weak detection."""
    maximum_start_iou: float = 0.5
    """A detection that overlaps a surer one by more is the same person once more."""
    minimum_length_s: float = 0.5
    """Shorter tracks are mistakes of the detector, unless the scene itself is shorter."""
    minimum_seen: float = 0.5
    """Part of a track's frames that have a detection."""
    minimum_mean_confidence: float = 0.4
    """Of a track's detections."""
    filter: BoxFilterConfig = field(default_factory=BoxFilterConfig)

    def __post_init__(self) -> None:
        """Refuse thresholds out of range."""
        parts = (
            "start_confidence",
            "weak_confidence",
            "sure_confidence",
            "minimum_iou",
            "weak_minimum_iou",
            "maximum_start_iou",
            "minimum_seen",
            "minimum_mean_confidence",
        )
        for name in parts:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"TrackerConfig.{name} should lie between 0 and 1, got {getattr(self, name)}")
        for name in ("maximum_gap_s", "minimum_length_s"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"TrackerConfig.{name} should not be negative, got {getattr(self, name)}")


class _Candidate:
    """A track that may still grow: its detections as one flat list of numbers, and its id once it is a person."""

    __slots__ = ("best_confidence", "numbers", "summed_confidence", "track_id")

    def __init__(self) -> None:
        self.numbers = array("d")
        self.summed_confidence = self.best_confidence = 0.0
        self.track_id: int | None = None

    def append(self, index: int, time_s: float, box: list[float], confidence: float) -> None:
        """Remember one more detection."""
        self.numbers.extend((index, time_s, *box, confidence))
        self.summed_confidence += confidence
        self.best_confidence = max(self.best_confidence, confidence)

    @property
    def first_time_s(self) -> float:
        return self.numbers[1]

    @property
    def last_index(self) -> int:
        return int(self.numbers[-_COLUMNS])

    @property
    def last_time_s(self) -> float:
        return self.numbers[1 - _COLUMNS]

    @property
    def seen(self) -> float:
        return len(self.numbers) / _COLUMNS / (self.last_index - self.numbers[0] + 1)

    @property
    def mean_confidence(self) -> float:
        return self.summed_confidence * _COLUMNS / len(self.numbers)


class _Clock:
    """Numbers and times of the frames of the present scene."""

    def __init__(self) -> None:
        self.indices = array("q")
        self.times_s = array("d")

    @property
    def scene_s(self) -> float:
        return self.times_s[-1] - self.times_s[0] if self.times_s else 0.0

    def start_scene(self) -> None:
        """Forget all frames but the last, which the next one has to follow."""
        self.indices, self.times_s = self.indices[-1:], self.times_s[-1:]

    def advance(self, index: int, time_s: float) -> float:
        """Take in a frame; seconds since the one before."""
        if self.indices and (index <= self.indices[-1] or time_s < self.times_s[-1]):
            raise ValueError(
                f"frames should come in order, got frame {index} at {time_s} s "
                f"after frame {self.indices[-1]} at {self.times_s[-1]} s"
            )
        elapsed_s = self.measure(time_s)
        self.indices.append(index)
        self.times_s.append(time_s)
        return elapsed_s

    def measure(self, time_s: float) -> float:
        """Seconds since the last frame."""
        return time_s - self.times_s[-1] if self.times_s else 0.0


class Tracker:
    """Follows the people of one film. Ids count from 1 in the order in which people are made sure of.

    Only numbers are kept, 56 bytes a detection; a track is given out when it ends.

    Source:
        SORT (Bewley et al. 2016) with continuous time; weak detections as in ByteTrack (Zhang et al. 2022), section 3.
    """

    def __init__(self, config: TrackerConfig | None = None) -> None:
        self.config = config or TrackerConfig()
        self._candidates: list[_Candidate] = []
        self._states = _no_states(self.config.filter)
        self._clock = _Clock()
        self._people = 0

    def update(self, frame_index: int, time_s: float, detections: Detections) -> list[Track]:
        """Take in one frame's detections. Frame numbers may jump where frames could not be read.

        Returns:
            The tracks known by now to have ended.

        Raises:
            ValueError: If the frame does not follow the one before in number and time.
        """
        elapsed_s = self._clock.advance(frame_index, time_s)
        ended = self._end_lost(frame_index, time_s)
        self._states = predict_states(self._states, elapsed_s, self.config.filter)
        rows, columns, free_mask = self._associate(detections)
        boxes = detections.boxes_xyxy_px
        if len(rows):
            corrected = correct_states(self._states.select(rows), boxes[columns], self.config.filter)
            self._states = self._states.replace(rows, corrected)
        (free,) = np.nonzero(free_mask & (detections.confidence >= self.config.start_confidence))
        new = _choose_beginners(detections, free, boxes[columns], self.config.maximum_start_iou) if len(free) else free
        if len(new):
            self._states = self._states.join(start_states(boxes[new], self.config.filter))
            self._candidates += [_Candidate() for _ in new]
        followed = np.concatenate([rows, np.arange(len(self._candidates) - len(new), len(self._candidates))])
        self._remember(followed, np.concatenate([columns, new]), detections)
        return ended

    def find_doubtful(self, time_s: float, detections: Detections) -> Float[np.ndarray, "people 4"]:
        """Where people should be in the next frame whom its detections do not show surely and whole.

        Asked before `update`, so that the detector can take a closer look there; changes nothing.
        """
        (rows,) = np.nonzero([candidate.track_id is not None for candidate in self._candidates])
        elapsed_s = self._clock.measure(time_s)
        predicted = predict_states(self._states.select(rows), elapsed_s, self.config.filter).to_boxes()
        boxes = detections.boxes_xyxy_px[detections.confidence >= self.config.start_confidence]
        tracks, columns = assign_boxes(predicted, boxes, self.config.minimum_iou)
        growth = np.log(compute_areas(boxes[columns]) / compute_areas(predicted[tracks]))
        return np.delete(predicted, tracks[np.abs(growth) < _LOG_GROWTH], axis=0)

    def finish(self) -> list[Track]:
        """End every track: the film is over, or the scene has changed. Ids go on counting afterwards."""
        for candidate in self._candidates:
            self._make_sure(candidate, min(self.config.minimum_length_s, self._clock.scene_s / 2))
        ended = self._build_tracks(self._candidates)
        self._candidates = []
        self._states = _no_states(self.config.filter)
        self._clock.start_scene()
        return ended

    def _associate(
        self, detections: Detections
    ) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"], Bool[np.ndarray, " detections"]]:
        """Pairs of track and detection, and which detections are left."""
        predicted, boxes, confidence = self._states.to_boxes(), detections.boxes_xyxy_px, detections.confidence
        sure_mask = confidence >= self.config.start_confidence
        weak_mask = ~sure_mask & (confidence >= self.config.weak_confidence)
        free_rows, free_mask = np.arange(len(predicted)), np.ones(len(boxes), bool)
        pairs = []
        for mask, minimum_iou in ((sure_mask, self.config.minimum_iou), (weak_mask, self.config.weak_minimum_iou)):
            (columns,) = np.nonzero(mask)
            left, right = assign_boxes(predicted[free_rows], boxes[columns], minimum_iou)
            pairs.append((free_rows[left], columns[right]))
            free_mask[columns[right]] = False
            free_rows = np.delete(free_rows, left)
        return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs]), free_mask

    def _remember(
        self, followed: Int[np.ndarray, " seen"], columns: Int[np.ndarray, " seen"], detections: Detections
    ) -> None:
        boxes, confidence = detections.boxes_xyxy_px[columns].tolist(), detections.confidence[columns].tolist()
        now = self._clock.indices[-1], self._clock.times_s[-1]
        for row, box, sure in zip(followed.tolist(), boxes, confidence, strict=True):
            candidate = self._candidates[row]
            candidate.append(*now, box, sure)
            if candidate.track_id is None:
                self._make_sure(candidate, self.config.minimum_length_s)

    def _make_sure(self, candidate: _Candidate, length_s: float) -> None:
        long_enough = candidate.last_time_s - candidate.first_time_s >= length_s - _TIME_TOLERANCE_S
        if (
            candidate.track_id is None
            and long_enough
            and candidate.seen >= self.config.minimum_seen
            and candidate.mean_confidence >= self.config.minimum_mean_confidence
            and candidate.best_confidence >= self.config.sure_confidence
        ):
            self._people += 1
            candidate.track_id = self._people

    def _end_lost(self, frame_index: int, time_s: float) -> list[Track]:
        """Take out the tracks whose gap has grown too long; frames that follow one another leave no gap."""
        lost_mask = np.array(
            [
                frame_index > candidate.last_index + 1
                and time_s - candidate.last_time_s > self.config.maximum_gap_s + _TIME_TOLERANCE_S
                for candidate in self._candidates
            ],
            bool,
        )
        if not lost_mask.any():
            return []
        ended = [self._candidates[row] for row in np.flatnonzero(lost_mask)]
        kept = np.flatnonzero(~lost_mask)
        self._candidates = [self._candidates[row] for row in kept]
        self._states = self._states.select(kept)
        return self._build_tracks(ended)

    def _build_tracks(self, candidates: list[_Candidate]) -> list[Track]:
        return [
            _build_track(candidate.track_id, candidate.numbers, self._clock)
            for candidate in candidates
            if candidate.track_id is not None and candidate.mean_confidence >= self.config.minimum_mean_confidence
        ]


def _choose_beginners(
    detections: Detections,
    free: Int[np.ndarray, " free"],
    followed: Float[np.ndarray, "followed 4"],
    maximum_iou: float,
) -> Int[np.ndarray, " new"]:
    """Free detections that are new people: not one person once more, nor two people in one box."""
    free = free[np.argsort(-detections.confidence[free], kind="stable")]
    boxes = detections.boxes_xyxy_px[free]
    repeats = compute_iou(boxes, np.concatenate([followed, boxes])) > maximum_iou
    repeats[:, len(followed) :] &= np.tri(len(boxes), k=-1, dtype=bool)
    held = compute_overlap(followed, boxes) >= _HELD
    return np.sort(free[~repeats.any(axis=1) & (held.sum(axis=0) < 2)])


def _no_states(config: BoxFilterConfig) -> BoxStates:
    return start_states(np.zeros((0, 4)), config)


def _build_track(track_id: int, numbers: "array[float]", clock: _Clock) -> Track:
    """Join a track's detections and fill the frames between them."""
    table = np.frombuffer(numbers, np.float64).reshape(-1, _COLUMNS)
    seen_index = table[:, 0].astype(np.int64)
    frame_index = np.arange(seen_index[0], seen_index[-1] + 1)
    time_s = np.interp(frame_index, np.array(clock.indices), np.array(clock.times_s))
    filled_mask = np.ones(len(frame_index), bool)
    filled_mask[seen_index - seen_index[0]] = False
    boxes = np.stack([np.interp(time_s, table[:, 1], side) for side in table.T[2:6]], axis=1)
    boxes[~filled_mask] = table[:, 2:6]
    confidence = np.zeros(len(frame_index))
    confidence[~filled_mask] = table[:, 6]
    return Track(
        track_id=track_id,
        frame_index=frame_index,
        time_s=time_s,
        boxes_xyxy_px=boxes,
        confidence=confidence,
        filled_mask=filled_mask,
    )
