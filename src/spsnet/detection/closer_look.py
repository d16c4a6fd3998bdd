"""A second, closer look where a person should be and was not seen well."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from spsnet.detection.detector import PersonDetector
from spsnet.detection.suppression import suppress_overlaps
from spsnet.geometry import box_to_square, compute_iou
from spsnet.records import Detections


@dataclass(frozen=True, kw_only=True)
class CloserLookConfig:
    """Where and how often to look again."""

    region_scale: float = 2.0
    """Side of the square looked at, in longer sides of the expected box."""
    maximum_looks: int = 2
    """In one frame; the largest people come first."""
    minimum_iou: float = 0.5
    """Of what is found with the expected box, and of an earlier detection with what replaces it."""
    maximum_iou: float = 0.6
    """Of two boxes that overlap more, the weaker is dropped."""
    minimum_inside: float = 0.5
    """Part of the expected box that lies in the picture; others have left it."""

    def __post_init__(self) -> None:
        """Refuse regions smaller than the person and a negative number of looks."""
        if not self.region_scale >= 1 or self.maximum_looks < 0:
            raise ValueError(
                "CloserLookConfig.region_scale should be at least 1 and maximum_looks not negative, "
                f"got {self.region_scale} and {self.maximum_looks}"
            )


def look_closer(
    detector: PersonDetector,
    image_rgb: UInt8[np.ndarray, "height width 3"],
    detections: Detections,
    expected_xyxy: Float[np.ndarray, "expected 4"],
    config: CloserLookConfig | None = None,
) -> Detections:
    """Detect again in enlarged parts of the picture; what is found there replaces less sure detections of the same.

    Args:
        detector: The one that found `detections`, or another.
        image_rgb: The picture.
        detections: What was found at first sight.
        expected_xyxy: Where people should be whom the first sight did not show well, `Tracker.find_doubtful`.
        config: Where and how often to look.
    """
    config = config or CloserLookConfig()
    size = np.array([image_rgb.shape[1], image_rgb.shape[0]], float)
    for box in _choose_boxes(expected_xyxy, size, config):
        center_x, center_y, side = box_to_square(box, config.region_scale)
        square, corner = _cut_square(image_rgb, center_x, center_y, side)
        closer = detector.detect(square)
        found = (closer.boxes_xyxy_px + np.tile(corner, 2)).clip(0, np.tile(size, 2))
        kept = compute_iou(found, box[None])[:, 0] >= config.minimum_iou
        detections = _join(detections, found[kept], closer.confidence[kept], box, config)
    return detections


def _choose_boxes(boxes: np.ndarray, size: np.ndarray, config: CloserLookConfig) -> np.ndarray:
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    inside = np.clip(np.minimum(boxes[:, 2:], size) - boxes[:, :2].clip(0), 0, None).prod(axis=1)
    (candidates,) = np.nonzero(inside >= config.minimum_inside * areas)
    order = np.argsort(-areas[candidates], kind="stable")
    return boxes[candidates[order[: config.maximum_looks]]]


def _cut_square(image_rgb: np.ndarray, center_x: float, center_y: float, side: float) -> tuple[np.ndarray, np.ndarray]:
    """A square of the picture and where its corner lies: one shape for the network.

    It is moved into the picture where it would reach over the border, and black where the picture is too small for it.
    """
    side_px = max(round(side), 2)
    spare = np.array([image_rgb.shape[1], image_rgb.shape[0]]) - side_px
    corner = np.round([center_x - side_px / 2, center_y - side_px / 2]).astype(int).clip(0, spare.clip(0))
    left, top = corner
    square = np.zeros((side_px, side_px, 3), np.uint8)
    inside = image_rgb[top : top + side_px, left : left + side_px]
    square[: inside.shape[0], : inside.shape[1]] = inside
    return square, corner


def _join(
    detections: Detections, boxes: np.ndarray, confidence: np.ndarray, expected: np.ndarray, config: CloserLookConfig
) -> Detections:
    """Add boxes; of the earlier ones drop those of which a new one is the same person, surer and more as expected."""
    earlier = detections.boxes_xyxy_px
    fit, earlier_fit = compute_iou(boxes, expected[None])[:, 0], compute_iou(earlier, expected[None])[:, 0]
    better = (confidence > detections.confidence[:, None]) & (fit > earlier_fit[:, None])
    kept = ~(better & (compute_iou(earlier, boxes) >= config.minimum_iou)).any(axis=1)
    joined = np.concatenate([earlier[kept], boxes])
    joined_confidence = np.concatenate([detections.confidence[kept], confidence])
    best = suppress_overlaps(joined, joined_confidence, config.maximum_iou)
    return Detections(boxes_xyxy_px=joined[best], confidence=joined_confidence[best])
