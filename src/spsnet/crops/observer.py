"""Look at every tracked person of a frame through the encoder, and make sure that each is looked at once.

A region comes from the circle about the person that the encoder gave one frame earlier, as BlazePose was made for:
that keeps the person upright and steady in the crop (a gymnast's landmarks jitter less than half as much as with
regions from the track's box, see docs/encoders.md). With two overlapping people such a region can slide over to the
other one, so it has to agree with the box of this frame, before and after, and everybody else's body, as it stood one
frame earlier, is covered.

Somebody new is looked at through the track's box first, and if that does not convince, turned about as well: the
encoder knows people up to about 40 degrees from upright only.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from jaxtyping import Float

from spsnet.crops.looks import Encode, Look, take_looks
from spsnet.crops.regions import CropRegion, box_to_region, circle_to_region
from spsnet.geometry import compute_iou
from spsnet.records import Frame, Observation

_MOST_OFF = 0.35
"""A followed region's centre lies at most this part of the box's longer edge from the box's centre, on each axis."""
_SMALLEST, _LARGEST = 0.6, 2.0
"""Side of a followed region over that of the region from the box."""
_BETTER_FIT = 0.1
"""Another track's box fits the landmarks better only if its IoU is higher by more than this."""
_TURNS_RAD = (math.pi / 2, -math.pi / 2, math.pi)
"""Where the head may be when it is not on top."""
_SETTLED_DOUBT, _SETTLED_AGREEMENT = 0.07, 0.55
"""A new person whose doubt is lower and whose IoU with the box is higher than these is not looked for any further."""
_UPRIGHT_BONUS = 0.7
"""Times the doubt about an upright person: most people are upright."""


@dataclass(frozen=True, kw_only=True)
class ObserverConfig:
    """How regions are chosen and when an answer is not believed."""

    box_scale: float = 1.25
    """Side of a region over the longer edge of the detector's box."""
    circle_scale: float = 1.25
    """Side of a region over the diameter of the circle about the person."""
    memory_frames: int = 10
    """For so many frames the region may come from where the person was last seen; 0: always from the box."""
    search_every: int = 15
    """Frames before a new person that could not be made out is turned about again."""
    minimum_presence: float = 0.5
    """A person flag below this is "nobody here"."""
    minimum_agreement: float = 0.3
    """IoU of the landmarks' bounding box with the track's box, below which the answer is of somebody else."""
    collapse_distance: float = 0.1
    """Two answers whose landmarks are on average closer than this part of their size are of one person."""
    collapse_iou: float = 0.8
    """... unless their tracks' boxes overlap by more than this: then the boxes are of one person too."""

    def __post_init__(self) -> None:
        """Check that scales are positive and the rest are fractions."""
        if not (self.box_scale > 0 and self.circle_scale > 0):
            raise ValueError(f"scales should be positive, got {self.box_scale} and {self.circle_scale}")
        for field in ("memory_frames", "search_every"):
            if getattr(self, field) < 0:
                raise ValueError(f"ObserverConfig.{field} should not be negative, got {getattr(self, field)}")
        for field in ("minimum_presence", "minimum_agreement", "collapse_distance", "collapse_iou"):
            if not 0 <= getattr(self, field) <= 1:
                raise ValueError(f"ObserverConfig.{field} should be from 0 to 1, got {getattr(self, field)}")


@dataclass(frozen=True, kw_only=True)
class _Memory:
    """Where a person was when last seen, image pixels."""

    landmarks_px: Float[np.ndarray, "33 2"]
    circle_px: Float[np.ndarray, "2 2"]
    age: int = 0
    """Frames since then."""


class PersonObserver:
    """Observations of the people of a film, frame after frame; remembers where each person was when last seen.

    Args:
        encode: `Encoder.encode`: crops to landmarks.
        config: How regions are chosen.
    """

    def __init__(self, encode: Encode, config: ObserverConfig | None = None) -> None:
        self._encode = encode
        self._config = config or ObserverConfig()
        self._memories: dict[int, _Memory] = {}
        self._searched_at: dict[int, int] = {}
        self.looks: Mapping[int, Look] = {}
        """Those that the last frame's observations were taken from."""

    def observe(self, frame: Frame, boxes_xyxy_px: Mapping[int, Float[np.ndarray, "4"]]) -> dict[int, Observation]:
        """Look at every track of one frame; frames have to come in order.

        Where two tracks show one person in spite of all, the one whose box fits it worse gets presence 0: its landmarks
        are not to be used.

        Args:
            frame: The picture.
            boxes_xyxy_px: Each track's box in this frame, detected or filled.

        Returns:
            An observation for each track.
        """
        boxes = {track: np.asarray(box, np.float64) for track, box in boxes_xyxy_px.items()}
        self._memories = {track: memory for track, memory in self._memories.items() if track in boxes}
        looks = self._look(frame, self._follow(boxes), boxes)
        collapsed = self._find_collapsed(looks, boxes)
        unsure = [t for t in boxes if t not in looks or t in collapsed or not self._trusts(looks[t])]
        for track, look in self._find_afresh(frame, unsure, boxes).items():
            if track not in looks or self._trusts(look) or not self._trusts(looks[track]):
                looks[track] = look
        collapsed = self._find_collapsed(looks, boxes)
        self.looks = looks
        self._remember({t: look for t, look in looks.items() if t not in collapsed and self._trusts(look)})
        return {
            track: replace(looks[track].observation, presence=0.0) if track in collapsed else looks[track].observation
            for track in boxes
        }

    def _follow(self, boxes: Mapping[int, Float[np.ndarray, "4"]]) -> dict[int, CropRegion]:
        """Regions about where people were last, as far as those fit the boxes of this frame."""
        regions = {}
        for track, memory in self._memories.items():
            region, box = circle_to_region(memory.circle_px, self._config.circle_scale), boxes[track]
            longer = float((box[2:] - box[:2]).max())
            off = float(np.abs((box[:2] + box[2:]) / 2 - region.center_px).max())
            if off < _MOST_OFF * longer and _SMALLEST < region.side_px / (longer * self._config.box_scale) < _LARGEST:
                regions[track] = region
        return regions

    def _find_afresh(
        self, frame: Frame, tracks: Iterable[int], boxes: Mapping[int, Float[np.ndarray, "4"]]
    ) -> dict[int, Look]:
        """Look at people through their boxes, then upright as the first look says; unclear new ones turned about too.

        A look at a person turned too far leads to a second one that differs much from the first; so the start whose two
        looks agree best, with each other and with the box, is taken.
        """
        regions = {track: box_to_region(boxes[track], self._config.box_scale) for track in tracks}
        if self._config.memory_frames == 0:
            return self._look(frame, regions, boxes)
        found, doubts = self._look_twice(frame, regions, boxes)
        unclear = [
            track
            for track, look in found.items()
            if track not in self._memories
            and (doubts[track] > _SETTLED_DOUBT or look.agreement < _SETTLED_AGREEMENT)
            and frame.index - self._searched_at.get(track, -self._config.search_every) >= self._config.search_every
        ]
        doubts = {track: doubt * _UPRIGHT_BONUS for track, doubt in doubts.items()}
        for turn in _TURNS_RAD:
            turned = {track: replace(regions[track], rotation_rad=turn) for track in unclear}
            other_found, other_doubts = self._look_twice(frame, turned, boxes)
            for track, doubt in other_doubts.items():
                if doubt < doubts[track]:
                    found[track], doubts[track] = other_found[track], doubt
        self._searched_at |= dict.fromkeys(unclear, frame.index)
        return found

    def _look_twice(
        self, frame: Frame, regions: Mapping[int, CropRegion], boxes: Mapping[int, Float[np.ndarray, "4"]]
    ) -> tuple[dict[int, Look], dict[int, float]]:
        """Look through regions, then through those that the first looks suggest; and how doubtful the second are.

        Returns:
            Second looks (first ones where those show nobody), and their distance from the first over their IoU
            with the box; infinite if not trusted.
        """
        first = self._look(frame, regions, boxes)
        least, scale = self._config.minimum_presence, self._config.circle_scale
        circles = {
            track: look.circle_px
            for track, look in first.items()
            if look.has_circle and look.observation.presence >= least
        }
        second = self._look(frame, {t: circle_to_region(circle, scale) for t, circle in circles.items()}, boxes)
        doubts = dict.fromkeys(first, math.inf)
        for track, look in second.items():
            if self._trusts(look):
                doubts[track] = look.distance_to(first[track]) / look.agreement
        better = {t: look for t, look in second.items() if self._trusts(look) or not self._trusts(first[t])}
        return first | better, doubts

    def _look(
        self, frame: Frame, regions: Mapping[int, CropRegion], boxes: Mapping[int, Float[np.ndarray, "4"]]
    ) -> dict[int, Look]:
        bodies = {track: memory.landmarks_px for track, memory in self._memories.items()}
        return take_looks(self._encode, frame, regions, boxes, bodies)

    def _trusts(self, look: Look) -> bool:
        """There is a person, in the track's box, and in nobody else's box rather than in it."""
        least = max(self._config.minimum_agreement, look.best_agreement - _BETTER_FIT)
        return look.observation.presence >= self._config.minimum_presence and look.agreement >= least

    def _find_collapsed(self, looks: Mapping[int, Look], boxes: Mapping[int, Float[np.ndarray, "4"]]) -> set[int]:
        """Of each two tracks that show one person, the one whose box fits it worse."""
        collapsed = set()
        for a, b in combinations(looks, 2):
            if looks[a].distance_to(looks[b]) > self._config.collapse_distance:
                continue
            if compute_iou(boxes[a][None], boxes[b][None])[0, 0] <= self._config.collapse_iou:
                collapsed.add(a if looks[a].agreement < looks[b].agreement else b)
        return collapsed

    def _remember(self, looks: Mapping[int, Look]) -> None:
        """Keep where the trusted ones are, and for a while where the others were."""
        older = {track: replace(memory, age=memory.age + 1) for track, memory in self._memories.items()}
        newer = {
            track: _Memory(landmarks_px=look.observation.landmarks_px[:, :2].astype(float), circle_px=look.circle_px)
            for track, look in looks.items()
            if look.has_circle
        }
        limit = self._config.memory_frames
        self._memories = {track: memory for track, memory in (older | newer).items() if memory.age < limit}
