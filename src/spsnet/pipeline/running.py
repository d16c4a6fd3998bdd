"""One run from input to folder: what `spsnet run` does for each of its inputs."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spsnet.assets import fetch
from spsnet.body import load_body
from spsnet.network.config import ModelConfig
from spsnet.network.exported import GRAPH_FILE
from spsnet.pipeline.recover import find_default_model, recover
from spsnet.pipeline.results import (
    OVERLAY_FILE,
    SUMMARY_FILE,
    RunFacts,
    draw_overlay,
    save_people,
    save_summary,
    write_whole,
)
from spsnet.pipeline.settings import RunSettings, Stopwatch, Watch, watch_nothing
from spsnet.records import UserError
from spsnet.video import compute_sha256, is_stream, open_film, record_stream


def run(
    source: str,
    out: Path,
    settings: RunSettings,
    *,
    command: tuple[str, ...] = (),
    overlay: bool = True,
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
        force: Replace a folder that exists.
        watch: Shows progress.

    Returns:
        The folder, and its summary; None where it existed and was left alone.

    Raises:
        UserError: If anything is wrong with input, model or disk; nothing is left behind then.
    """
    folder = out / name_result(source)
    if folder.exists() and not force:
        if not (folder / SUMMARY_FILE).is_file():
            raise UserError(f"{folder} exists and is no result of a run; choose another folder with -o")
        return folder, None
    started = datetime.now(UTC).isoformat(timespec="seconds")
    with write_whole(folder) as part:
        path = _record(source, part) if is_stream(source) else Path(source)
        recovery = recover(path, settings, watch=watch)
        save_people(part, recovery)
        stopwatch = Stopwatch(dict(recovery.seconds))
        if overlay:
            film = open_film(path, fps=settings.fps)
            draw_overlay(film, recovery, load_body(), part / OVERLAY_FILE, stopwatch=stopwatch, watch=watch)
        facts = RunFacts(
            command=command,
            sha256=compute_sha256(path) if path.is_file() else "",
            size_bytes=path.stat().st_size if path.is_file() else 0,
            parts=_describe_parts(settings),
            started=started,
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
    safe = "".join(c if c.isalnum() else "_" for c in source.split("://", 1)[1])
    return safe.strip("_")[:80] or "stream"


def _record(source: str, part: Path) -> Path:
    path = part / "recording.mkv"
    record_stream(source, path)
    return path


def _describe_parts(settings: RunSettings) -> dict[str, dict[str, str]]:
    folder = settings.model or find_default_model()
    config = ModelConfig.load(folder)
    encoder = f"blazepose-{settings.encoder}" if settings.encoder else config.encoder
    detector = f"detector-{settings.detector}"
    return {
        "model": {
            "name": f"{config.name} {config.version}",
            "sha256": hashlib.sha256((folder / GRAPH_FILE).read_bytes()).hexdigest(),
        },
        "encoder": {"name": encoder, "sha256": compute_sha256(fetch(encoder))},
        "detector": {"name": settings.detector, "sha256": compute_sha256(fetch(detector))},
    }
