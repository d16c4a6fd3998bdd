"""`report.html` and `report.json`: how good a run's result is, told by the result itself."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.body import load_body
from spsnet.pipeline.drawing import draw_sheet, estimate_level
from spsnet.pipeline.results import load_people, load_summary
from spsnet.quality.contact_sheet import ContactSheet
from spsnet.quality.report import FilmFacts, Report, format_json, make_report
from spsnet.quality.report_page import make_page
from spsnet.records import PersonMotion, Pinhole, Recovery, UserError
from spsnet.video import open_film
from spsnet.video.writer import explain_write_error

REPORT_FILE, REPORT_DATA_FILE = "report.html", "report.json"


def report_recovery(recovery: Recovery, name: str) -> Report:
    """Measure and judge what a run found.

    Args:
        recovery: Of one film.
        name: The film's, for the heading.
    """
    facts = FilmFacts(
        name=name,
        width=recovery.film.width,
        height=recovery.film.height,
        fps=recovery.film.fps,
        frames=recovery.frame_count,
        model=recovery.model,
        warnings=recovery.warnings,
    )
    return _report_people(recovery.people, facts)


def save_report(folder: Path, report: Report, sheet: ContactSheet) -> None:
    """Write `report.html` and `report.json`.

    Raises:
        UserError: If a file cannot be written.
    """
    for file, text in ((REPORT_FILE, make_page(report, sheet)), (REPORT_DATA_FILE, format_json(report))):
        path = folder / file
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise explain_write_error(path, error) from error


def count_findings(folder: Path) -> int:
    """How many problems the report of a finished run tells of.

    Raises:
        UserError: If there is no report, or it cannot be read.
    """
    path = folder / REPORT_DATA_FILE
    try:
        return len(json.loads(path.read_text(encoding="utf-8"))["findings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}); do the run again with --force") from error


def remake_report(folder: Path, film: Path | None = None) -> Report:
    """Write the report of a finished run anew.

    Args:
        folder: That `spsnet run` wrote.
        film: Where the film is; where the summary says if None. Without it the page has no pictures.

    Raises:
        UserError: If the folder is not one that a run wrote, or cannot be written.
    """
    summary, people = load_summary(folder), load_people(folder)
    report = _report_people(people, _read_facts(folder, summary))
    sheet = ContactSheet(people, report.findings)
    path = film or Path(summary["input"]["path"])
    if path.exists():
        camera = Pinhole(
            focal_px=summary["camera"]["focal_px"],
            center_px=tuple(summary["camera"]["center_px"]),
            width=report.film.width,
            height=report.film.height,
        )
        draw_sheet(open_film(path, fps=report.film.fps), people, camera, load_body(), sheet)
    save_report(folder, report, sheet)
    return report


def _report_people(people: Sequence[PersonMotion], facts: FilmFacts) -> Report:
    up = np.array([0.0, -1.0, 0.0]) @ estimate_level(people)
    return make_report(people, facts, up=up / np.linalg.norm(up))


def _read_facts(folder: Path, summary: dict[str, Any]) -> FilmFacts:
    try:
        film = summary["input"]
        return FilmFacts(
            name=Path(film["path"]).name,
            width=film["width"],
            height=film["height"],
            fps=film["fps"],
            frames=film["frames"],
            model=summary["model"]["name"],
            warnings=tuple(summary["warnings"]),
        )
    except (KeyError, TypeError) as error:
        raise UserError(f"{folder}: its summary.json lacks {error}; do the run again with --force") from error
