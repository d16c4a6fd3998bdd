"""MOTA, IDF1 and id switches: whether everybody is found, and keeps one name."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment

from spsnet.geometry import compute_iou
from spsnet.records import Track


@dataclass(frozen=True, kw_only=True, eq=False)
class IdentifiedBoxes:
    """The people of one frame."""

    ids: Int[np.ndarray, " people"]
    """Unique within the frame."""
    boxes_xyxy_px: Float[np.ndarray, "people 4"]

    def __post_init__(self) -> None:
        """Check that there is one finite box for each id, and no id twice."""
        people = len(self.ids)
        if self.boxes_xyxy_px.shape != (people, 4):
            raise ValueError(f"IdentifiedBoxes.boxes_xyxy_px should be ({people}, 4), got {self.boxes_xyxy_px.shape}")
        if not np.isfinite(self.boxes_xyxy_px).all():
            raise ValueError("IdentifiedBoxes.boxes_xyxy_px should be finite")
        if len(np.unique(self.ids)) != people:
            raise ValueError(f"IdentifiedBoxes.ids should name nobody twice, got {self.ids.tolist()}")

    def __len__(self) -> int:
        """Number of people."""
        return len(self.ids)


@dataclass(frozen=True, kw_only=True)
class TrackingScores:
    """Counts of one film; those of several add up with `+`."""

    frames: int
    targets: int
    """Labelled boxes."""
    predictions: int
    """Predicted boxes."""
    matches: int
    """Labelled boxes that a prediction was given to, whatever its id."""
    switches: int
    """Matches with another id than the same person's last match had."""
    id_matches: int
    """Boxes that overlap when every labelled person is given one id for the whole film, and every id one person, as
    well as can be (IDTP)."""

    @property
    def misses(self) -> int:
        """Labelled boxes without a prediction."""
        return self.targets - self.matches

    @property
    def false_positives(self) -> int:
        """Predicted boxes of nobody."""
        return self.predictions - self.matches

    @property
    def mota(self) -> float:
        """1 − (misses + false positives + switches) / targets: at most 1, negative when bad; NaN without targets."""
        wrong = self.misses + self.false_positives + self.switches
        return 1 - wrong / self.targets if self.targets else float("nan")

    @property
    def idf1(self) -> float:
        """2 IDTP / (targets + predictions), from 0 to 1; NaN where there are neither."""
        boxes = self.targets + self.predictions
        return 2 * self.id_matches / boxes if boxes else float("nan")

    def __add__(self, other: "TrackingScores") -> "TrackingScores":
        """Counts of both films."""
        return TrackingScores(
            frames=self.frames + other.frames,
            targets=self.targets + other.targets,
            predictions=self.predictions + other.predictions,
            matches=self.matches + other.matches,
            switches=self.switches + other.switches,
            id_matches=self.id_matches + other.id_matches,
        )


def compute_tracking_scores(
    predicted: Sequence[IdentifiedBoxes], target: Sequence[IdentifiedBoxes], *, minimum_iou: float = 0.5
) -> TrackingScores:
    """Count what MOTA and IDF1 are made of, over one film.

    Frame by frame each labelled person keeps the id of its last match, however long ago, while the boxes overlap
    enough (of two who had one id in turn, the first in the frame); the others are paired so that most are, and of those
    the ones that overlap most.

    Convention:
        One person over 10 frames, found in all, called 1 in six and 2 in four: one switch, MOTA 0.9, IDF1 0.6.

    Args:
        predicted: People of each frame; an empty record where nobody is.
        target: Labels of the same frames. Leave frames that are not labelled out of both.
        minimum_iou: Overlap from which on boxes can be the same person.

    Raises:
        ValueError: If the two have not as many frames, or `minimum_iou` is not in (0, 1].

    Source:
        MOTA: Bernardin and Stiefelhagen, "Evaluating multiple object tracking performance: the CLEAR MOT metrics",
        2008. IDF1: Ristani et al., "Performance measures and a data set for multi-target, multi-camera tracking", 2016.
        Boxes, not PoseTrack's joints.
    """
    if len(predicted) != len(target):
        raise ValueError(f"predicted and target should have as many frames, got {len(predicted)} and {len(target)}")
    if not 0 < minimum_iou <= 1:
        raise ValueError(f"minimum_iou should lie in (0, 1], got {minimum_iou}")
    overlaps = [
        compute_iou(labels.boxes_xyxy_px, found.boxes_xyxy_px) for labels, found in zip(target, predicted, strict=True)
    ]
    matches, switches = _count_matches(predicted, target, overlaps, minimum_iou)
    return TrackingScores(
        frames=len(target),
        targets=sum(map(len, target)),
        predictions=sum(map(len, predicted)),
        matches=matches,
        switches=switches,
        id_matches=_count_id_matches(predicted, target, [overlap >= minimum_iou for overlap in overlaps]),
    )


def collect_boxes(tracks: Sequence[Track], frames: int) -> list[IdentifiedBoxes]:
    """The people of each of a film's first `frames` frames, as tracks have them; filled boxes count like others.

    Raises:
        ValueError: If two tracks have one id.
    """
    ids = [track.track_id for track in tracks]
    if len(set(ids)) != len(ids):
        raise ValueError(f"tracks should have an id each, got {sorted(ids)}")
    found = [
        [
            (track.track_id, track.boxes_xyxy_px[frame - track.frame_index[0]])
            for track in tracks
            if track.frame_index[0] <= frame <= track.frame_index[-1]
        ]
        for frame in range(frames)
    ]
    return [
        IdentifiedBoxes(
            ids=np.array([name for name, _ in people], np.int64),
            boxes_xyxy_px=np.array([box for _, box in people], np.float64).reshape(-1, 4),
        )
        for people in found
    ]


def _count_matches(
    predicted: Sequence[IdentifiedBoxes],
    target: Sequence[IdentifiedBoxes],
    overlaps: Sequence[Float[np.ndarray, "_ _"]],
    minimum_iou: float,
) -> tuple[int, int]:
    """Matches, and switches among them."""
    last = dict[int, int]()  # the id that each labelled person was last matched with
    matches = switches = 0
    for found, labels, overlap in zip(predicted, target, overlaps, strict=True):
        people, names = labels.ids.tolist(), found.ids.tolist()
        allowed = overlap >= minimum_iou
        kept = _keep_matches(people, names, last, allowed)
        free = allowed.copy()
        free[list(kept)] = False
        free[:, list(kept.values())] = False
        for row, column in _pair(overlap, free):
            switches += last.get(people[row], names[column]) != names[column]
            last[people[row]] = names[column]
            matches += 1
        matches += len(kept)
    return matches, switches


def _keep_matches(
    people: list[int], names: list[int], last: dict[int, int], allowed: Bool[np.ndarray, "_ _"]
) -> dict[int, int]:
    """Rows and columns of people that keep their id; of two who had one in turn, the first in the frame keeps it."""
    column_of = {name: column for column, name in enumerate(names)}
    kept = dict[int, int]()
    for row, person in enumerate(people):
        column = column_of.get(last[person]) if person in last else None
        if column is not None and allowed[row, column] and column not in kept.values():
            kept[row] = column
    return kept


def _pair(overlap: Float[np.ndarray, "_ _"], allowed: Bool[np.ndarray, "_ _"]) -> list[tuple[int, int]]:
    """As many allowed pairs as there can be, and of these choices the one of the greatest overlap."""
    reward = np.where(allowed, 1 + min(overlap.shape) + overlap, 0.0)
    rows, columns = linear_sum_assignment(reward, maximize=True)
    return [(row, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True) if allowed[row, column]]


def _count_id_matches(
    predicted: Sequence[IdentifiedBoxes], target: Sequence[IdentifiedBoxes], allowed: Sequence[Bool[np.ndarray, "_ _"]]
) -> int:
    """IDTP: frames in which people and ids overlap, summed over the best pairing of the whole film."""
    people = {name: row for row, name in enumerate(_list_ids(target))}
    names = {name: column for column, name in enumerate(_list_ids(predicted))}
    together = np.zeros((len(people), len(names)), np.int64)
    for found, labels, overlapping in zip(predicted, target, allowed, strict=True):
        for row, column in np.argwhere(overlapping):
            together[people[int(labels.ids[row])], names[int(found.ids[column])]] += 1
    return int(together[linear_sum_assignment(together, maximize=True)].sum())


def _list_ids(film: Sequence[IdentifiedBoxes]) -> list[int]:
    return sorted({name for frame in film for name in frame.ids.tolist()})
