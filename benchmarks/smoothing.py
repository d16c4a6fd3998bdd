"""What `--smooth` costs and brings, and how frames that showed nobody are best filled.

On held-out rendered people: `python benchmarks/smoothing.py runs/held_out weights/default`.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from spsnet.body import build_keypoint_model, load_body
from spsnet.datasets.motion_clips import FPS
from spsnet.datasets.shards import ObservedWindows, load_windows
from spsnet.evaluation.answers import Answer, TrainedModel, place_joints
from spsnet.evaluation.conditions import Bodies, Condition, make_condition
from spsnet.evaluation.errors import measure_errors
from spsnet.evaluation.scores import Scores, reduce_errors
from spsnet.geometry import bridge_rotations, smooth_rotations

WIDTHS_S = (0.0, 0.02, 0.033, 0.05, 0.1, 0.2)
GAPS = (3, 6, 12, 24)
"""Frames in the middle of each window, at 30 a second."""
BODY = load_body()
JOINTS = build_keypoint_model(BODY, ("lsp14",))


def measure(condition: Condition, rotations: np.ndarray, shape: np.ndarray, mask: np.ndarray) -> Scores:
    """Errors of bodies in the frames of `mask`."""
    bodies = Bodies(rotations=rotations, shape=shape)
    answer = Answer(joints_m=place_joints(JOINTS, bodies), bodies=bodies)
    (errors,) = measure_errors(condition, [answer], BODY)
    return reduce_errors(errors, mask)


def smooth(condition: Condition, rotations: np.ndarray, sigma_s: float) -> np.ndarray:
    """As `spsnet run` does, each window by itself."""
    smoothed = rotations.copy()
    for window, span in enumerate(condition.span_mask):
        if span.any():
            time_s = np.arange(span.sum()) / FPS
            smoothed[window, span] = smooth_rotations(rotations[window, span], time_s, sigma_s)
    return smoothed


def hide(windows: ObservedWindows, frames: int) -> ObservedWindows:
    """Nobody seen in the middle of each window."""
    present = windows.seen.present_mask.copy()
    first = (present.shape[1] - frames) // 2
    present[:, first : first + frames] = False
    return replace(windows, seen=replace(windows.seen, present_mask=present))


def bridge(condition: Condition, rotations: np.ndarray) -> np.ndarray:
    """The shortest arc over every frame that showed nobody."""
    bridged = rotations.copy()
    for window, span in enumerate(condition.span_mask):
        if span.any():
            known = ~condition.bridged_mask[window, span]
            bridged[window, span] = bridge_rotations(rotations[window, span], np.arange(span.sum()) / FPS, known)
    return bridged


def print_smoothing(windows: ObservedWindows, model: TrainedModel) -> None:
    """A row for each width, as the network says and refined."""
    condition = make_condition("clean", windows)
    answers = model.answer(condition)
    assert answers is not None
    print("| `--smooth` | MPJPE | PA-MPJPE | accel. | refined: MPJPE | PA-MPJPE | accel. |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for sigma_s in WIDTHS_S:
        cells = []
        for answer in answers:
            assert answer.bodies is not None
            rotations = smooth(condition, answer.bodies.rotations, sigma_s)
            scores = measure(condition, rotations, answer.bodies.shape, condition.scored_mask)
            cells += [scores.mpjpe_mm, scores.pa_mpjpe_mm.value, scores.acceleration_mm_frame2]
        print(f"| {sigma_s:g} s | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")


def print_gaps(windows: ObservedWindows, model: TrainedModel) -> None:
    """A row for each length; only the frames of the gap count."""
    seen = windows.seen.present_mask
    print("\n| gap | frames | seen after all: MPJPE | PA-MPJPE | network and refinement: MPJPE | PA-MPJPE "
          "| shortest arc: MPJPE | PA-MPJPE |")  # fmt: skip
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    whole = make_condition("clean", windows)
    answers = model.answer(whole)
    assert answers is not None
    for frames in GAPS:
        condition = make_condition("gap", hide(windows, frames))
        found = model.answer(condition)
        assert found is not None
        mask = condition.span_mask & condition.bridged_mask & seen
        bodies, known = found[1].bodies, answers[1].bodies
        assert bodies is not None
        assert known is not None
        ways = [
            (known.rotations, known.shape),
            (bodies.rotations, bodies.shape),
            (bridge(condition, bodies.rotations), bodies.shape),
        ]
        scores = [measure(condition, *way, mask) for way in ways]
        cells = [value for one in scores for value in (one.mpjpe_mm, one.pa_mpjpe_mm.value)]
        print(f"| {frames / FPS:.1f} s | {mask.sum()} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("windows", type=Path, help="folder of `spsnet synthesize recipes/held_out.py`")
    parser.add_argument("model", type=Path, help="model folder")
    arguments = parser.parse_args()
    model = TrainedModel("model", arguments.model, BODY)
    windows = load_windows(arguments.windows, model.encoder)
    print_smoothing(windows, model)
    print_gaps(windows, model)


if __name__ == "__main__":
    main()
