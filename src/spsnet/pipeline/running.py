"""One run from input to folder: what `spsnet run` does for each of its inputs."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from spsnet.assets import default_models, fetch
from spsnet.body import load_body
from spsnet.network.config import ModelConfig
from spsnet.network.exported import GRAPH_FILE
from spsnet.pipeline.drawing import draw_overlay, draw_sheet
from spsnet.pipeline.exporting import save_exports
from spsnet.pipeline.recover import find_default_model, recover
from spsnet.pipeline.reporting import report_recovery, save_report
from spsnet.pipeline.results import (
    OVERLAY_FILE,
    RunFacts,
    load_summary,
    save_people,
    save_summary,
    write_whole,
)
from spsnet.pipeline.settings import RunSettings, Stopwatch, Watch, watch_nothing
from spsnet.quality.contact_sheet import ContactSheet
from spsnet.records import UserError
from spsnet.video import compute_sha256, is_stream, open_film, record_stream


def run(
    source: str,
    out: Path,
    settings: RunSettings,
    *,
    command: tuple[str, ...] = (),
    overlay: bool = True,
    exports: tuple[str, ...] = (),
    force: bool = False,
    watch: Watch = watch_nothing,
) -> tuple[Path, dict[str, Any] | None]:
    """Recover the people of one input and write everything to `out/NAME/`.

    Args:
        source: Video, folder of pictures, picture, camera index or stream address.
        out: Folder that gets one folder for each input.
        settings: Choices of the recovery.
        command: For the summary.
        overlay: Whether to draw `overlay.mp4`.
        exports: Formats of other programs to write beside our own, names of `interchange.RUN_FORMATS`.
        force: Replace a folder that exists.
        watch: Shows progress.

    Returns:
        The folder, and its summary; None where it existed and was left alone.

    Raises:
        UserError: If anything is wrong with input, model or disk; nothing is left behind then.
    """
    folder = out / name_result(source)
    if folder.exists():
        earlier = _load_earlier(folder)
        if not force:
            _require_same_input(folder, earlier, source)
            return folder, None
    started, start_s = datetime.now(UTC).isoformat(timespec="seconds"), perf_counter()
    with write_whole(folder) as part:
        path = _record(source, part) if is_stream(source) else Path(source)
        recovery = recover(path, settings, watch=watch)
        save_people(part, recovery)
        stopwatch = Stopwatch(dict(recovery.seconds))
        with stopwatch.time("export"):
            save_exports(part, recovery, exports)
        film = open_film(path, fps=settings.fps)
        with stopwatch.time("report"):
            report = report_recovery(recovery, Path(hide_password(source)).name)
            sheet = ContactSheet(recovery.people, report.findings)
        if overlay:
            draw_overlay(
                film, recovery, load_body(), part / OVERLAY_FILE, sheet=sheet, stopwatch=stopwatch, watch=watch
            )
        with stopwatch.time("report"):
            if not overlay:
                draw_sheet(film, recovery.people, recovery.camera, load_body(), sheet)
            save_report(part, report, sheet)
        facts = RunFacts(
            command=tuple(hide_password(word) for word in command),
            source=hide_password(source),
            sha256=compute_sha256(path),
            size_bytes=path.stat().st_size if path.is_file() else 0,
            parts=_describe_parts(settings),
            started=started,
            seconds=perf_counter() - start_s,
        )
        summary = save_summary(part, replace(recovery, seconds=stopwatch.seconds), facts)
    return folder, summary


def name_result(source: str) -> str:
    """Folder name of an input: a file's stem, a folder's name, `camera0`, or an address made safe."""
    if not is_stream(source):
        path = Path(source)
        return (path.resolve().name if path.is_dir() else path.stem) or "film"
    if source.isdecimal():
        return f"camera{source}"
    address = hide_password(source).split("://", 1)[1]
    return "".join(c if c.isalnum() else "_" for c in address).strip("_")[:80] or "stream"


def hide_password(word: str) -> str:
    """Take user name and password out of an address; everything else stays as it is.

    >>> hide_password("rtsp://me:secret@door/live")
    'rtsp://door/live'
    """
    return re.sub(r"^(\w[\w+.-]*://)[^/]*@", r"\1", word)


def list_needed_assets(settings: RunSettings) -> list[str]:
    """Names of the catalogue's files that a run with these settings uses: its encoder and its detector.

    Raises:
        UserError: If the model's configuration cannot be read.
    """
    detector = [name for name in default_models(settings.detector) if name.startswith("detector-")]
    return [_name_encoder(settings, _load_config(settings)), *detector]


def _load_earlier(folder: Path) -> dict[str, Any]:
    """The summary of a finished run; any other folder is not ours to skip, still less to replace."""
    try:
        return load_summary(folder)
    except UserError as error:
        raise UserError(f"{error}; choose another folder with -o") from error


def _require_same_input(folder: Path, earlier: dict[str, Any], source: str) -> None:
    """Refuse to take the result of one input for that of another of the same name."""
    before = earlier.get("input", {})
    if is_stream(source):
        is_same = before.get("path") == hide_password(source)
    else:
        open_film(source)
        is_same = before.get("sha256") == compute_sha256(source)
    if not is_same:
        what = "this file before it changed" if before.get("path") == source else before.get("path", "something else")
        raise UserError(
            f"{source}: {folder} already holds the result of {what}; "
            "choose another folder with -o, or replace it with --force"
        )


def _record(source: str, part: Path) -> Path:
    path = part / "recording.mkv"
    record_stream(source, path)
    return path


def _describe_parts(settings: RunSettings) -> dict[str, dict[str, str]]:
    config = _load_config(settings)
    encoder, detector = _name_encoder(settings, config), f"detector-{settings.detector}"
    head = _get_model_folder(settings) / GRAPH_FILE
    return {
        "model": {"name": f"{config.name} {config.version}", "sha256": compute_sha256(head)},
        "encoder": {"name": encoder, "sha256": compute_sha256(fetch(encoder))},
        "detector": {"name": settings.detector, "sha256": compute_sha256(fetch(detector))},
    }


def _get_model_folder(settings: RunSettings) -> Path:
    return settings.model or find_default_model()


def _load_config(settings: RunSettings) -> ModelConfig:
    return ModelConfig.load(_get_model_folder(settings))


def _name_encoder(settings: RunSettings, config: ModelConfig) -> str:
    return f"blazepose-{settings.encoder}" if settings.encoder else config.encoder
