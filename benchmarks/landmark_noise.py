"""Compare simulated sights with an encoder's real ones on windows that the simulation has not seen.

    OMP_NUM_THREADS=2 python benchmarks/landmark_noise.py runs/windows
    OMP_NUM_THREADS=2 python benchmarks/landmark_noise.py runs/windows --held-out runs/validation

Every third of the windows is simulated from its truth with the noise of the other two, several times over (with
--held-out, other windows with the noise of all), and measured as the real sights are. A ratio of 1 is right; between
low and high lie nine of ten ratios when the real windows are drawn anew. Lengths of landmarks are in half box sides.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spsnet.body import load_body
from spsnet.body.landmarks import build_landmark_model
from spsnet.crops import compute_network_box
from spsnet.datasets.shards import WindowSet
from spsnet.geometry import apply_similarity, fit_similarity
from spsnet.synthesis.landmark_fit import fit_landmarks
from spsnet.synthesis.noise_bank import NoiseBank
from spsnet.synthesis.noise_fit import SeenBodies, build_noise_bank, gather_seen, measure_noise
from spsnet.synthesis.replay import simulate_sights
from spsnet.synthesis.views import PARTS

NEAR, FAR, DOUBT = 0.05, 0.15, 0.5
FOLDS = 3
RESAMPLES = 40
Figure = tuple[str, Tensor, Tensor, float | None]
"""Name, values and which of them count (windows first), and the quantile that is compared; None is the mean."""


def main() -> None:
    """Print a table for the clean sight and one for the occluded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("windows", type=Path)
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--encoder")
    parser.add_argument("--repeats", type=int, default=6)
    arguments = parser.parse_args()
    body, windows = load_body(), WindowSet(arguments.windows, arguments.encoder)
    fit = fit_landmarks(windows.take(np.arange(len(windows))[:: -(-len(windows) // 400)]), body)
    points = build_landmark_model(body, fit.offset_m, fit.joint)
    other = windows if arguments.held_out is None else WindowSet(arguments.held_out, arguments.encoder)
    folds = range(FOLDS if arguments.held_out is None else 1)
    real: dict[bool, list[SeenBodies]] = {False: [], True: []}
    again: dict[bool, list[SeenBodies]] = {False: [], True: []}
    for fold in folds:
        rest = np.arange(len(windows))
        if arguments.held_out is None:
            rest = rest[rest % FOLDS != fold]
        chunks = np.array_split(rest, -(-len(rest) // 100))
        bank = build_noise_bank((windows.take(chunk) for chunk in chunks), points)
        held_out = other.take(np.arange(fold, len(other), len(folds)))
        for occluded in (False, True) if bank.occluded is not None else (False,):
            real[occluded].append(gather_seen(held_out, points, occluded=occluded))
            again[occluded] += [
                simulate(real[occluded][-1], bank, seed, occluded=occluded) for seed in range(arguments.repeats)
            ]
    for occluded in (False, True):
        if real[occluded]:
            windows_seen = sum(len(part.shape) for part in real[occluded])
            print(f"\n{'occluded' if occluded else 'clean'} sight of {windows_seen} windows")
            print_table(*(list_figures(join(parts[occluded]), bank) for parts in (real, again)))


def simulate(real: SeenBodies, bank: NoiseBank, seed: int, *, occluded: bool) -> SeenBodies:
    """The same bodies, as the bank says they would have been seen."""
    generator = torch.Generator().manual_seed(seed)
    sight = simulate_sights(generator, real.view.points_m, real.shape, bank)[occluded]
    assert sight is not None
    said = (sight.landmarks_px, sight.world_m, sight.widths_px, sight.present_mask)
    return SeenBodies(real.view, real.shape, *map(torch.from_numpy, said))


def join(parts: list[SeenBodies]) -> SeenBodies:
    """One after another."""
    view = type(parts[0].view)(*(torch.cat(tensors) for tensors in zip(*(part.view for part in parts), strict=True)))
    return SeenBodies(view, *(torch.cat(tensors) for tensors in zip(*(part[1:] for part in parts), strict=True)))


def print_table(real: list[Figure], made: list[Figure]) -> None:
    """One line a figure."""
    random = np.random.default_rng(0)
    windows = len(real[0][1])
    draws = [torch.from_numpy(random.integers(windows, size=windows)) for _ in range(RESAMPLES)]
    print(f"{'':<48}{'real':>9}{'simulated':>11}{'ratio':>8}{'low':>8}{'high':>7}")
    for (name, values, mask, quantile), (_, others, other_mask, _) in zip(real, made, strict=True):
        simulated, true = reduce_values(others, other_mask, quantile), reduce_values(values, mask, quantile)
        drawn = [true, *np.quantile([reduce_values(values[d], mask[d], quantile) for d in draws], [0.95, 0.05])]
        ratio, low, high = (f"{simulated / value:.2f}" if value > 0 else "-" for value in drawn)
        print(f"{name:<48}{true:>9.4f}{simulated:>11.4f}{ratio:>8}{low:>8}{high:>7}")


def reduce_values(values: Tensor, mask: Tensor, quantile: float | None) -> float:
    """Mean or quantile of what counts."""
    chosen = values[mask].float().numpy()
    if not len(chosen):
        return 0.0
    return float(chosen.mean() if quantile is None else np.quantile(chosen, quantile))


def list_figures(seen: SeenBodies, bank: NoiseBank) -> list[Figure]:
    """Everything that is compared."""
    noise = measure_noise(seen, bank.world_scale, bank.width_map)
    present, size = noise.present_mask, noise.residual.float().norm(dim=-1)
    landmarks = present[..., None].expand(size.shape)
    figures: list[Figure] = [("frames in which nobody was seen", ~present, torch.ones_like(present), None)]

    def add(name: str, values: Tensor, mask: Tensor, *quantiles: float) -> None:
        figures.extend((f"{name}, {100 * q:g} %", values, mask, q) for q in quantiles)

    add("residual", size, landmarks, 0.1, 0.5, 0.9, 0.97)
    add("frame-to-frame difference", *differ(noise.residual.float(), present), 0.1, 0.5, 0.9, 0.97)
    mean, spread, whole = split_windows(noise.residual.float(), present)
    add("mean over the window", mean, whole, 0.5, 0.9)
    add("deviation from that mean", spread, whole, 0.5, 0.9)
    figures.append(("mistakes: landmarks further off than 0.15", size > FAR, landmarks, None))
    bursts, begun = measure_runs((size > FAR) & landmarks)
    figures.append(("frames that a mistake lasts", bursts, begun, None))
    for name, chosen in (
        ("right", size < NEAR),
        ("in between", (size >= NEAR) & (size <= FAR)),
        ("mistaken", size > FAR),
    ):
        figures.append((f"confidence of {name} landmarks", noise.confidence, chosen & landmarks, None))
    figures.append(("doubted (< 0.5) of mistaken landmarks", noise.confidence < DOUBT, (size > FAR) & landmarks, None))
    figures.append(("mistaken of doubted landmarks", size > FAR, (noise.confidence < DOUBT) & landmarks, None))
    for part, name in enumerate(PARTS):
        swapped = noise.swapped[..., part] & present
        figures.append((f"{name} exchanged, share of frames", swapped, present, None))
        figures.append((f"{name} exchanged, frames in a row", *measure_runs(swapped), None))
    off = (seen.landmarks_px[..., :2] - seen.view.clean_px).norm(dim=-1) / seen.view.half_px[..., None]
    add("distance from the truth, sides as they are", off, landmarks, 0.5, 0.9, 0.97)
    box = (compute_network_box(seen.landmarks_px)[..., 2] / (2 * seen.view.half_px)).log()
    add("log of box side over the true one", box.abs(), present, 0.5, 0.9)
    add("its frame-to-frame difference", *differ(box[..., None, None], present), 0.5, 0.9)
    world = noise.world_residual_m.float()
    add("world residual, m", world.norm(dim=-1), landmarks, 0.1, 0.5, 0.9)
    add("its frame-to-frame difference, m", *differ(world, present), 0.5, 0.9)
    add("PA error of the world landmarks, m", align(seen), present, 0.5, 0.9)
    every_width = present[..., None].expand(noise.width_known.shape)
    figures.append(("widths that are known", noise.width_known, every_width, None))
    add("log of a width over the map's", noise.width_residual.abs(), noise.width_known, 0.5, 0.9)
    add("its frame-to-frame difference", *differ(noise.width_residual.float()[..., None], noise.width_known), 0.5, 0.9)
    return figures


def differ(values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Distance between (windows, time, points, size) of neighbouring frames, and where both are there."""
    both = mask[:, 1:] & mask[:, :-1]
    steps = (values[:, 1:] - values[:, :-1]).norm(dim=-1)
    return steps, both if both.ndim == steps.ndim else both[..., None].expand(steps.shape)


def split_windows(residual: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Size of each landmark's mean over a window, mean distance from it, and which windows have ten frames or all."""
    count = present.sum(1)
    weight = present[..., None, None] / count[:, None, None, None].clamp(min=1)
    mean = (weight * residual).sum(1)
    spread = (weight[..., 0] * (residual - mean[:, None]).norm(dim=-1)).sum(1)
    enough = count >= min(10, present.shape[1])
    return mean.norm(dim=-1), spread, enough[:, None].expand(spread.shape)


def measure_runs(flags: Tensor) -> tuple[Tensor, Tensor]:
    """Length of each run along time, at its first frame, and where those are."""
    length = torch.zeros_like(flags, dtype=torch.float32)
    run = torch.zeros_like(flags[:, 0], dtype=torch.float32)
    for t in reversed(range(flags.shape[1])):
        run = (run + 1) * flags[:, t]
        length[:, t] = run
    begun = flags.clone()
    begun[:, 1:] &= ~flags[:, :-1]
    return length, begun


def align(seen: SeenBodies) -> Tensor:
    """Mean distance of the encoder's own 3D landmarks from the truth after the best similarity, per frame."""
    world, truth = (points.flatten(0, 1).double().numpy() for points in (seen.world_m, seen.view.turned_m))
    aligned = apply_similarity(fit_similarity(world, truth), world)
    return torch.from_numpy(np.linalg.norm(aligned - truth, axis=-1).mean(-1)).reshape(seen.present_mask.shape)


if __name__ == "__main__":
    main()
