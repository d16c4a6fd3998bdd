"""What in a picture tells of a body's size and build: `python benchmarks/shape_cues.py runs/windows`.

A ridge regression from the mean over a window's frames to the body's measures, cross-validated over windows; printed is
the share of the variance that it leaves unexplained (1: knows nothing).
"""

import argparse
from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet.body import load_body
from spsnet.body.measurements import measure_body
from spsnet.crops import compute_network_box
from spsnet.datasets.shards import ObservedWindows, WindowSet
from spsnet.datasets.sights import build_sight_features
from spsnet.geometry import image_to_crop
from spsnet.network.config import WIDTH_COUNT, FeatureConfig

FOLDS = 5
PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4)


def average_frames(
    values: Float[np.ndarray, "windows time width"], known: np.ndarray
) -> Float[np.ndarray, "windows width"]:
    """Mean over the frames in which each number is known; over all windows where a window knows none."""
    count = known.sum(1)
    mean = np.where(known, values, 0).sum(1) / np.maximum(count, 1)
    whole = mean.sum(0) / np.maximum((count > 0).sum(0), 1)
    return np.where(count > 0, mean, whole)


def describe_cues(windows: ObservedWindows) -> dict[str, Float[np.ndarray, "windows numbers"]]:
    """What the encoder said, a row a window."""
    sight = windows.seen
    present = sight.present_mask[..., None]
    boxes = compute_network_box(sight.landmarks_px)
    flat = (*present.shape[:2], -1)
    landmarks = image_to_crop(sight.landmarks_px[..., :2], boxes).reshape(flat)
    config = FeatureConfig(use_widths=True)
    features = build_sight_features(config, sight)
    widths, known = np.split(features[..., -2 * WIDTH_COUNT :], 2, axis=-1)
    return {
        "landmarks": average_frames(landmarks, present),
        "3D landmarks": average_frames(sight.world_m.reshape(flat), present),
        "feature vector": average_frames(sight.feature, present),
        "widths over the box": average_frames(sight.widths_px / boxes[..., 2:], present & (known > 0)),
        "widths as in f_i": average_frames(widths, present & (known > 0)),
    }


def cross_validate(
    cues: Float[np.ndarray, "windows numbers"], wanted: Float[np.ndarray, "windows measures"]
) -> np.ndarray:
    """Unexplained share of each measure, with the penalty that is best for their mean."""
    x = (cues - cues.mean(0)) / (cues.std(0) + 1e-9)
    y = (wanted - wanted.mean(0)) / wanted.std(0)
    fold = np.arange(len(x)) % FOLDS
    best = np.full(y.shape[1], np.inf)
    for penalty in PENALTIES:
        error = np.zeros_like(y)
        for k in range(FOLDS):
            seen, left_out = x[fold != k], x[fold == k]
            # The dual form: fewer windows than numbers, mostly.
            weights = np.linalg.solve(seen @ seen.T + penalty * np.eye(len(seen)), y[fold != k])
            error[fold == k] = left_out @ (seen.T @ weights) - y[fold == k]
        unexplained = (error**2).mean(0)
        best = unexplained if unexplained.mean() < best.mean() else best
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("windows", type=Path, help="rendered windows of `spsnet synthesize`")
    arguments = parser.parse_args()
    source = WindowSet(arguments.windows)
    windows = source.take(np.arange(len(source)))
    body = measure_body(load_body(), windows.shape)
    stature = body.stature_m
    girth = np.mean([body.chest_girth_m, body.waist_girth_m, body.hip_girth_m], axis=0)
    wanted = np.stack([stature, girth, girth / stature], axis=1)
    print(f"{len(windows)} windows of {source.frames} frames; share of the variance left unexplained")
    print(f"{'':24}{'stature':>10}{'girth':>10}{'girth / stature':>18}")
    for name, cues in describe_cues(windows).items():
        left = cross_validate(cues, wanted)
        print(f"{name:24}{left[0]:10.2f}{left[1]:10.2f}{left[2]:18.2f}")


if __name__ == "__main__":
    main()
