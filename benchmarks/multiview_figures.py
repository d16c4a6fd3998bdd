"""What `multiview.py` measures of one person in one film, and how it is printed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from spsnet.metrics import compute_acceleration_error, compute_mpjpe, compute_pa_mpjpe

SHOULDERS, HIPS = (0, 1), (6, 7)
BONES = [(i, i + 2) for i in (0, 1, 2, 3, 6, 7, 8, 9)]
"""Of left and right shoulder, elbow, wrist, hip, knee, ankle."""
HEADINGS = ("PA", "MPJPE", "accel", "lean", "its size", "relief", "limbs %", "trunk %", "depth %")
FORMATS = (".1f", ".1f", ".1f", "+.1f", ".1f", ".2f", "+.1f", "+.1f", "+.1f")


class Figures(NamedTuple):
    """What is printed of one film, a mean over its frames; NaN where it cannot be said."""

    pa_mm: float
    mpjpe_mm: float
    accel_mm: float
    lean_deg: float
    lean_size_deg: float
    relief: float
    limbs_percent: float
    trunk_percent: float
    depth_percent: float


def measure(
    points_m: Float[np.ndarray, "time 12 3"], target_m: Float[np.ndarray, "time 12 3"], placed: bool
) -> Figures:
    """All figures of one film; not `placed`: points about the hips, of which no depth can be told."""
    known = np.isfinite(points_m).all(-1) & np.isfinite(target_m).all(-1)
    lean = measure_lean(points_m, target_m) - measure_lean(target_m, target_m)
    pairs = [(size(points_m), size(target_m)) for size in (add_limbs, measure_trunk, measure_depth)]
    limbs, trunk, depth = (100 * float(np.nanmean(ours / true) - 1) for ours, true in pairs)
    return Figures(
        pa_mm=float(np.nanmean(compute_pa_mpjpe(points_m, target_m, valid_mask=known))),
        mpjpe_mm=float(np.nanmean(compute_mpjpe(points_m, target_m, root=HIPS))),
        accel_mm=float(np.nanmean(compute_acceleration_error(points_m, target_m))),
        lean_deg=float(np.nanmean(lean)),
        lean_size_deg=float(np.nanmean(np.abs(lean))),
        relief=measure_relief(points_m, target_m),
        limbs_percent=limbs,
        trunk_percent=trunk,
        depth_percent=depth if placed else float("nan"),
    )


def measure_lean(
    points_m: Float[np.ndarray, "time 12 3"], target_m: Float[np.ndarray, "time 12 3"]
) -> Float[np.ndarray, " time"]:
    """Degrees by which the trunk leans towards the camera, against the line of sight to the true hips.

    Convention:
        0 across the line of sight, 90 with the head straight towards the camera.
    """
    sight = target_m[:, HIPS].mean(1)
    trunk = points_m[:, SHOULDERS].mean(1) - points_m[:, HIPS].mean(1)
    along = (trunk * sight).sum(-1) / (np.linalg.norm(trunk, axis=-1) * np.linalg.norm(sight, axis=-1))
    return np.asarray(np.degrees(np.arcsin(np.clip(-along, -1, 1))))


def measure_relief(points_m: Float[np.ndarray, "time 12 3"], target_m: Float[np.ndarray, "time 12 3"]) -> float:
    """Slope of estimated over true depths about the hips, along the line of sight to the true hips."""
    sight = target_m[:, HIPS].mean(1, keepdims=True)
    sight = sight / np.linalg.norm(sight, axis=-1, keepdims=True)
    ours, true = (
        ((joints - joints[:, HIPS].mean(1, keepdims=True)) * sight).sum(-1) for joints in (points_m, target_m)
    )
    known = np.isfinite(ours) & np.isfinite(true)
    spread = float((true[known] ** 2).sum())
    return float((ours[known] * true[known]).sum()) / spread if spread > 0 else float("nan")


def add_limbs(points_m: Float[np.ndarray, "time 12 3"]) -> Float[np.ndarray, " time"]:
    """Metres of arms and legs together."""
    return np.asarray(sum(np.linalg.norm(points_m[:, a] - points_m[:, b], axis=-1) for a, b in BONES))


def measure_trunk(points_m: Float[np.ndarray, "time 12 3"]) -> Float[np.ndarray, " time"]:
    """Metres from the hips' to the shoulders' middle."""
    return np.asarray(np.linalg.norm(points_m[:, SHOULDERS].mean(1) - points_m[:, HIPS].mean(1), axis=-1))


def measure_depth(points_m: Float[np.ndarray, "time 12 3"]) -> Float[np.ndarray, " time"]:
    """Metres of the hips' middle before the camera."""
    return np.asarray(points_m[:, HIPS, 2].mean(1))


def print_table(rows: Mapping[tuple[str, str], Sequence[Figures]], cameras: Sequence[str]) -> None:
    """Markdown: a row for the mean over cameras of each model and way, and one for each camera."""
    print("\n| model | lifted | camera | " + " | ".join(HEADINGS) + " |")
    print("| --- | --- | --- |" + " ---: |" * len(HEADINGS))
    for (model, way), figures in rows.items():
        mean = Figures(*np.mean(figures, axis=0).tolist())
        for camera, values in zip(("**mean**", *cameras), (mean, *figures), strict=True):
            cells = (f"{value:{form}}" for value, form in zip(values, FORMATS, strict=True))
            print(
                f"| {model} | {way} | {camera} | " + " | ".join(cells).replace("+nan", "-").replace("nan", "-") + " |"
            )
