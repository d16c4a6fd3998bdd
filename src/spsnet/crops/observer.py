"""Look at every tracked person of a frame through the encoder, and make sure that each is looked at once.

A region comes from the track's box, or, as BlazePose was made for, from the circle about the person that the encoder
gave one frame earlier. The second keeps the person upright and steady in the crop (a gymnast's landmarks jitter less
than half as much, see docs/encoders.md), but with two overlapping people it can slide over to the other one. So it has
to agree with the box of this frame, before and after, and everybody else's body, as it stood one frame earlier, is
covered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from spsnet.crops.covering import cover_people
from spsnet.crops.cutting import cut_crops
from spsnet.crops.regions import (
    CropRegion,
    box_to_region,
    circle_to_region,
    compute_network_box,
    crop_to_image_px,
    image_to_crop_px,
    rotate_world,
)
from spsnet.geometry import compute_iou
from spsnet.records import EncoderOutput, Frame, Observation

Encode: TypeAlias = Callable[[Float[np.ndarray, "people 256 256 3"]], EncoderOutput]
"""An encoder's `encode`."""

_MOST_OFF = 0.35
"""A followed region's centre lies at most this part of the box's longer edge from the box's centre, on each axis."""
_SMALLEST, _LARGEST = 0.6, 2.0
"""Side of a followed region over that of the region from the box."""
_BETTER_FIT = 0.1
"""Another track's box fits the landmarks better only if its IoU is higher by more than this."""


@dataclass(frozen=True, kw_only=True)
class ObserverConfig:
    """How regions are chosen and when an answer is not believed."""

    box_scale: float = 1.25
    """Side of a region over the longer edge of the detector's box."""
    circle_scale: float = 1.25
    """Side of a region over the diameter of the circle about the person."""
    memory_frames: int = 10
    """For so many frames the region may come from where the person was last seen; 0: always from the box."""
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
        if self.memory_frames < 0:
            raise ValueError(f"ObserverConfig.memory_frames should not be negative, got {self.memory_frames}")
        for field in ("minimum_presence", "minimum_agreement", "collapse_distance", "collapse_iou"):
            if not 0 <= getattr(self, field) <= 1:
                raise ValueError(f"ObserverConfig.{field} should be from 0 to 1, got {getattr(self, field)}")


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One person of one frame seen through one region, in image pixels."""

    observation: Observation
    circle_px: Float[np.ndarray, "2 2"]
    agreement: float
    """IoU of the landmarks' bounding box with the track's box."""
    trusted: bool
    """Shows a person in the track's box, and in nobody else's box rather than in it."""


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

    def observe(self, frame: Frame, boxes_xyxy_px: Mapping[int, Float[np.ndarray, "4"]]) -> dict[int, Observation]:
        """Look at every track of one frame; frames have to come in order.

        A second look is taken at a person who is new, now upright; and from the track's box where the first shows
        nobody or somebody else. Where two tracks still show one person, the one whose box fits it worse gets presence
        0: its landmarks are not to be used.

        Args:
            frame: The picture.
            boxes_xyxy_px: Each track's box in this frame, detected or filled.

        Returns:
            An observation for each track.
        """
        boxes = {track: np.asarray(box, np.float64) for track, box in boxes_xyxy_px.items()}
        self._memories = {track: memory for track, memory in self._memories.items() if track in boxes}
        from_box = {track: box_to_region(box, self._config.box_scale) for track, box in boxes.items()}
        followed = self._follow(boxes)
        looks = self._look(frame, from_box | followed, boxes)
        collapsed = self._find_collapsed(looks, boxes)
        again = {}
        for track, look in looks.items():
            if track in followed and (track in collapsed or not look.trusted):
                again[track] = from_box[track]
            elif track not in followed and look.trusted and self._config.memory_frames and _has_size(look.circle_px):
                again[track] = circle_to_region(look.circle_px, self._config.circle_scale)
        for track, look in self._look(frame, again, boxes).items():
            if look.trusted or not looks[track].trusted:
                looks[track] = look
        collapsed = self._find_collapsed(looks, boxes)
        self._remember({track: look for track, look in looks.items() if look.trusted and track not in collapsed})
        seen = {track: look.observation for track, look in looks.items()}
        return seen | {track: replace(seen[track], presence=0.0) for track in collapsed}

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

    def _look(
        self, frame: Frame, regions: Mapping[int, CropRegion], boxes: Mapping[int, Float[np.ndarray, "4"]]
    ) -> dict[int, _Look]:
        """Encode the regions of one frame together and turn the answers back to the image."""
        if not regions:
            return {}
        crops = cut_crops(frame.image_rgb, list(regions.values()))
        for crop, (track, region) in zip(crops, regions.items(), strict=True):
            bodies = {t: image_to_crop_px(memory.landmarks_px, region) for t, memory in self._memories.items()}
            own = bodies.pop(track, None)
            cover_people(crop, own, list(bodies.values()))
        output = self._encode(crops)
        all_boxes, looks = np.stack(list(boxes.values())), {}
        for i, (track, region) in enumerate(regions.items()):
            observation = _turn_back(output, i, region)
            overlaps = compute_iou(_bounding_box(observation, frame)[None], all_boxes)[0]
            agreement = float(compute_iou(_bounding_box(observation, frame)[None], boxes[track][None])[0, 0])
            looks[track] = _Look(
                observation=observation,
                circle_px=crop_to_image_px(output.circle_px[i].astype(np.float64), region),
                agreement=agreement,
                trusted=observation.presence >= self._config.minimum_presence
                and agreement >= max(self._config.minimum_agreement, float(overlaps.max()) - _BETTER_FIT),
            )
        return looks

    def _find_collapsed(self, looks: Mapping[int, _Look], boxes: Mapping[int, Float[np.ndarray, "4"]]) -> set[int]:
        """Of each two tracks that show one person, the one whose box fits it worse."""
        collapsed = set()
        for a, b in combinations(looks, 2):
            points_a, points_b = looks[a].observation.landmarks_px, looks[b].observation.landmarks_px
            distance = np.linalg.norm(points_a[:, :2] - points_b[:, :2], axis=-1).mean()
            size = min(looks[a].observation.box_xys_px[2], looks[b].observation.box_xys_px[2])
            same_person = distance <= self._config.collapse_distance * size
            if same_person and compute_iou(boxes[a][None], boxes[b][None])[0, 0] <= self._config.collapse_iou:
                collapsed.add(a if looks[a].agreement < looks[b].agreement else b)
        return collapsed

    def _remember(self, looks: Mapping[int, _Look]) -> None:
        """Keep where the trusted ones are, and for a while where the others were."""
        older = {track: replace(memory, age=memory.age + 1) for track, memory in self._memories.items()}
        newer = {
            track: _Memory(
                landmarks_px=look.observation.landmarks_px[:, :2].astype(np.float64), circle_px=look.circle_px
            )
            for track, look in looks.items()
            if _has_size(look.circle_px)
        }
        limit = self._config.memory_frames
        self._memories = {track: memory for track, memory in (older | newer).items() if memory.age < limit}


def _turn_back(output: EncoderOutput, index: int, region: CropRegion) -> Observation:
    """One person's answer from crop pixels to image pixels."""
    landmarks = output.landmarks_px[index]
    points = crop_to_image_px(landmarks[:, :2], region)
    landmarks_px = np.concatenate([points, landmarks[:, 2:]], -1).astype(np.float32)
    return Observation(
        box_xys_px=compute_network_box(landmarks_px),
        landmarks_px=landmarks_px,
        world_m=rotate_world(output.world_m[index], region).astype(np.float32),
        presence=float(output.presence[index]),
        feature=None if output.feature is None else output.feature[index],
    )


def _has_size(circle_px: Float[np.ndarray, "2 2"]) -> bool:
    return float(np.linalg.norm(circle_px[1] - circle_px[0])) >= 1


def _bounding_box(observation: Observation, frame: Frame) -> Float[np.ndarray, "4"]:
    """Box about the landmarks, as far as it lies in the image."""
    points = observation.landmarks_px[:, :2]
    height, width = frame.image_rgb.shape[:2]
    low = np.clip(points.min(0), 0, (width, height))
    return np.concatenate([low, np.maximum(np.clip(points.max(0), 0, (width, height)), low)])
