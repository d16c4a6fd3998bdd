"""BlazePose's own detector: one or two large people, in any posture; none of the small ones."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from spsnet.detection.letterbox import fit_image
from spsnet.detection.suppression import suppress_overlaps
from spsnet.engines import compile_graph, load_graph, openvino
from spsnet.records import Detections

_SIDE = 224
_STRIDES = (8, 16, 32, 32, 32)
_ANCHORS_PER_CELL = 2


@dataclass(frozen=True, kw_only=True)
class BlazePoseDetectorConfig:
    """How the detector's answer becomes boxes."""

    minimum_confidence: float = 0.3
    """Weaker people are not reported."""
    maximum_iou: float = 0.3
    """Of two people that overlap more, the weaker is dropped."""
    width_of_height: float = 0.5
    """Breadth of a person across the line from hips to the circle's edge, as a part of their length."""

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        for field in ("minimum_confidence", "maximum_iou", "width_of_height"):
            if not 0 < getattr(self, field) < 1:
                raise ValueError(
                    f"BlazePoseDetectorConfig.{field} should lie between 0 and 1, got {getattr(self, field)}"
                )


class BlazePoseDetector:
    """Gives hips and a circle about the body; the box is that of a slim ellipse along the circle's axis.

    Source:
        MediaPipe's public pose-detection graph: input 224 × 224 in [-1, 1]; anchors of unit size at cell centres, two a
        cell, strides 8, 16, 32, 32, 32; outputs are offsets of a face box and four points in input pixels, the first
        the middle of the hips, the second on the circle that holds the whole body.
    """

    def __init__(self, path: Path, *, config: BlazePoseDetectorConfig | None = None, threads: int = 1) -> None:
        self.config = config or BlazePoseDetectorConfig()
        self._anchors = make_anchors()
        steps = openvino.preprocess.PrePostProcessor(load_graph(path))
        steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
        steps.input().model().set_layout(openvino.Layout("NHWC"))
        steps.input().preprocess().convert_element_type(openvino.Type.f32).mean(127.5).scale(127.5)
        self._graph = compile_graph(steps.build(), threads=threads)

    def detect(self, image_rgb: UInt8[np.ndarray, "height width 3"]) -> Detections:
        """Boxes of people, clipped to the picture, and how sure each one is."""
        fitted, letterbox = fit_image(image_rgb, _SIDE, _SIDE, centered=True)
        offsets, logits = self._graph(fitted[None])
        confidence = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -80, 80)))
        found_mask = confidence >= self.config.minimum_confidence
        points = offsets[0, found_mask, 4:].reshape(-1, 4, 2) + self._anchors[found_mask, None] * _SIDE
        boxes, area_mask = letterbox.boxes_to_image(
            _bound_bodies(points[:, 0], points[:, 1], self.config.width_of_height)
        )
        boxes, confidence = boxes[area_mask], confidence[found_mask][area_mask]
        kept = suppress_overlaps(boxes, confidence, self.config.maximum_iou)
        return Detections(boxes_xyxy_px=boxes[kept], confidence=confidence[kept])


def make_anchors() -> Float[np.ndarray, "2254 2"]:
    """Centres of the detector's anchors, in parts of the input's side, row by row, level by level.

    Convention:
        28² · 2 + 14² · 2 + 7² · 6 = 2254; the first two lie at (0.5 / 28, 0.5 / 28). Levels of equal stride share their
        cells, so that the six anchors of a 7 × 7 cell follow one another.
    """
    levels = []
    for stride in sorted(set(_STRIDES)):
        cells = _SIDE // stride
        rows, columns = np.meshgrid(np.arange(cells), np.arange(cells), indexing="ij")
        centers = (np.stack([columns, rows], -1).reshape(-1, 2) + 0.5) / cells
        levels.append(np.repeat(centers, _STRIDES.count(stride) * _ANCHORS_PER_CELL, axis=0))
    return np.concatenate(levels)


def _bound_bodies(hips: np.ndarray, rims: np.ndarray, width_of_height: float) -> np.ndarray:
    axis = rims - hips
    half = np.hypot(np.abs(axis), width_of_height * np.abs(axis[:, ::-1]))
    return np.concatenate([hips - half, hips + half], -1)
