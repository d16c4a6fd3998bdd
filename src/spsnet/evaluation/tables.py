"""Tables for people (text, Markdown) and for programs (JSON)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from spsnet.evaluation.cells import NOTHING, align_cells, format_estimate, mark_cells
from spsnet.evaluation.comparison import Row, Table
from spsnet.evaluation.scores import ShapeScores

NOTES = """\
14 LSP joints and the surface of the body, root between the hips, mm; ± half of a 95 % interval over windows.
Acceleration error in mm/frame² at 30 frames a second, and in mm/s². Loss: above the clean pictures.
β: mean squared error. Stature and girth (mean of chest, waist, hips) of the estimated body at rest, mm.
occluded: 3 to 5 keypoints covered. swapped, lost: left and right exchanged, or parts thrown off, for 4 to 12 frames."""
_AVERAGE_ADULT = "always the average adult"
_HEADINGS = (
    "model", "MPJPE", "loss", "PA-MPJPE", "PA loss", "PVE", "accel.", "mm/s²", "β", "stature", "girth",
)  # fmt: skip


def format_text(table: Table) -> str:
    """One table, aligned."""
    return "\n".join([_describe(table), *align_cells([_HEADINGS, *_fill_cells(table)])])


def format_markdown(tables: Sequence[Table]) -> str:
    """All tables, to be included in a page as they are."""
    parts = ["\n".join(f"{line}  " for line in NOTES.splitlines())]
    for table in tables:
        parts.append(f"**{_describe(table)}**")
        parts.append("\n".join(mark_cells([_HEADINGS, *_fill_cells(table)])))
    return "\n\n".join(parts) + "\n"


def to_plain(tables: Sequence[Table]) -> list[dict[str, Any]]:
    """All numbers, unrounded, as a JSON file holds them."""
    return [
        {
            "data": table.data,
            "condition": table.condition,
            "paired": table.paired,
            "frames": dict(table.frames),
            "average_adult": asdict(table.average_adult),
            "rows": [_row_to_plain(row) for row in table.rows],
        }
        for table in tables
    ]


def _row_to_plain(row: Row) -> dict[str, Any]:
    plain = asdict(row)
    if row.scores is not None:
        plain["scores"]["acceleration_mm_s2"] = row.scores.acceleration_mm_s2
    return plain


def _describe(table: Table) -> str:
    frames = table.frames
    counts = [text if len(frames) == 1 else f"{encoder}: {text}" for encoder, text in frames.items()]
    other = "" if table.paired else " (other windows than the clean ones)"
    return f"{table.condition}{other}: {'; '.join(counts)}"


def _fill_cells(table: Table) -> list[list[str]]:
    adult = [_AVERAGE_ADULT, *[NOTHING] * 7, *_format_shape(table.average_adult)]
    return [*(_format_row(row) for row in table.rows), adult]


def _format_row(row: Row) -> list[str]:
    scores = row.scores
    if scores is None:
        return [row.name, *[NOTHING] * (len(_HEADINGS) - 1)]
    return [
        row.name,
        f"{scores.mpjpe_mm:.1f}",
        format_estimate(row.mpjpe_loss_mm),
        format_estimate(scores.pa_mpjpe_mm),
        format_estimate(row.pa_mpjpe_loss_mm),
        NOTHING if scores.pve_mm is None else f"{scores.pve_mm:.1f}",
        f"{scores.acceleration_mm_frame2:.1f}",
        f"{scores.acceleration_mm_s2:.0f}",
        *_format_shape(scores.shape),
    ]


def _format_shape(scores: ShapeScores | None) -> list[str]:
    if scores is None:
        return [NOTHING] * 3
    return [f"{scores.error:.2f}", f"{scores.stature_mm:.0f}", f"{scores.girth_mm:.0f}"]
