"""`spsnet synthesize`: the people that models learn from."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from spsnet.cli.options import MOCAP, Mocap, Out, require_torch
from spsnet.records import UserError


def synthesize(
    recipe: Annotated[Path, typer.Argument(help="A recipe file, such as recipes/frames.py.")],
    out: Out,
    mocap: Mocap = MOCAP,
    frames: Annotated[
        Path | None,
        typer.Option(help="Rendered windows whose landmark noise simulated ones get.", show_default=False),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Also write a contact sheet of what was seen (PNG).", show_default=False)
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(help="Of the recipe's encoders, one that looks; may be repeated.", show_default="all of them"),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that draw side by side, one thread each.")] = 1,
) -> None:
    """Make people in motion and what the encoder sees of them; goes on where it was cut off.

    Example: spsnet synthesize recipes/windows.py -o runs/windows --workers 2
    """
    require_torch()
    from spsnet.cli.progress import show_progress
    from spsnet.synthesis.contact_sheet import ContactSheet
    from spsnet.training.recipe import SynthesisRecipe, load_recipe
    from spsnet.training.runs import synthesize as synthesize_recipe

    if sheet is not None and workers > 1:
        raise UserError("a contact sheet is drawn by one worker: leave out --workers or --sheet")
    loaded = load_recipe(recipe, SynthesisRecipe)
    if encoder:
        unknown = sorted(set(encoder) - set(loaded.encoders))
        if unknown:
            raise UserError(f"{recipe} has no encoder {unknown[0]!r}, it has {', '.join(loaded.encoders)}")
        loaded = replace(loaded, encoders=tuple(name for name in loaded.encoders if name in encoder))
    pictures = ContactSheet()
    show = None if sheet is None else pictures.add
    done = synthesize_recipe(loaded, mocap, out, fit=frames, workers=workers, show=show)
    with show_progress(loaded.name) as watch:
        for _ in watch(done, "windows", loaded.frames.windows):
            pass
    if sheet is not None:
        pictures.save(sheet)
    typer.echo(f"{out}: {loaded.frames.windows} windows of {loaded.frames.frames} frames")
