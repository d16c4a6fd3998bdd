"""What a run leaves on the disk: whole or not at all."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spsnet import __version__
from spsnet.export import load_person, save_person
from spsnet.records import PersonMotion, Recovery, UserError
from spsnet.video.writer import explain_write_error

SUMMARY_FILE, OVERLAY_FILE = "summary.json", "overlay.mp4"


@contextmanager
def write_whole(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `folder` when the block ends well, and is removed when not.

    What was at `folder` stays there until then, and for good if the block fails.

    Raises:
        UserError: If the place cannot be written; one of the block's comes out with the final names in it.
    """
    part, old = (folder.with_name(f".{folder.name[:200]}.{kind}-{os.getpid()}") for kind in ("part", "old"))
    is_parent_new = not folder.parent.exists()
    try:
        try:
            shutil.rmtree(part, ignore_errors=True)  # of a killed process that had this number
            part.mkdir(parents=True)
        except OSError as error:
            raise explain_write_error(folder, error) from error
        try:
            yield part
        except UserError as error:
            raise UserError(str(error).replace(str(part), str(folder))) from error
        try:
            _replace(part, folder, old)
        except OSError as error:
            raise explain_write_error(folder, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
        if is_parent_new:
            with suppress(OSError):
                folder.parent.rmdir()  # only if empty


def _replace(part: Path, folder: Path, old: Path) -> None:
    """Move `part` to `folder`; where that fails, what was there is there again."""
    try:
        if folder.exists():
            folder.replace(old)
        part.replace(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.replace(folder)
        raise


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What a summary says beyond the recovery itself."""

    command: tuple[str, ...]
    source: str
    """The input as the user named it."""
    sha256: str
    """Of the input file, or of the pictures of a folder in film order."""
    size_bytes: int
    parts: dict[str, dict[str, str]]
    """Model, encoder and detector: name and sha256 of each."""
    started: str
    """Date and time, ISO 8601."""
    seconds: float
    """From then until now. Stages overlap: this is less than their sum."""


def save_people(folder: Path, recovery: Recovery) -> None:
    """Write one archive a person."""
    for person in recovery.people:
        path = folder / name_person(person)
        save_person(path, person, body=recovery.body, model=recovery.model, fps=recovery.film.fps)


def name_person(person: PersonMotion) -> str:
    """File name of a person's archive."""
    return f"person_{person.track_id:03d}.npz"


def save_summary(folder: Path, recovery: Recovery, facts: RunFacts) -> dict[str, Any]:
    """Write `summary.json` and return what it holds.

    Raises:
        UserError: If the file cannot be written.
    """
    person_frames = sum(len(person) for person in recovery.people)
    film = recovery.film
    summary = {
        "spsnet": __version__,
        "command": list(facts.command),
        "started": facts.started,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "cores": os.cpu_count(),
        },
        "input": {
            "path": facts.source,
            "sha256": facts.sha256,
            "bytes": facts.size_bytes,
            "width": film.width,
            "height": film.height,
            "rotation_deg": film.rotation_deg,
            "fps": round(film.fps, 4),
            "frames": recovery.frame_count,
        },
        "camera": {"focal_px": recovery.camera.focal_px, "center_px": list(recovery.camera.center_px)},
        "body": recovery.body,
        **facts.parts,
        "seconds": {name: round(value, 3) for name, value in recovery.seconds.items()},
        "seconds_total": round(facts.seconds, 3),
        "person_frames": person_frames,
        "person_frames_per_second": round(person_frames / facts.seconds, 2),
        "peak_memory_mb": _measure_peak_memory_mb(),
        "people": [
            {
                "id": person.track_id,
                "file": name_person(person),
                "first_frame": int(person.frame_index[0]),
                "last_frame": int(person.frame_index[-1]),
                "frames": len(person),
                "filled_frames": int(person.filled_mask.sum()),
                "mean_confidence": round(float(person.confidence.mean()), 3),
            }
            for person in recovery.people
        ],
        "warnings": list(recovery.warnings),
    }
    path = folder / SUMMARY_FILE
    try:
        path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise explain_write_error(path, error) from error
    return summary


def load_summary(folder: Path) -> dict[str, Any]:
    """Read the `summary.json` of a finished run.

    Raises:
        UserError: If the folder is not one that a run wrote.
    """
    path = folder / SUMMARY_FILE
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"{folder} is not the result of a run: it has no {SUMMARY_FILE}") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); remove {folder} and do the run again") from error
    if not isinstance(summary, dict) or "spsnet" not in summary:
        raise UserError(f"{folder} is not the result of a run: another program wrote its {SUMMARY_FILE}")
    return summary


def load_people(folder: Path) -> list[PersonMotion]:
    """Read the people of a finished run.

    Raises:
        UserError: If the folder is not one that a run wrote.
    """
    load_summary(folder)
    return [load_person(path) for path in sorted(folder.glob("person_*.npz"))]


def _measure_peak_memory_mb() -> int | None:
    """Most memory this process has held; None on Windows, which does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1e6 if sys.platform == "darwin" else peak / 1e3)
