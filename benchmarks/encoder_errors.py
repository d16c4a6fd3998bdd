"""How far models are off, by how far the encoder's own 2D landmarks are: what can be lifted, and what nobody could.

python benchmarks/encoder_errors.py runs/held_out --linear-map runs/windows weights/default runs/frame_only/model
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np

from spsnet.body import build_keypoint_model, compute_keypoints, load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.crops import compute_network_box
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows, load_windows
from spsnet.evaluation.answers import TrainedModel, place_joints
from spsnet.evaluation.conditions import make_condition
from spsnet.evaluation.linear_map import LinearMap
from spsnet.geometry import project_points
from spsnet.metrics import compute_pa_mpjpe

EDGES = (0.0, 0.05, 0.08, 0.12, 0.2, 0.4, np.inf)
FIRST_BODY_LANDMARK = 11
BODY = load_body()


def measure_landmarks(windows: ObservedWindows, offsets: LandmarkOffsets) -> np.ndarray:
    """Mean distance of a frame's body landmarks from the truth, in half sides of the true network box."""
    count, frames = windows.translation_m.shape[:2]
    points = compute_keypoints(
        offsets.build_model(BODY),
        windows.rotations.reshape(-1, 24, 3, 3).astype(np.float64),
        np.repeat(windows.shape, frames, axis=0).astype(np.float64),
        windows.translation_m.reshape(-1, 3).astype(np.float64),
    )[:, -33:]
    true_px = project_points(points, FOCAL_PX, np.zeros(2)).reshape(count, frames, 33, 2)
    half_px = compute_network_box(true_px)[..., 2] / 2
    off_px = np.linalg.norm(windows.seen.landmarks_px[..., :2] - true_px, axis=-1)
    return off_px[..., FIRST_BODY_LANDMARK:].mean(-1) / half_px


def main() -> None:
    """Print PA-MPJPE of each model, in millimetres, by the size of the encoder's errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("windows", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--linear-map", type=Path, required=True)
    arguments = parser.parse_args()
    models = [TrainedModel(str(path), path, BODY) for path in arguments.models]
    windows = load_windows(arguments.windows, models[0].encoder)
    condition = make_condition("clean", windows)
    contestants = [LinearMap.fit(arguments.linear_map, models[0].encoder, BODY), *models]
    target = place_joints(build_keypoint_model(BODY, ("lsp14",)), condition.truth)
    off, scored = measure_landmarks(windows, LandmarkOffsets.load(arguments.linear_map)), condition.scored_mask
    rows = {}
    for contestant in contestants:
        answers = contestant.answer(condition)
        assert answers is not None
        for name, answer in zip(contestant.rows, answers, strict=True):
            rows[name] = compute_pa_mpjpe(answer.joints_m, target).mean(-1)
    spans = list(pairwise(EDGES))
    bins = [scored & (off >= low) & (off < high) for low, high in spans]
    print("| landmarks off by, half boxes | " + " | ".join(f"{low:g} to {high:g}" for low, high in spans) + " |")
    print("| --- |" + " ---: |" * len(bins))
    print("| share of frames | " + " | ".join(f"{mask.sum() / scored.sum():.2f}" for mask in bins) + " |")
    for name, error in rows.items():
        print(f"| {name} | " + " | ".join(f"{error[mask].mean():.0f}" for mask in bins) + " |")


if __name__ == "__main__":
    main()
