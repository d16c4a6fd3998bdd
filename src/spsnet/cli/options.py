"""What the commands that make windows and models have in common."""

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from spsnet.records import UserError

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the result.")]
Mocap = Annotated[Path, typer.Option(help="Folder of the motion-capture archives.")]
Windows = Annotated[Path, typer.Option(help="Rendered training windows of `spsnet synthesize`.")]
Stills = Annotated[
    Path | None, typer.Option(help="Rendered single frames, where the recipe wants some.", show_default=False)
]
Films = Annotated[
    Path | None,
    typer.Option(help="Windows of `spsnet prepare`, where the recipe wants some.", show_default=False),
]
Validation = Annotated[
    Path | None, typer.Option(help="Rendered windows that tell which epoch was best.", show_default=False)
]
MOCAP = Path("../shared/data/mocap")


def require_torch() -> None:
    """Say how to install it where it is missing."""
    if importlib.util.find_spec("torch") is None:
        raise UserError("this command needs PyTorch: pip install 'spsnet[train]'")
