"""`spsnet ablate`: does each part of the method help?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from spsnet.cli.options import MOCAP, Films, Mocap, Out, Stills, Validation, Windows, require_torch


def ablate(
    recipe: Annotated[Path, typer.Argument(help="An ablation's recipe file, such as recipes/ablation.py.")],
    out: Out,
    windows: Windows,
    data: Annotated[
        list[Path], typer.Option(help="Held-out rendered windows to measure on; may be given several times.")
    ],
    stills: Stills = None,
    films: Films = None,
    validation: Validation = None,
    mocap: Mocap = MOCAP,
    workers: Annotated[int, typer.Option(min=1, help="Processes that train side by side, one thread each.")] = 1,
) -> None:
    """Train a recipe and what is left of it without each of its parts, with several seeds, and compare them.

    Goes on where it was cut off. Each model is in OUT/VARIANT/SEED/model, the tables in OUT/table.md and
    OUT/table.json; they are written anew whenever a model is done.

    Example: spsnet ablate recipes/ablation.py -o runs/ablation --windows runs/windows --stills runs/frames
    --data runs/held_out --workers 2
    """
    require_torch()
    from spsnet.training.ablation import TrialResult, load_results, run_ablation
    from spsnet.training.comparison import NOTES, format_markdown, format_text, make_tables, to_plain
    from spsnet.training.diagnosis import format_diagnosis
    from spsnet.training.recipe import AblationRecipe, load_recipe
    from spsnet.training.sources import TrainingSources

    loaded = load_recipe(recipe, AblationRecipe)
    sources = TrainingSources(mocap=mocap, windows=windows, stills=stills, films=films, validation=validation)
    for report in run_ablation(loaded, sources, data, out, workers=workers):
        said = report.said
        words = [f"{report.done}/{report.trials}  {report.trial.variant}, seed {report.trial.seed}: "]
        if isinstance(said, TrialResult):
            shown = {name: scores["pa_mpjpe_mm"] for name, scores in said.scores.items()}
            words.append(said.failure or "  ".join(f"PA-MPJPE {value:.1f} on {name}" for name, value in shown.items()))
            if said.diagnosis is not None:
                words.append(f"  ({format_diagnosis(said.diagnosis)})")
            tables = make_tables(loaded, load_results(out))
            (out / "table.json").write_text(json.dumps(to_plain(tables), indent=2) + "\n", encoding="utf-8")
            (out / "table.md").write_text(format_markdown(tables), encoding="utf-8")
        else:
            words.append(f"step {said.step}/{said.steps}  loss {said.loss:.4f}")
        if report.seconds_left is not None:
            words.append(f"  {report.seconds_left / 60:.0f} min left")
        typer.echo("".join(words))
    typer.echo(NOTES)
    for table in make_tables(loaded, load_results(out)):
        typer.echo(f"\n{format_text(table)}")
    typer.echo(f"\ntables: {out / 'table.md'}, {out / 'table.json'}")
