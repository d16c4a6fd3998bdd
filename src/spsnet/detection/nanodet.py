"""NanoDet, trained on COCO: several people, upright or not, large and small."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from spsnet.detection.letterbox import fit_image
from spsnet.detection.suppression import suppress_overlaps
from spsnet.detection.tfjs_graph import load_tfjs_graph
from spsnet.engines import Graph, compile_graph, openvino
from spsnet.records import Detections

_STRIDES = (8, 16, 32)
_BINS = 11
_SIDES = 4
_MEAN_BGR = (103.53, 116.28, 123.675)
_DEVIATION_BGR = (57.375, 57.12, 58.395)


@dataclass(frozen=True, kw_only=True)
class NanoDetConfig:
    """How NanoDet looks at a picture."""

    longest_side: int = 416
    """Pixels of the input's longer side, a multiple of 32; the network was trained at 416."""
    minimum_confidence: float = 0.2
    """Weaker boxes are not reported."""
    maximum_iou: float = 0.6
    """Of two boxes that overlap more, the weaker is dropped."""

    def __post_init__(self) -> None:
        """Refuse sizes the network can not take and thresholds out of range."""
        if self.longest_side < 32 or self.longest_side % 32:
            raise ValueError(f"NanoDetConfig.longest_side should be a multiple of 32, got {self.longest_side}")
        for field in ("minimum_confidence", "maximum_iou"):
            if not 0 < getattr(self, field) < 1:
                raise ValueError(f"NanoDetConfig.{field} should lie between 0 and 1, got {getattr(self, field)}")


class NanoDetDetector:
    """NanoDet on OpenVINO; the input follows the picture's aspect, so no time is spent on black borders.

    Source:
        NanoDet's public description: three levels of strides 8, 16, 32; a cell at (i + 0.5) stride holds class scores
        and, for the distance to each side of the box, a distribution over 0 … 10 strides whose mean is the distance
        (Generalized Focal Loss, Li et al. 2020).
    """

    def __init__(
        self, path: Path, weights_path: Path | None = None, *, config: NanoDetConfig | None = None, threads: int = 1
    ) -> None:
        self.config = config or NanoDetConfig()
        self._path, self._weights_path, self._threads = path, weights_path, threads
        self._load_graph = lru_cache(maxsize=4)(self._compile)
        self._load_graph(self.config.longest_side, self.config.longest_side)

    def detect(self, image_rgb: UInt8[np.ndarray, "height width 3"]) -> Detections:
        """Boxes of people, clipped to the picture, and how sure each one is."""
        width, height = self._choose_input(image_rgb.shape[1], image_rgb.shape[0])
        fitted, letterbox = fit_image(image_rgb, width, height)
        # Scores before distances, the finest level first; the file lists them in no order.
        outputs = sorted(self._load_graph(width, height)(fitted[None]), key=lambda array: array.shape[1:], reverse=True)
        boxes, confidence = [], []
        for level, stride in enumerate(_STRIDES):
            scores, distances = outputs[2 * level][0, :, 0], outputs[2 * level + 1][0]
            (cells,) = np.nonzero(scores >= self.config.minimum_confidence)
            boxes.append(_decode_boxes(distances[cells], cells, width // stride, stride))
            confidence.append(scores[cells])
        found, area_mask = letterbox.boxes_to_image(np.concatenate(boxes))
        found, scores = found[area_mask], np.concatenate(confidence)[area_mask]
        kept = suppress_overlaps(found, scores, self.config.maximum_iou)
        return Detections(boxes_xyxy_px=found[kept], confidence=scores[kept])

    def _choose_input(self, width: int, height: int) -> tuple[int, int]:
        scale = self.config.longest_side / max(width, height)
        return _round_up(width * scale), _round_up(height * scale)

    def _compile(self, width: int, height: int) -> Graph:
        model = load_tfjs_graph(self._path, self._weights_path)
        model.reshape({0: [1, 3, height, width]})
        steps = openvino.preprocess.PrePostProcessor(model)
        steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
        steps.input().model().set_layout(openvino.Layout("NCHW"))
        steps.input().preprocess().convert_element_type(openvino.Type.f32).reverse_channels()
        steps.input().preprocess().mean(list(_MEAN_BGR)).scale(list(_DEVIATION_BGR))
        return compile_graph(steps.build(), threads=self._threads)


def _round_up(size: float) -> int:
    return max(-(-round(size) // 32), 1) * 32


def _decode_boxes(distances: np.ndarray, cells: np.ndarray, columns: int, stride: int) -> np.ndarray:
    logits = distances.reshape(-1, _SIDES, _BINS)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    mean = (weights @ np.arange(_BINS)) / weights.sum(-1) * stride
    centers = (np.stack([cells % columns, cells // columns], -1) + 0.5) * stride
    return np.concatenate([centers - mean[:, :2], centers + mean[:, 2:]], -1)
