"""One look at people of a frame through the encoder, turned back to the image and judged by the tracks' boxes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from spsnet.crops.covering import cover_people
from spsnet.crops.cutting import cut_crops
from spsnet.crops.regions import (
    CROP_SIZE_PX,
    CropRegion,
    compute_network_box,
    crop_to_image_px,
    image_to_crop_px,
    rotate_world,
)
from spsnet.crops.widths import measure_widths
from spsnet.geometry import compute_iou
from spsnet.records import EncoderOutput, Frame, Observation

Encode: TypeAlias = Callable[[Float[np.ndarray, "people 256 256 3"]], EncoderOutput]
"""An encoder's `encode`."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One person of one frame seen through one region, in image pixels."""

    observation: Observation
    region: CropRegion
    """What the encoder saw."""
    circle_px: Float[np.ndarray, "2 2"]
    """Middle of the hips, and the point straight above the head as far away as the person reaches."""
    agreement: float
    """IoU of the landmarks' bounding box, as far as it lies in the image, with the track's box."""
    best_agreement: float
    """The same with the box of whichever track fits best."""
    mask: Float[np.ndarray, "256 256"] | None = None
    """The encoder's, of the crop; None if not asked for."""

    @property
    def has_circle(self) -> bool:
        """Whether a region can be made of the circle."""
        return float(np.linalg.norm(self.circle_px[1] - self.circle_px[0])) >= 1

    def distance_to(self, other: "Look") -> float:
        """Mean distance of the two looks' landmarks over the smaller network box."""
        mine, others = self.observation, other.observation
        distance = np.linalg.norm(mine.landmarks_px[:, :2] - others.landmarks_px[:, :2], axis=-1).mean()
        return float(distance / min(mine.box_xys_px[2], others.box_xys_px[2]))


def take_looks(
    encode: Encode,
    frame: Frame,
    regions: Mapping[int, CropRegion],
    boxes_xyxy_px: Mapping[int, Float[np.ndarray, "4"]],
    bodies_px: Mapping[int, Float[np.ndarray, "33 2"]],
) -> dict[int, Look]:
    """Encode the regions of one frame together.

    Args:
        encode: `Encoder.encode`.
        frame: The picture.
        regions: Where to look for each track.
        boxes_xyxy_px: Boxes of all tracks of the frame.
        bodies_px: Landmarks, image pixels, of everybody whose place is known; all but the track's own are covered.
    """
    if not regions:
        return {}
    crops = cut_crops(frame.image_rgb, list(regions.values()))
    for crop, (track, region) in zip(crops, regions.items(), strict=True):
        bodies = {other: image_to_crop_px(body_px, region) for other, body_px in bodies_px.items()}
        own = bodies.pop(track, None)
        cover_people(crop, own, list(bodies.values()))
    output = encode(crops)
    all_boxes = list(boxes_xyxy_px.values())
    return {
        track: _judge(output, i, region, frame, boxes_xyxy_px[track], all_boxes)
        for i, (track, region) in enumerate(regions.items())
    }


def _judge(
    output: EncoderOutput,
    index: int,
    region: CropRegion,
    frame: Frame,
    box_xyxy_px: Float[np.ndarray, "4"],
    all_boxes_xyxy_px: Sequence[Float[np.ndarray, "4"]],
) -> Look:
    """One person's answer from crop pixels to image pixels, compared with the boxes."""
    landmarks = output.landmarks_px[index]
    points = crop_to_image_px(landmarks[:, :2], region)
    landmarks_px = np.concatenate([points, landmarks[:, 2:]], -1).astype(np.float32)
    height, width = frame.image_rgb.shape[:2]
    inside = np.clip(points, 0, (width, height))
    bounds = np.concatenate([inside.min(0), inside.max(0)])[None]
    return Look(
        observation=Observation(
            box_xys_px=compute_network_box(landmarks_px),
            landmarks_px=landmarks_px,
            world_m=rotate_world(output.world_m[index], region).astype(np.float32),
            presence=float(output.presence[index]),
            feature=None if output.feature is None else output.feature[index],
            widths_px=None if output.mask is None else _measure_widths(output.mask[index], landmarks, region),
        ),
        region=region,
        circle_px=crop_to_image_px(output.circle_px[index].astype(np.float64), region),
        agreement=float(compute_iou(bounds, box_xyxy_px[None])[0, 0]),
        best_agreement=float(compute_iou(bounds, np.stack(all_boxes_xyxy_px)).max()),
        mask=None if output.mask is None else output.mask[index],
    )


def _measure_widths(
    mask: Float[np.ndarray, "size size"], landmarks_px: Float[np.ndarray, "33 3"], region: CropRegion
) -> Float[np.ndarray, "12"]:
    """In image pixels."""
    return measure_widths(mask, landmarks_px[:, :2]) * (region.side_px / CROP_SIZE_PX)
