"""`spsnet convert`: results of one program as results of another, or as animations and meshes."""

from pathlib import Path
from typing import Annotated

import typer

from spsnet.records import UserError

_READ = "npz (ours; also called spsnet), vibe, wham, gvhmr, phalp, romp or amass"
_EXPORTS = "glb, usd, bvh, obj, ply, c3d, trc"


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
            help="File to write; a folder for npz, and, named without a suffix, for a file a person.",
        ),
    ],
    to: Annotated[str, typer.Option(help=f"Format to write: {_READ}; or {_EXPORTS}.")] = "npz",
    source: Annotated[
        str | None,
        typer.Option("--from", help=f"Format of RESULT: {_READ}.", show_default="told by its content"),
    ] = None,
    body: Annotated[
        Path | None,
        typer.Option(help="SMPL's body (.npz, .pkl), to draw results of other programs.", show_default=False),
    ] = None,
    frame: Annotated[
        int | None,
        typer.Option(min=0, help="Frame that obj and ply show.", show_default="the middle of those with most people"),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(help="Frames per second of the film, whatever RESULT says.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace results that exist.")] = False,
) -> None:
    """Write results of one program as another one writes them, and say what gets lost.

    glb, usd, obj and ply hold metres, bvh centimetres, c3d and trc millimetres;
    in all of them y is up, and the camera stands in the origin and looks along -z.

    glb, usd and trc keep the frames' own times. bvh and c3d have frames of one
    length, the film's average, and are interpolated.

    glb and usd hold everybody and the camera in one file; where -o has no suffix,
    a folder gets scene.glb and a file a person. usd and c3d need an extra.

    Example: spsnet convert out/walk -o walk.glb --to glb
    """
    from dataclasses import replace

    from spsnet.interchange import detect_format, find_format, list_losses, read_results, write_results

    for option, name in {"--to": to, "--from": source or "npz"}.items():
        try:
            find_format(name, reading=option == "--from")
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint=option) from None
    if fps is not None and not fps > 0:
        raise typer.BadParameter("should be positive", param_hint="--fps")
    if frame is not None and not find_format(to).one_frame:
        raise typer.BadParameter(f"{to} holds every frame; obj and ply show one", param_hint="--frame")
    read, written = find_format(source or detect_format(result)), find_format(to)
    if read is written and written.name == "spsnet":
        raise UserError(f"{result}: is a result of spsnet already; say with --to which other format to write")
    _require_apart(result, out)
    motions = read_results(result, read.name, vertices="vertices_m" in written.keeps)
    if fps is not None:
        motions = [replace(motion, fps=fps, time_s=None) for motion in motions]
    write_results(motions, out, written.name, overwrite=force, body=body, frame=frame)
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
