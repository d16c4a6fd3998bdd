"""Cells of tables for people: numbers to text, rows to lines."""

from collections.abc import Sequence

from spsnet.metrics import Estimate

NOTHING = "-"


def format_estimate(estimate: Estimate | None) -> str:
    """A mean and half of its 95 % interval.

    Convention:
        50.4, from 48.2 to 52.0, is "50.4 ± 1.9"; a single sequence, which tells no interval, "50.4"; none "-".
    """
    if estimate is None or estimate.value != estimate.value:
        return NOTHING
    digits = 0 if abs(estimate.value) >= 1000 else 1
    margin = f" ± {estimate.margin:.{digits}f}" if estimate.high > estimate.low else ""
    return f"{estimate.value:z.{digits}f}{margin}"


def format_number(value: float | None, *, signed: bool = False) -> str:
    """One digit after the point; "-" where there is no number.

    Convention:
        −4.25 signed is "−4.2", 0.04 is "+0.0".
    """
    if value is None or value != value:
        return NOTHING
    return f"{value:+z.1f}".replace("-", "−") if signed else f"{value:z.1f}"


def align_cells(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of text: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]


def mark_cells(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table; the first row are its headings."""
    head, *body = rows
    return [f"| {' | '.join(row)} |" for row in (head, ["---", *["---:"] * (len(head) - 1)], *body)]
