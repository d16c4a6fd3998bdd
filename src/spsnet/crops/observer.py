"""Look at every tracked person of a frame through the encoder, and make sure that each is looked at once.

A region comes from the track's box, or, as BlazePose was made for, from the circle about the person that the encoder
gave one frame earlier: that keeps the person upright and steady in the crop, but with two overlapping people it can
slide over to the other one. So it has to agree with the box of this frame, before and after.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from spsnet.crops.cutting import cut_crops
from spsnet.crops.regions import (
    CropRegion,
    box_to_region,
    circle_to_region,
    compute_network_box,
    crop_to_image_px,
    rotate_world,
)
from spsnet.geometry import compute_iou
from spsnet.records import EncoderOutput, Frame, Observation


@dataclass(frozen=True, kw_only=True)
class ObserverConfig:
    """How regions are chosen and when an answer is not believed."""

    box_scale: float = 1.25
    """Side of a region over the longer edge of the detector's box."""
    circle_scale: float = 1.25
    """Side of a region over the diameter of the circle about the person."""
    follow: bool = True
    """Take the region from the previous frame's circle where it agrees with the box; else always from the box."""
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
        for field in ("minimum_presence", "minimum_agreement", "collapse_distance", "collapse_iou"):
            if not 0 <= getattr(self, field) <= 1:
                raise ValueError(f"ObserverConfig.{field} should be from 0 to 1, got {getattr(self, field)}")


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One person of one frame seen through one region, in image pixels."""

    region: CropRegion
    observation: Observation
    circle_px: Float[np.ndarray, "2 2"]
    agreement: float
    """IoU of the landmarks' bounding box with the track's box."""
    nearest_is_own: bool
    """No other track's box fits the landmarks better."""
    followed: bool
    """The region came from the frame before."""


class PersonObserver:
    """Observations of the people of a film, frame after frame; remembers where each person was one frame ago.

    Args:
        encode: `Encoder.encode`: crops to landmarks.
        config: How regions are chosen.
    """

    def __init__(
        self,
        encode: Callable[[Float[np.ndarray, "people 256 256 3"]], EncoderOutput],
        config: ObserverConfig | None = None,
    ) -> None:
        self._encode = encode
        self._config = config or ObserverConfig()
        self._circles: dict[int, Float[np.ndarray, "2 2"]] = {}

    def observe(self, frame: Frame, boxes_xyxy_px: Mapping[int, Float[np.ndarray, "4"]]) -> dict[int, Observation]:
        """Look at every track of one frame; frames have to come in order.

        A look that shows nobody, or somebody else, is made again from the track's box. Where two tracks still show one
        person, the one whose box fits worse gets presence 0: its landmarks are not to be used.

        Args:
            frame: The picture.
            boxes_xyxy_px: Each track's box in this frame, detected or filled.

        Returns:
            An observation for each track.
        """
        regions = {track: self._choose_region(track, box) for track, box in boxes_xyxy_px.items()}
        followed = {track for track, region in regions.items() if region is not None}
        fresh = {track: box_to_region(box, self._config.box_scale) for track, box in boxes_xyxy_px.items()}
        looks = self._look(frame, {t: regions[t] or fresh[t] for t in regions}, boxes_xyxy_px, followed)
        doubted = [track for track, look in looks.items() if look.followed and not self._is_trusted(look)]
        doubted += [track for track in self._find_collapsed(looks, boxes_xyxy_px) if looks[track].followed]
        again = self._look(frame, {track: fresh[track] for track in doubted}, boxes_xyxy_px, set())
        looks |= {track: self._choose_better(looks[track], look) for track, look in again.items()}
        collapsed = self._find_collapsed(looks, boxes_xyxy_px)
        self._circles = {
            track: look.circle_px
            for track, look in looks.items()
            if track not in collapsed and self._is_trusted(look) and self._config.follow
        }
        return {
            t: _without_person(look.observation) if t in collapsed else look.observation for t, look in looks.items()
        }

    def _choose_region(self, track: int, box_xyxy_px: Float[np.ndarray, "4"]) -> CropRegion | None:
        """Region from the circle of the frame before, None where there is none or it does not fit the box."""
        circle = self._circles.get(track)
        if circle is None or np.hypot(*(circle[1] - circle[0])) < 1:
            return None
        region = circle_to_region(circle, self._config.circle_scale)
        longer = float((box_xyxy_px[2:] - box_xyxy_px[:2]).max())
        off = np.abs((box_xyxy_px[:2] + box_xyxy_px[2:]) / 2 - region.center_px).max()
        fits = off < 0.35 * longer and 0.6 < region.side_px / (longer * self._config.box_scale) < 2.0
        return region if fits else None

    def _look(
        self,
        frame: Frame,
        regions: Mapping[int, CropRegion],
        boxes_xyxy_px: Mapping[int, Float[np.ndarray, "4"]],
        followed: Iterable[int],
    ) -> dict[int, _Look]:
        """Encode the regions of one frame together and turn the answers back to the image."""
        if not regions:
            return {}
        output = self._encode(cut_crops(frame.image_rgb, list(regions.values())))
        tracks = list(boxes_xyxy_px)
        boxes = np.stack([boxes_xyxy_px[track] for track in tracks])
        looks = {}
        for i, (track, region) in enumerate(regions.items()):
            observation = _turn_back(output, i, region)
            overlaps = compute_iou(_bounding_box(observation, frame)[None], boxes)[0]
            own = float(overlaps[tracks.index(track)])
            looks[track] = _Look(
                region=region,
                observation=observation,
                circle_px=crop_to_image_px(output.circle_px[i], region),
                agreement=own,
                nearest_is_own=own >= overlaps.max() - 0.1,
                followed=track in followed,
            )
        return looks

    def _is_trusted(self, look: _Look) -> bool:
        return (
            look.observation.presence >= self._config.minimum_presence
            and look.agreement >= self._config.minimum_agreement
            and look.nearest_is_own
        )

    def _choose_better(self, first: _Look, second: _Look) -> _Look:
        """The second look, unless it is worse in every way that made us doubt the first."""
        first_rank = (self._is_trusted(first), first.agreement * first.observation.presence)
        second_rank = (self._is_trusted(second), second.agreement * second.observation.presence)
        return first if first_rank > second_rank else second

    def _find_collapsed(
        self, looks: Mapping[int, _Look], boxes_xyxy_px: Mapping[int, Float[np.ndarray, "4"]]
    ) -> list[int]:
        """Of each two tracks that show one person, the one whose box fits it worse."""
        collapsed = []
        for a, b in combinations(looks, 2):
            points_a, points_b = looks[a].observation.landmarks_px, looks[b].observation.landmarks_px
            distance = np.linalg.norm(points_a[:, :2] - points_b[:, :2], axis=-1).mean()
            size = min(compute_network_box(points_a)[2], compute_network_box(points_b)[2])
            if distance > self._config.collapse_distance * size:
                continue
            if compute_iou(boxes_xyxy_px[a][None], boxes_xyxy_px[b][None])[0, 0] > self._config.collapse_iou:
                continue
            collapsed.append(a if looks[a].agreement < looks[b].agreement else b)
        return collapsed


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


def _without_person(observation: Observation) -> Observation:
    return Observation(
        box_xys_px=observation.box_xys_px,
        landmarks_px=observation.landmarks_px,
        world_m=observation.world_m,
        presence=0.0,
        feature=observation.feature,
    )


def _bounding_box(observation: Observation, frame: Frame) -> Float[np.ndarray, "4"]:
    """Box about the landmarks, as far as it lies in the image."""
    points = observation.landmarks_px[:, :2]
    height, width = frame.image_rgb.shape[:2]
    low = np.clip(points.min(0), 0, (width, height))
    return np.concatenate([low, np.maximum(np.clip(points.max(0), 0, (width, height)), low)])
