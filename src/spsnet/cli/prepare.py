"""`spsnet prepare`: the files of a data set to windows that `spsnet train` reads."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spsnet.assets import DEFAULT_DETECTOR, default_models, fetch_all, list_assets
from spsnet.cli.models import show_transfers
from spsnet.cli.run import expand_inputs


class Dataset(StrEnum):
    """What can be prepared."""

    films = "films"


def prepare(
    dataset: Annotated[Dataset, typer.Argument(help="films: any films of people, of whom nothing else is known.")],
    raw: Annotated[
        list[str],
        typer.Argument(
            metavar="RAW...",
            help="The data set's own files: for films, video files or names of `spsnet models list`.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the windows.")],
    sheet: Annotated[Path | None, typer.Option(help="Also draw some of the windows (PNG).", show_default=False)] = None,
) -> None:
    """Make training windows of a data set's files; goes on where it was cut off.

    Example: spsnet prepare films walk.mp4 footage-vtest -o runs/films
    """
    {Dataset.films: _prepare_films}[dataset](raw, out)
    if sheet is not None:
        from spsnet.datasets.shards import WindowSet
        from spsnet.datasets.sheet import save_sheet

        save_sheet(WindowSet(out), sheet)


def _prepare_films(raw: list[str], out: Path) -> None:
    from spsnet.cli.progress import show_progress
    from spsnet.pipeline.preparing import prepare_films

    ours = {asset.name for asset in list_assets("footage")}
    sources = expand_inputs(raw)
    with show_transfers() as report:
        fetched = fetch_all([source for source in sources if source in ours], report=report)
        fetch_all(default_models(DEFAULT_DETECTOR), report=report)
    ready = iter(fetched)
    films = [next(ready) if source in ours else Path(source) for source in sources]
    with show_progress("films") as watch:
        for film in prepare_films(films, out, watch=watch):
            people = f"{film.people} {'person' if film.people == 1 else 'people'}"
            typer.echo(
                f"{film.name}: {people}, {film.windows} windows, "
                f"seen in {film.seen_frames} of their frames, {film.silhouettes} with a mask"
            )
