"""`spsnet convert`: results of one program as results of another."""

from pathlib import Path
from typing import Annotated

import typer

from spsnet.records import UserError

_NAMES = "npz (ours), vibe, wham, gvhmr, phalp, romp or amass"


def convert(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT",
            help="Folder of `spsnet run`, or a file of VIBE, WHAM, GVHMR, PHALP or 4D-Humans, ROMP or AMASS.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="File to write; a folder for npz, and for several people of a format that has one a file.",
        ),
    ],
    to: Annotated[str, typer.Option(help=f"Format to write: {_NAMES}.")] = "npz",
    source: Annotated[
        str | None,
        typer.Option("--from", help="Format of RESULT: the same names.", show_default="told by its content"),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(help="Frames per second of the film, whatever RESULT says.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace results that exist.")] = False,
) -> None:
    """Write results of one program as another one writes them, and say what gets lost.

    Example: spsnet convert out/walk -o walk.pkl --to vibe
    """
    from dataclasses import replace

    from spsnet.interchange import detect_format, find_format, list_losses, read_results, write_results

    for option, name in {"--to": to, "--from": source or to}.items():
        try:
            find_format(name)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint=option) from None
    if fps is not None and not fps > 0:
        raise typer.BadParameter("should be positive", param_hint="--fps")
    read, written = find_format(source or detect_format(result)), find_format(to)
    if read is written and written.name == "spsnet":
        raise UserError(f"{result}: is a result of spsnet already; say with --to which other format to write")
    _require_apart(result, out)
    motions = read_results(result, read.name, vertices="vertices_m" in written.keeps)
    if fps is not None:
        motions = [replace(motion, fps=fps) for motion in motions]
    write_results(motions, out, written.name, overwrite=force)
    people = "1 person" if len(motions) == 1 else f"{len(motions)} people"
    frames = len({int(number) for motion in motions for number in motion.frame_index})
    seen = "1 frame" if frames == 1 else f"{frames} frames"
    typer.echo(f"{out}: {people} in {seen}, from {read.title} to {written.title}")
    for words in list_losses(motions, written, read):
        typer.echo(f"  lost: {words}")
    if "fps" in written.keeps and any(motion.fps is None for motion in motions):
        typer.echo("  unknown: frames per second; --fps says them")


def _require_apart(result: Path, out: Path) -> None:
    """Refuse to write over, or around, what is converted."""
    own, new = result.resolve(), out.resolve()
    if own == new or new in own.parents:
        raise UserError(f"{out}: holds what is to be converted; give another -o")
