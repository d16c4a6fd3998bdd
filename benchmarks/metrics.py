"""Time all per-frame metrics over a test set as large as 3DPW's: `python benchmarks/metrics.py`.

35,515 frames of 14 joints in 37 sequences, made up, every joint labelled. Of each metric: the error of every joint in
every frame; its means over everything, by joint, by frame and by sequence; and its 95 % intervals, of the whole and of
each joint. PCK and AUC start from the errors of MPJPE; which sequences are drawn is drawn once for all (4 ms, not
counted). The sum should stay under 0.3 s. Each number is the least of several runs, since other work on the machine
only ever adds: CPU milliseconds of the process, all threads together, and milliseconds on the clock. On a busy machine
the clock says little; look at the CPU.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.metrics import (
    average,
    average_by_frame,
    average_by_joint,
    average_by_sequence,
    compute_acceleration_error,
    compute_auc,
    compute_mpjpe,
    compute_pa_mpjpe,
    compute_pck,
    estimate_by_joint,
    estimate_mean,
    mask_accelerations,
)

FRAMES, JOINTS, SEQUENCES = 35_515, 14, 37
HIPS = (2, 3)
LIMIT_S = 0.3


class Milliseconds(NamedTuple):
    """The least of several runs."""

    cpu: float
    clock: float


class Motions(NamedTuple):
    """All sequences, one after the other."""

    predicted_m: Float[np.ndarray, "frames joints 3"]
    target_m: Float[np.ndarray, "frames joints 3"]
    valid_mask: Bool[np.ndarray, "frames joints"]
    sequence: Int[np.ndarray, " frames"]


def main() -> None:
    """Print a row for each metric, and the sum."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    made = make_motions()
    error = compute_mpjpe(made.predicted_m, made.target_m, root=HIPS)
    inner = mask_accelerations(made.valid_mask, sequence=made.sequence)
    metrics: dict[str, tuple[Callable[[], np.ndarray], np.ndarray, np.ndarray]] = {
        "MPJPE": (
            lambda: compute_mpjpe(made.predicted_m, made.target_m, root=HIPS), made.valid_mask, made.sequence
        ),
        "PA-MPJPE": (
            lambda: compute_pa_mpjpe(made.predicted_m, made.target_m, valid_mask=made.valid_mask),
            made.valid_mask, made.sequence,
        ),
        "PCK": (lambda: compute_pck(error), made.valid_mask, made.sequence),
        "AUC": (lambda: compute_auc(error), made.valid_mask, made.sequence),
        "acceleration": (
            lambda: compute_acceleration_error(made.predicted_m, made.target_m), inner, made.sequence[1:-1]
        ),
    }  # fmt: skip
    rows = {name: measure_metric(*parts, repeats) for name, parts in metrics.items()}
    print(f"{FRAMES:,} frames of {JOINTS} joints, least of {repeats} runs; ms of CPU (on the clock)")
    print(f"{'':<14}" + "".join(f"{part:>18}" for part in ("errors", "means", "intervals", "sum")))
    total = [add(column) for column in zip(*rows.values(), strict=True)]
    for name, row in {**rows, "sum": total}.items():
        print(f"{name:<14}" + "".join(f"{f'{part.cpu:.1f} ({part.clock:.1f})':>18}" for part in (*row, add(row))))
    print(f"limit {LIMIT_S * 1e3:.0f} ms")


def make_motions() -> Motions:
    """Predictions 5 cm off in every coordinate, in single precision as networks give them; sequences unlike long."""
    rng = np.random.default_rng(0)
    target = rng.normal(0, 0.3, (FRAMES, JOINTS, 3)) + np.array((0, 0, 4.0))
    ends = np.sort(rng.choice(np.arange(1, FRAMES), SEQUENCES - 1, replace=False))
    return Motions(
        predicted_m=(target + rng.normal(0, 0.05, target.shape)).astype(np.float32),
        target_m=target.astype(np.float32),
        valid_mask=np.ones((FRAMES, JOINTS), bool),
        sequence=np.searchsorted(ends, np.arange(FRAMES), side="right"),
    )


def measure_metric(
    compute: Callable[[], np.ndarray], mask: np.ndarray, sequence: np.ndarray, repeats: int
) -> tuple[Milliseconds, Milliseconds, Milliseconds]:
    """Of the errors, their means, and the means' intervals."""
    error = compute()

    def reduce() -> None:
        average(error, mask)
        average_by_joint(error, mask)
        average_by_frame(error, mask)
        average_by_sequence(error, sequence, mask)

    def estimate() -> None:
        estimate_mean(error, mask, sequence=sequence)
        estimate_by_joint(error, mask, sequence=sequence)

    return measure(compute, repeats), measure(reduce, repeats), measure(estimate, repeats)


def measure(work: Callable[[], object], repeats: int) -> Milliseconds:
    """After one run that does not count."""
    work()
    cpu, clock = [], []
    for _ in range(repeats):
        busy, start = time.process_time(), time.perf_counter()
        work()
        cpu.append(time.process_time() - busy)
        clock.append(time.perf_counter() - start)
    return Milliseconds(min(cpu) * 1e3, min(clock) * 1e3)


def add(parts: Sequence[Milliseconds]) -> Milliseconds:
    """Both sums."""
    return Milliseconds(sum(part.cpu for part in parts), sum(part.clock for part in parts))


if __name__ == "__main__":
    main()
