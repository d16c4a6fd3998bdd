"""`spsnet synthesize`, `train` and `evaluate`: how the model that ships was made and measured."""

import importlib.util
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from spsnet.records import UserError

Mocap = Annotated[Path, typer.Option(help="Folder of the motion-capture archives.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the result.")]


def synthesize(
    recipe: Annotated[Path, typer.Argument(help="A recipe file, such as recipes/frames.py.")],
    out: Out,
    mocap: Mocap = Path("../shared/data/mocap"),
    frames: Annotated[
        Path | None,
        typer.Option(help="Rendered windows whose landmark noise simulated ones get.", show_default=False),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Also write a contact sheet of what was seen (PNG).", show_default=False)
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that draw side by side, one thread each.")] = 1,
) -> None:
    """Make people in motion and what the encoder sees of them; goes on where it was cut off.

    Example: spsnet synthesize recipes/windows.py -o runs/windows --workers 2
    """
    _require_torch()
    from spsnet.cli.progress import show_progress
    from spsnet.synthesis.contact_sheet import ContactSheet
    from spsnet.training.recipe import SynthesisRecipe, load_recipe
    from spsnet.training.runs import synthesize as synthesize_recipe

    if sheet is not None and workers > 1:
        raise UserError("a contact sheet is drawn by one worker: leave out --workers or --sheet")
    loaded = load_recipe(recipe, SynthesisRecipe)
    pictures = ContactSheet()
    show = None if sheet is None else pictures.add
    done = synthesize_recipe(loaded, mocap, out, fit=frames, workers=workers, show=show)
    with show_progress(loaded.name) as watch:
        for _ in watch(done, "windows", loaded.frames.windows):
            pass
    if sheet is not None:
        pictures.save(sheet)
    typer.echo(f"{out}: {loaded.frames.windows} windows of {loaded.frames.frames} frames")


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe file, such as recipes/default.py.")],
    out: Out,
    frames: Annotated[Path, typer.Option(help="Rendered training windows of `spsnet synthesize`.")],
    mocap: Mocap = Path("../shared/data/mocap"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
) -> None:
    """Train a network; the model is in OUT/model at the end.

    Example: spsnet train recipes/default.py -o runs/default --frames runs/frames
    """
    _require_torch()
    from spsnet.cli.progress import show_progress
    from spsnet.training.recipe import TrainingRecipe, load_recipe
    from spsnet.training.runs import train_recipe

    loaded = load_recipe(recipe, TrainingRecipe)
    reports = train_recipe(loaded, mocap, frames, out, resume=resume)
    with show_progress(f"{loaded.name} {loaded.version}") as watch:
        total = -(-loaded.loop.steps // loaded.loop.report_steps)
        for report in watch(reports, "training", total):
            terms = "  ".join(f"{name} {value:.4g}" for name, value in report.terms.items())
            left = f"{report.seconds_left / 60:.0f} min left"
            typer.echo(f"step {report.step}/{report.steps}  loss {report.loss:.4f}  {terms}  {left}")
    typer.echo(f"model: {out / 'model'}")


def evaluate(
    data: Annotated[Path, typer.Option(help="Windows of `spsnet synthesize` whose truth is known.")],
    model: Annotated[
        list[Path] | None, typer.Option(help="Model folder; may be given several times.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Also write the table as JSON.", show_default=False)
    ] = None,
) -> None:
    """Compare models with the truth, as the network says and after refinement.

    Example: spsnet evaluate --data runs/held_out --model weights/default --model runs/frame_only/model
    """
    from spsnet.datasets.shards import load_windows
    from spsnet.evaluation.windows import evaluate_model
    from spsnet.pipeline.recover import find_default_model

    windows = load_windows(data)
    frames = int(windows.seen.present_mask.sum())
    typer.echo(
        f"{data}: {len(windows)} windows, {frames} of {windows.seen.present_mask.size} frames with a person seen"
    )
    typer.echo("14 LSP joints, root between the hips, mm; acceleration in mm/frame² at 30 frames a second")
    folders = model or [find_default_model()]
    width = max(len(f"{folder} + refinement") for folder in folders)
    average = float((windows.shape**2).mean())
    typer.echo(f"shape: mean squared error of β; always guessing the average adult gives {average:.2f}")
    typer.echo(f"{'model':<{width}}{'MPJPE':>8}{'PA-MPJPE':>10}{'accel':>8}{'shape':>8}")
    rows = []
    for folder in folders:
        for refine in (False, True):
            scores = evaluate_model(windows, folder, refine=refine)
            name = f"{folder}{' + refinement' if refine else ''}"
            joints = f"{scores.mpjpe_mm:>8.1f}{scores.pa_mpjpe_mm:>10.1f}{scores.acceleration_mm_frame2:>8.1f}"
            typer.echo(f"{name:<{width}}{joints}{scores.shape_error:>8.2f}")
            rows.append({"model": str(folder), "refined": refine, **asdict(scores)})
    if out is not None:
        out.write_text(json.dumps({"data": str(data), "rows": rows}, indent=2) + "\n", encoding="utf-8")


def _require_torch() -> None:
    if importlib.util.find_spec("torch") is None:
        raise UserError("this command needs PyTorch: pip install 'spsnet[train]'")
