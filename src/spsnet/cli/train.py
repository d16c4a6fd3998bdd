"""`spsnet train`: from synthetic windows and films to a model."""

from pathlib import Path
from typing import Annotated

import typer

from spsnet.cli.options import MOCAP, Films, Mocap, Out, Stills, Validation, Windows, require_torch


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe file, such as recipes/default.py.")],
    out: Out,
    windows: Windows,
    stills: Stills = None,
    films: Films = None,
    validation: Validation = None,
    mocap: Mocap = MOCAP,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
) -> None:
    """Train a network; the model is in OUT/model at the end, curves in OUT/curves.png and OUT/tensorboard.

    Several processes share the work under `torchrun --nproc-per-node 2 -m spsnet.cli.main train ...`.

    Example: spsnet train recipes/default.py -o runs/default --windows runs/windows --stills runs/frames
    --validation runs/validation
    """
    require_torch()
    from spsnet.cli.progress import show_progress
    from spsnet.training.curves import CURVES_FILE, draw_curves
    from spsnet.training.model_runs import train_recipe
    from spsnet.training.processes import is_first_process
    from spsnet.training.recipe import TrainingRecipe, load_recipe
    from spsnet.training.sources import TrainingSources

    loaded = load_recipe(recipe, TrainingRecipe)
    sources = TrainingSources(mocap=mocap, windows=windows, stills=stills, films=films, validation=validation)
    reports = train_recipe(loaded, sources, out, resume=resume)
    with show_progress(f"{loaded.name} {loaded.version}") as watch:
        total = -(-loaded.loop.steps // loaded.loop.report_steps)
        for report in watch(reports, "training", total):
            shown = {**report.terms, **report.validation}
            terms = "  ".join(f"{name} {value:.4g}" for name, value in shown.items())
            left = f"{report.seconds_left / 60:.0f} min left"
            typer.echo(f"step {report.step}/{report.steps}  loss {report.loss:.4f}  {terms}  {left}")
    if is_first_process():
        draw_curves({loaded.name: out}, out / CURVES_FILE)
        typer.echo(f"model: {out / 'model'}")
