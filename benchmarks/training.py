"""Time a training step.

    python benchmarks/training.py [RECIPE ...] [--threads 2] [--steps 8]

Seconds of a whole step of `spsnet.training.loop.train` on ready batches: the network on both shifted segments and on
the occluded one, all losses of the recipe, gradients, Adam, running average, then the discriminator's step. Features
are made beforehand, as they are when windows come from shards. The paper's size (d = 2048, 16 windows of 32 frames) may
take 1.3 times the 1.24 s that were seen possible on two cores. The quickest step is what the machine can do, the median
what it did beside its other work; on a busy machine, time one thread and look at the CPU's seconds.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import torch

from spsnet.body import load_body
from spsnet.body.landmarks import build_landmark_model
from spsnet.datasets.shards import SILHOUETTE_PX
from spsnet.geometry import axis_angle_to_matrix
from spsnet.network.discriminator import Discriminator
from spsnet.network.spsnet import SpsNet
from spsnet.synthesis.batches import SILHOUETTES, SightWindows, TrainingWindows
from spsnet.training.batching import TrainingBatch
from spsnet.training.judging import describe_motion
from spsnet.training.loop import train
from spsnet.training.objective import SpsObjective
from spsnet.training.outlines import OutlineLoss
from spsnet.training.recipe import TrainingRecipe, load_recipe

RECIPES = Path(__file__).parents[1] / "recipes"
PAPER_LIMIT_S = 1.3 * 1.24


def main() -> None:
    """Measure recipes, the paper's also without L_mask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", type=Path, default=[RECIPES / "paper.py", RECIPES / "default.py"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=8, help="Measured, after two that do not count.")
    choices = parser.parse_args()
    torch.set_num_threads(choices.threads)
    recipes = [load_recipe(path, TrainingRecipe) for path in choices.recipes]
    recipes += [leave_out_mask(recipe) for recipe in recipes if recipe.name == "paper"]
    print(f"{'':<24}{'quickest s':>12}{'median s':>12}{'CPU s':>12}")
    for recipe in recipes:
        seconds, cpu = measure(recipe, choices.steps)
        limit = f"   limit {PAPER_LIMIT_S:.2f}" if recipe.name.startswith("paper") else ""
        middle, busy = statistics.median(seconds), statistics.median(cpu)
        print(f"{recipe.name:<24}{min(seconds):>12.3f}{middle:>12.3f}{busy:>12.3f}{limit}", flush=True)


def leave_out_mask(recipe: TrainingRecipe) -> TrainingRecipe:
    """What the limit was measured on had no silhouettes."""
    weights = replace(recipe.objective.weights, mask=0.0)
    return replace(recipe, name="paper without L_mask", objective=replace(recipe.objective, weights=weights))


def measure(recipe: TrainingRecipe, steps: int) -> tuple[list[float], list[float]]:
    """Seconds of each step but the first two, on the clock and of all of the CPU's cores together."""
    body = load_body()
    points = build_landmark_model(body, None)
    objective = SpsObjective(points, recipe.features, recipe.objective, outlines=OutlineLoss(body))
    loop = replace(recipe.loop, steps=10**6, epoch_steps=10**6, report_steps=1, accelerator="cpu")
    made = make_batch(recipe)
    with tempfile.TemporaryDirectory() as folder:
        reports = train(
            SpsNet(recipe.network),
            objective,
            lambda _generator, _count: made,
            loop,
            Path(folder),
            discriminator=Discriminator(scale=recipe.network.attention_scale),
        )
        ends = [(time.perf_counter(), time.process_time()) for _, _ in zip(range(steps + 2), reports, strict=False)]
        reports.close()
    clock, cpu = zip(*ends[1:], strict=True)
    return [b - a for a, b in pairwise(clock)], [b - a for a, b in pairwise(cpu)]


def make_batch(recipe: TrainingRecipe) -> TrainingBatch:
    """People who stand 4 m before the camera and shake, each with an oval for an outline."""
    _, _, filmed = recipe.batch.count_windows(recipe.loop.batch)
    width = recipe.features.vector_width if recipe.features.uses_vector else 0
    windows = make_windows(recipe.loop.batch, recipe.windows.frames, width, filmed=filmed)
    stills = make_windows(recipe.batch.stills, 1, width, filmed=0) if recipe.batch.stills else None
    frames = recipe.network.window
    real = describe_motion(windows.rotations[:, :frames], windows.shape, recipe.objective.discriminator_root)
    return TrainingBatch(windows, stills, real)


def make_windows(batch: int, frames: int, width: int, *, filmed: int) -> TrainingWindows:
    """The first `filmed` of them carry labels in 2D alone."""
    rotations = axis_angle_to_matrix(0.2 * torch.randn(batch, frames, 24, 3))
    rotations[:, :, 0] = torch.diag(torch.tensor([1.0, -1.0, -1.0])) @ rotations[:, :, 0]
    rows = torch.linspace(-1, 1, SILHOUETTE_PX)
    oval = (rows[:, None] / 0.8) ** 2 + (rows / 0.3) ** 2 < 1
    box = torch.tensor([0.0, 0.0, 500.0])
    seen = SightWindows(
        landmarks_px=torch.cat([100 * torch.randn(batch, frames, 33, 2), torch.ones(batch, frames, 33, 1)], -1),
        box_xys_px=box.expand(batch, frames, 3),
        world_m=torch.randn(batch, frames, 33, 3),
        widths_px=torch.full((batch, frames, 12), 30.0),
        feature=torch.randn(batch, frames, width).abs(),
        mask=torch.ones(batch, frames, dtype=torch.bool),
    )
    return TrainingWindows(
        seen=seen,
        occluded=seen,
        rotations=rotations,
        shape=torch.randn(batch, 10),
        translation_m=torch.tensor([0.0, 0.0, 4.0]).expand(batch, frames, 3),
        labelled=torch.arange(batch) >= filmed,
        keypoints_px=torch.zeros(batch, frames, 33, 3),
        silhouette=oval.expand(batch, SILHOUETTES, *oval.shape),
        silhouette_frame=torch.randint(min(frames, 32), (batch, SILHOUETTES)),
        silhouette_box_xys_px=box.expand(batch, SILHOUETTES, 3),
        has_silhouette=(torch.arange(SILHOUETTES) < frames).expand(batch, SILHOUETTES),
    )


if __name__ == "__main__":
    main()
