"""`spsnet run`: films in, people in 3D out."""

import glob
import logging
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from spsnet.assets import DEFAULT_DETECTOR, detector_names, fetch_all
from spsnet.cli.models import show_transfers
from spsnet.records import UserError

_log = logging.getLogger("spsnet")


class Device(StrEnum):
    """Where networks run."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Encoder(StrEnum):
    """Encoders that fit the models."""

    heavy = "heavy"
    full = "full"


def run(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Video file, folder of pictures, picture, glob, camera index or stream address.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("out"),
    model: Annotated[
        Path | None, typer.Option(help="Model folder; the one that ships when not given.", show_default=False)
    ] = None,
    detector: Annotated[str, typer.Option(help=f"Person detector: {', '.join(detector_names())}.")] = DEFAULT_DETECTOR,
    encoder: Annotated[
        Encoder | None,
        typer.Option(help="heavy, or full: faster, less accurate.", show_default="the model's own"),
    ] = None,
    device: Annotated[Device, typer.Option(help="Where networks run; this version runs on the CPU.")] = Device.auto,
    people: Annotated[
        int | None, typer.Option(min=1, help="Keep this many, the most visible.", show_default="all")
    ] = None,
    smooth: Annotated[
        str,
        typer.Option(help="Filter over time: auto, none, or its width in seconds. auto filters only with --no-refine."),
    ] = "auto",
    refine: Annotated[
        bool, typer.Option("--refine/--no-refine", help="Move each body onto its landmarks through the real lens.")
    ] = True,
    focal_px: Annotated[
        float | None,
        typer.Option(help="Focal length in pixels of the film.", show_default="longer side of the picture"),
    ] = None,
    fps: Annotated[float, typer.Option(help="Frames per second of a folder of pictures.")] = 30.0,
    export: Annotated[
        str,
        typer.Option(
            help="Formats beside npz, separated by commas: glb, usd, bvh, obj, ply, c3d, trc, amass; "
            "units and axes: spsnet convert --help."
        ),
    ] = "npz",
    overlay: Annotated[bool, typer.Option("--overlay/--no-overlay", help="Draw overlay.mp4.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace results that exist.")] = False,
) -> None:
    """Find everybody in a film and write body, pose, shape and place for each frame.

    Example: spsnet run walk.mp4 -o out
    """
    # Video, detector and engine take seconds to import: not for --help.
    from spsnet.cli.progress import show_progress
    from spsnet.pipeline.running import hide_password, list_needed_assets, name_result
    from spsnet.pipeline.running import run as run_one
    from spsnet.pipeline.settings import RunSettings
    from spsnet.video import is_stream

    if detector not in detector_names():
        raise typer.BadParameter(f"{detector!r} is none of {', '.join(detector_names())}", param_hint="--detector")
    exports = _parse_exports(export)
    if focal_px is not None and not focal_px > 0:
        raise typer.BadParameter("should be positive", param_hint="--focal-px")
    if not fps > 0:
        raise typer.BadParameter("should be positive", param_hint="--fps")
    if device is Device.cuda:
        raise UserError("--device cuda: this version runs on the CPU only; leave --device out")
    settings = RunSettings(
        model=model,
        detector=detector,
        encoder=encoder,
        people=people,
        focal_px=focal_px,
        refine=refine,
        smooth_s=_parse_smooth(smooth),
        fps=fps,
    )
    sources = expand_inputs(inputs)
    if any(is_stream(source) or Path(source).exists() for source in sources):
        with show_transfers() as report:
            fetch_all(list_needed_assets(settings), report=report)
    names: dict[str, str] = {}
    failures = []
    for source in sources:
        try:
            same = names.setdefault(name_result(source), source)
            if same != source:
                raise UserError(f"{source}: its result would take the place of that of {same}; run it with another -o")
            if is_stream(source):
                typer.echo(f"recording {hide_password(source)}; Ctrl-C ends the recording", err=True)
            with show_progress(Path(source).name or source) as watch:
                folder, summary = run_one(
                    source,
                    out,
                    settings,
                    command=("spsnet", *sys.argv[1:]),
                    overlay=overlay,
                    exports=exports,
                    force=force,
                    watch=watch,
                )
        except (UserError, OSError) as error:
            if len(sources) == 1:
                raise
            failures.append(source)
            _log.debug("traceback", exc_info=True)
            typer.echo(f"spsnet: {error}", err=True)
            continue
        typer.echo(_describe(folder, summary))
    if failures:
        raise UserError(f"{len(failures)} of {len(sources)} inputs could not be done: {', '.join(failures)}")


def expand_inputs(inputs: list[str]) -> list[str]:
    """Globs that the shell left as they are become paths; everything else stays, each once.

    Raises:
        UserError: If a glob fits nothing, naming it.
    """
    sources: list[str] = []
    for pattern in inputs:
        if "://" in pattern or not glob.has_magic(pattern) or Path(pattern).exists():
            sources.append(pattern)
            continue
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (any pattern, absolute or not)
        if not found:
            raise UserError(f"{pattern}: no file fits this pattern")
        sources.extend(found)
    return list(dict.fromkeys(sources))


def _parse_exports(text: str) -> tuple[str, ...]:
    """Formats that are wanted beside our own, each once; refused before the run where one cannot be written."""
    from spsnet.interchange import RUN_FORMATS, find_format, require_format

    names = tuple(dict.fromkeys(word for part in text.split(",") if (word := part.strip()) not in ("", "npz")))
    for name in names:
        if name not in RUN_FORMATS:
            message = f"{name!r} is none of npz, {', '.join(RUN_FORMATS)}; for others run spsnet convert on the result"
            raise typer.BadParameter(message, param_hint="--export")
        require_format(find_format(name))
    return names


def _parse_smooth(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        seconds = 0.0 if text == "none" else float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither auto, none nor seconds", param_hint="--smooth") from None
    if not 0 <= seconds < 10:
        raise typer.BadParameter("should be between 0 and 10 seconds", param_hint="--smooth")
    return seconds


def _describe(folder: Path, summary: dict[str, Any] | None) -> str:
    from spsnet.pipeline.reporting import REPORT_FILE, count_findings
    from spsnet.quality.report_page import describe_findings

    if summary is None:
        return f"{folder}: done before, left as it is; --force does it again"
    people, frames = len(summary["people"]), summary["input"]["frames"]
    found = f"{people} {'person' if people == 1 else 'people'} in {frames} frame{'' if frames == 1 else 's'}"
    lines = [f"{folder}: {found}, {summary['seconds_total']:.1f} s"]
    lines += [f"  warning: {warning}" for warning in summary["warnings"]]
    lines.append(f"  {folder / REPORT_FILE}: {describe_findings(count_findings(folder))}")
    return "\n".join(lines)
