"""`spsnet evaluate`: models against the truth of rendered people."""

import json
from pathlib import Path
from typing import Annotated

import typer

from spsnet.records import UserError


def evaluate(
    data: Annotated[
        list[Path],
        typer.Option(
            help="Windows of `spsnet synthesize` whose truth is known; of the first folder the conditions are made, "
            "every further one is a condition by itself."
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Model folder, or NAME=DIR; may be given several times. Default: the one that ships.",
            show_default=False,
        ),
    ] = None,
    linear_map: Annotated[
        Path | None,
        typer.Option(
            help="Also measure the encoders' own 3D landmarks, brought to our joints by a linear map that is fitted "
            "on this folder of training windows.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Also write the tables as JSON.", show_default=False)
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Also write the tables as Markdown.", show_default=False)
    ] = None,
    windows: Annotated[
        int | None, typer.Option(min=1, help="Use the first windows of each folder only.", show_default=False)
    ] = None,
) -> None:
    """Compare models with the truth: as the network says and after refinement, in clean pictures and in hard ones.

    Example: spsnet evaluate --data runs/held_out --linear-map runs/windows --model weights/default
    """
    from spsnet.body import load_body
    from spsnet.evaluation.answers import Contestant, TrainedModel
    from spsnet.evaluation.comparison import Table, compare
    from spsnet.evaluation.linear_map import LinearMap
    from spsnet.evaluation.tables import NOTES, format_markdown, format_text, to_plain
    from spsnet.pipeline.recover import find_default_model

    body = load_body()
    named = [_split_name(text) for text in model or []] or [("default", find_default_model())]
    contestants: list[Contestant] = [TrainedModel(name, folder, body) for name, folder in named]
    if linear_map is not None:
        encoders = dict.fromkeys(contestant.encoder for contestant in contestants)
        contestants = [*(LinearMap.fit(linear_map, encoder, body) for encoder in encoders), *contestants]
    tables: list[Table] = []
    for table in compare(data, contestants, body, window_limit=windows):
        if not tables:
            typer.echo(NOTES)
        typer.echo(f"\n{format_text(table)}")
        tables.append(table)
    if out is not None:
        out.write_text(json.dumps(to_plain(tables), indent=2) + "\n", encoding="utf-8")
    if markdown is not None:
        markdown.write_text(format_markdown(tables), encoding="utf-8")


def _split_name(text: str) -> tuple[str, Path]:
    """NAME=DIR, or a folder that names itself, even one with = in its name."""
    name, equals, folder = text.partition("=")
    if not equals or Path(text).is_dir():
        return text, Path(text)
    if not name or not folder:
        raise UserError(f"--model {text}: should be DIR or NAME=DIR")
    return name, Path(folder)
