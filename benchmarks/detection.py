"""Recall, precision and cost of the person detectors on the labelled frames: `python benchmarks/detection.py`.

Prints one line a detector and footage. A person is found when a box overlaps theirs with an IoU of 0.5 or more.
"""

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from spsnet.assets import fetch
from spsnet.detection import DETECTORS, NanoDetConfig, NanoDetDetector, PersonDetector, load_detector
from spsnet.geometry import compute_iou
from spsnet.records import Detections
from spsnet.video import open_film

LABELS = Path(__file__).with_name("detection_labels.json")
CONFIDENCES = (0.2, 0.3, 0.4, 0.5)
"""Recall and precision are told at each of these thresholds."""


def main() -> None:
    """Measure every detector, and NanoDet at several input sizes."""
    print("footage: found/labelled (recall), precision, at confidence " + ", ".join(map(str, CONFIDENCES)))
    frames = load_frames()
    for name, make in list_candidates().items():
        detector = make()
        counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros((len(CONFIDENCES), 3), int))
        cpu_s = []
        for footage, image, people, ignored in frames:
            detector.detect(image)  # a new input size is compiled here
            start = time.process_time()
            detections = detector.detect(image)
            cpu_s.append(time.process_time() - start)
            for i, confidence in enumerate(CONFIDENCES):
                counts[footage][i] += count_hits(detections, confidence, people, ignored)
        counts["all"] = sum(counts.values(), np.zeros((len(CONFIDENCES), 3), int))
        print(f"\n{name}: {np.mean(cpu_s) * 1e3:.1f} ms of CPU a frame")
        for footage, table in counts.items():
            cells = [
                f"{hits}/{people} ({hits / people:.2f}) {hits / max(found, 1):.2f}" for hits, people, found in table
            ]
            print(f"  {footage:<26}" + "   ".join(cells))


def list_candidates() -> dict[str, Callable[[], PersonDetector]]:
    """What is measured: all detectors as they come, then NanoDet's input sizes."""
    candidates: dict[str, Callable[[], PersonDetector]] = {
        name: lambda name=name: load_detector(name) for name in DETECTORS
    }
    for side in (416, 512, 640, 768, 960):
        candidates[f"nanodet at {side}"] = lambda side=side: NanoDetDetector(
            fetch("detector-nanodet"), fetch("detector-nanodet-weights"), config=NanoDetConfig(longest_side=side)
        )
    return candidates


def load_frames() -> list[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Footage (its cameras joined), picture, boxes of people, boxes to ignore."""
    frames = []
    for asset, labels in json.loads(LABELS.read_text(encoding="utf-8"))["frames"].items():
        footage = re.sub(r"^footage-|-cam\d+$", "", asset)
        for frame in open_film(fetch(asset)).frames():
            label = labels.get(str(frame.index))
            if label is not None:
                people, ignored = (np.array(label[key], float).reshape(-1, 4) for key in ("people", "ignored"))
                frames.append((footage, frame.image_rgb, people, ignored))
    return frames


def count_hits(
    detections: Detections, confidence: float, people: np.ndarray, ignored: np.ndarray
) -> tuple[int, int, int]:
    """People found, people labelled, boxes that count."""
    boxes = detections.boxes_xyxy_px[detections.confidence >= confidence]
    iou = compute_iou(boxes, people)
    rows, columns = linear_sum_assignment(-(iou * (iou >= 0.5)))
    hit_mask = iou[rows, columns] >= 0.5
    spare = np.delete(boxes, rows[hit_mask], axis=0)
    ignored_boxes = int((compute_iou(spare, ignored) >= 0.3).any(axis=1).sum()) if len(ignored) else 0
    return int(hit_mask.sum()), len(people), len(boxes) - ignored_boxes


if __name__ == "__main__":
    main()
