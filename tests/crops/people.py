"""Cut-out people and an encoder that finds them without a network."""

import cv2
import numpy as np

from spsnet.records import EncoderOutput, Frame

BODY = np.array(
    [(0.5, 0.06)] * 7 + [(0.4, 0.06), (0.6, 0.06), (0.47, 0.1), (0.53, 0.1)]
    + [(0.75, 0.2), (0.25, 0.2), (0.9, 0.36), (0.1, 0.36), (1.0, 0.5), (0.0, 0.5)]
    + [(0.98, 0.52), (0.02, 0.52)] * 3
    + [(0.65, 0.52), (0.35, 0.52), (0.66, 0.75), (0.34, 0.75), (0.66, 0.95), (0.34, 0.95)]
    + [(0.66, 0.98), (0.34, 0.98), (0.7, 1.0), (0.3, 0.0)]
)  # fmt: skip
"""33 landmarks of somebody standing, over their bounding box."""


def draw_people(*boxes_xyxy: tuple[int, int, int, int], width: int = 640, height: int = 480, index: int = 0) -> Frame:
    """White rectangles on black."""
    image = np.zeros((height, width, 3), np.uint8)
    for left, top, right, bottom in boxes_xyxy:
        image[top:bottom, left:right] = 255
    return Frame(index=index, time_s=index / 30, image_rgb=image)


class FakeEncoder:
    """Takes the light blob nearest to the middle of the crop for the person."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.crops: list[np.ndarray] = []

    def encode(self, crops: np.ndarray) -> EncoderOutput:
        self.calls.append(len(crops))
        self.crops.extend(crops)
        boxes = [self._find(crop) for crop in crops]
        landmarks = np.stack([BODY * (box[2:] - box[:2]) + box[:2] for box in boxes]).astype(np.float32)
        middle = np.array([(box[:2] + box[2:]) / 2 for box in boxes])
        top = middle - np.array([[0, (box[3] - box[1]) / 2] for box in boxes])
        return EncoderOutput(
            landmarks_px=np.concatenate([landmarks, np.ones((len(crops), 33, 1), np.float32)], -1),
            circle_px=np.stack([middle, top], 1).astype(np.float32),
            world_m=np.zeros((len(crops), 33, 3), np.float32),
            presence=np.array([crop.max() > 0.5 for crop in crops], np.float32),
        )

    @staticmethod
    def _find(crop: np.ndarray) -> np.ndarray:
        count, _, stats, centers = cv2.connectedComponentsWithStats((crop[..., 0] > 0.5).astype(np.uint8))
        blobs = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] > 20]
        if not blobs:
            return np.array([100.0, 50, 156, 200])
        nearest = min(blobs, key=lambda i: np.linalg.norm(centers[i] - 128))
        left, top, width, height = stats[nearest, :4].astype(float)
        return np.array([left, top, left + width, top + height])
