"""SSDLite for pedestrians: upright people down to about 70 pixels, quick; misses acrobats and close-ups."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from spsnet.detection.suppression import suppress_overlaps
from spsnet.engines import compile_graph, load_graph
from spsnet.records import Detections

_SIDE = 300


class SsdLiteDetector:
    """A frozen TensorFlow object-detection graph; it suppresses overlaps itself, class by class."""

    def __init__(self, path: Path, *, minimum_confidence: float = 0.2, threads: int = 1) -> None:
        self._minimum_confidence = minimum_confidence
        model = load_graph(path)
        model.reshape({0: [1, _SIDE, _SIDE, 3]})
        self._graph = compile_graph(model, threads=threads)

    def detect(self, image_rgb: UInt8[np.ndarray, "height width 3"]) -> Detections:
        """Boxes of people, clipped to the picture, and how sure each one is."""
        height, width = image_rgb.shape[:2]
        # The network was trained on stretched pictures: its aspect is not kept.
        stretched = cv2.resize(image_rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        boxes_yxyx, _, scores, _ = self._graph(stretched[None])
        boxes = boxes_yxyx[0][:, [1, 0, 3, 2]].clip(0, 1) * np.array([width, height, width, height])
        confidence = scores[0]
        kept = (confidence >= self._minimum_confidence) & ((boxes[:, 2:] - boxes[:, :2]) > 1).all(axis=1)
        boxes, confidence = boxes[kept], confidence[kept]
        best = suppress_overlaps(boxes, confidence, 0.6)
        return Detections(boxes_xyxy_px=boxes[best], confidence=confidence[best])
