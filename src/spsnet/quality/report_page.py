"""The page of a run: problems first, then everybody in numbers, pictures and curves."""

from collections.abc import Sequence
from html import escape

import numpy as np

from spsnet.pages.charts import Curve, Shade, draw_chart
from spsnet.pages.document import make_document, make_list
from spsnet.quality.contact_sheet import ContactSheet, SheetPicture
from spsnet.quality.findings import Finding
from spsnet.quality.measures import LIMBS, WHOLE, PersonMeasures
from spsnet.quality.remedies import REMEDIES
from spsnet.quality.report import PersonFigures, Report
from spsnet.rendering import get_track_color

_OPEN_FINDINGS, _OPEN_ROWS = 12, 16
_OPEN_PEOPLE = 8
"""People who are shown at once, those with most problems and frames; the others are folded away."""
_LIMB_COLORS = ("#1c7ed6", "#e8590c", "#2f9e44", "#9c36b5", "#868e96", "#f59f00")
_STYLE = """
.finding { border-left: 4px solid #e8590c; background: var(--card); border-radius: 4px; padding: 8px 12px;
  margin: 8px 0; }
.finding p { margin: 0; } .finding p + p { color: var(--pale); font-size: 0.9rem; }
.good { border-left-color: #2f9e44; } .id { display: inline-block; width: 12px; height: 12px; border-radius: 3px;
  margin-right: 6px; vertical-align: -1px; border: 1px solid var(--line); }
.sheet { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 8px; max-width: 760px;
  margin: 8px 0 16px; }
.sheet img { display: block; width: 100%; height: auto; border-radius: 4px; } .sheet figure { padding: 4px; }
.sheet figcaption { text-align: center; font-size: 0.85rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); gap: 12px; }
.plots svg { max-width: 560px; } .plots svg text { font-size: 11px; }
@media (min-width: 720px) { .plots svg text { font-size: 8px; } }
.plots figure { display: flex; flex-direction: column; justify-content: space-between; }
.plots figcaption { margin-bottom: 4px; color: var(--ink); font-size: 0.85rem; }
.key { display: inline-block; width: 12px; height: 3px; margin: 0 4px 3px 8px; vertical-align: middle; }
.item { white-space: nowrap; } svg .limit { stroke: #e03131; stroke-width: 1; stroke-dasharray: 4 3; }
svg .shade.gap { fill: var(--pale); opacity: 0.28; } svg .shade.problem { fill: #e8590c; opacity: 0.16; }
th { white-space: normal; vertical-align: bottom; }
@media (max-width: 720px) {
  .sheet { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  table.people thead { display: none; } table.people, table.people tbody { display: block; }
  table.people tr { display: grid; grid-template-columns: 1fr 1fr; gap: 0 16px; padding: 8px 0;
    border-bottom: 1px solid var(--line); }
  table.people td { display: flex; justify-content: space-between; gap: 8px; border: 0; padding: 1px 0;
    white-space: normal; text-align: right; }
  table.people td:first-child { grid-column: 1 / -1; justify-content: start; font-weight: 600; position: static; }
  table.people td:not(:first-child)::before { content: attr(data-name); color: var(--pale); text-align: left; }
}
"""
_NOTES = (
    "Confidence: detector times encoder, 0 to 1, mean over the frames that were seen.",
    "Off: how far the body's limb joints lie from the landmarks, in per cent of the box.",
    "Jitter: acceleration of the joints about the pelvis, m/s²; at 30 frames a second 1 mm/frame² is 0.9 m/s². Motion "
    "counts too. Shaking: how much it changes from frame to frame, which motion hardly does.",
    "Bones: how much the limbs' length in the landmarks varies against the body's, ± half of the middle 90 %. The "
    "body's own bones never change: it has one shape.",
    "Skate: speed of the foot that stands, mm/s; it means nothing where the camera moves.",
    "What counts as a problem was measured on rendered people whose truth is known: docs/report.md.",
)


def make_page(report: Report, sheet: ContactSheet) -> str:
    """The page as text."""
    film = report.film
    seconds = film.frames / film.fps if film.fps > 0 else 0.0
    facts = (
        f"{film.width} × {film.height}, {film.frames} frames, {seconds:.1f} s at {film.fps:.4g} frames a second · "
        f"model {film.model}"
    )
    body = [f"<h1>{escape(film.name)}</h1>", f'<p class="note">{escape(facts)}</p>', *_show_findings(report)]
    if report.figures:
        body += ["<h2>People</h2>", _show_table(report.figures[:_OPEN_ROWS])]
        if len(report.figures) > _OPEN_ROWS:
            rest = _show_table(report.figures[_OPEN_ROWS:])
            body.append(f"<details><summary>{len(report.figures) - _OPEN_ROWS} more rows</summary>{rest}</details>")
        body.append(make_list(_NOTES))
    order = sorted(report.measures, key=lambda one: (-len(report.list_findings(one.track_id)), -len(one)))
    shown = {one.track_id for one in order[:_OPEN_PEOPLE]}
    folded = []
    for measured in report.measures:
        person = _show_person(report, measured, sheet.get_pictures(measured.track_id))
        if measured.track_id in shown:
            body += person
        else:
            folded += person
    if folded:
        more = len(report.measures) - len(shown)
        body.append(f"<details><summary>{more} more people</summary>{''.join(folded)}</details>")
    return make_document(f"{film.name}: report", body, style=_STYLE)


def describe_findings(number: int) -> str:
    """How many problems there are, in words.

    >>> describe_findings(0), describe_findings(1), describe_findings(5)
    ('nothing to look at', '1 thing to look at', '5 things to look at')
    """
    return "1 thing to look at" if number == 1 else f"{number} things to look at" if number else "nothing to look at"


def _show_findings(report: Report) -> list[str]:
    if not report.measures:
        warnings = report.film.warnings or ("nobody was found in this film",)
        return [
            _make_card(warning, "Film with more light and nearer, or try another --detector.") for warning in warnings
        ]
    cards = [_make_card(warning, "") for warning in report.film.warnings]
    number = len(report.findings)
    gravest = sorted(report.findings, key=lambda one: list(REMEDIES).index(one.kind))
    told = [_make_card(one.what, one.remedy, one.person_ids) for one in gravest]
    cards += told[:_OPEN_FINDINGS]
    if number > _OPEN_FINDINGS:
        rest = "".join(told[_OPEN_FINDINGS:])
        cards.append(f"<details><summary>{number - _OPEN_FINDINGS} more</summary>{rest}</details>")
    if not number:
        cards.append('<div class="finding good"><p>No problem was found.</p></div>')
    return [f"<h2>{describe_findings(number).capitalize()}</h2>", *cards]


def _make_card(what: str, remedy: str, person_ids: Sequence[int] = ()) -> str:
    marks = "".join(_mark(track_id) for track_id in person_ids)
    todo = f"<p>{escape(remedy)}</p>" if remedy else ""
    return f'<div class="finding"><p>{marks}{escape(what)}</p>{todo}</div>'


def _show_table(figures: Sequence[PersonFigures]) -> str:
    names = (
        "", "time, s", "frames", "filled", "longest gap, s", "confidence", "off, %", "jitter, m/s²", "shakes most",
        "bones, ± %", "skate, mm/s", "problems",
    )  # fmt: skip
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = []
    for one in figures:
        limbs = {limb: value for limb, value in one.shake_of.items() if value is not None and limb in LIMBS}
        cells = (
            f"{one.start_s:.1f} to {one.stop_s:.1f}",
            str(one.frames),
            str(one.filled_frames),
            f"{one.longest_gap_s:.1f}",
            _format(one.confidence, 2),
            _format(one.off_percent, 1),
            _format(one.jitter_m_s2, 1),
            max(limbs, key=lambda limb: limbs[limb]) if limbs else "-",
            _format(one.bone_percent, 0),
            _format(one.skate_mm_s, 0),
            str(one.findings),
        )
        inside = "".join(
            f'<td data-name="{escape(name)}">{escape(cell)}</td>' for name, cell in zip(names[1:], cells, strict=True)
        )
        rows.append(f"<tr><td>{_mark(one.person)}Person {one.person}</td>{inside}</tr>")
    return (
        f'<div class="wide"><table class="people"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
        "</table></div>"
    )


def _show_person(report: Report, measured: PersonMeasures, pictures: Sequence[SheetPicture]) -> list[str]:
    parts = [f"<h2>{_mark(measured.track_id)}Person {measured.track_id}</h2>"]
    if pictures:
        figures = "".join(
            f'<figure><img src="{picture.source}" width="224" height="224" '
            f'alt="person {measured.track_id} at {picture.time_s:.1f} s">'
            f"<figcaption>{picture.time_s:.1f} s</figcaption></figure>"
            for picture in pictures
        )
        parts.append(f'<div class="sheet">{figures}</div>')
    if len(measured) > 2:
        shades = _find_shades(measured, report.list_findings(measured.track_id))
        parts.append(f'<div class="plots">{_show_plots(report, measured, shades)}</div>')
    return parts


def _find_shades(measured: PersonMeasures, findings: Sequence[Finding]) -> list[Shade]:
    absent = np.concatenate([[False], measured.filled_mask, [False]])
    edges = np.flatnonzero(np.diff(absent.astype(np.int8))).reshape(-1, 2)
    shades = [Shade(float(measured.time_s[a]), float(measured.time_s[b - 1]), "gap") for a, b in edges.tolist()]
    jumps = np.flatnonzero(np.diff(measured.frame_index) > 1)
    shades += [Shade(float(measured.time_s[i]), float(measured.time_s[i + 1]), "gap") for i in jumps.tolist()]
    whole = measured.time_s[-1] - measured.time_s[0]
    stretches = [stretch for one in findings for stretch in one.stretches]
    return shades + [
        Shade(one.start_s, one.stop_s, "problem") for one in stretches if one.stop_s - one.start_s < 0.95 * whole
    ]


def _show_plots(report: Report, measured: PersonMeasures, shades: Sequence[Shade]) -> str:
    limits, who = report.thresholds, f"of person {measured.track_id} over time"
    span = (float(measured.time_s[0]), float(measured.time_s[-1]))
    limbs = dict(zip((*LIMBS, WHOLE), _LIMB_COLORS, strict=True))
    keys = "".join(
        f'<span class="item"><span class="key" style="background:{color}"></span>{escape(limb)}</span> '
        for limb, color in limbs.items()
    )
    charts = (
        ("Confidence", {"#1c7ed6": measured.confidence}, 1.0, None),
        ("2D: body off the landmarks, % of the box", {"#1c7ed6": measured.off_percent}, 20.0, limits.off_percent),
        (
            "Shaking, m/s²",
            {color: measured.shake_m_s2[limb] for limb, color in limbs.items()},
            20.0,
            limits.shake_m_s2,
        ),
        ("Bones: landmarks against body, ± %", {"#1c7ed6": np.abs(measured.bone_percent)}, 50.0, limits.bone_percent),
    )
    figures = []
    for title, lines, top, limit in charts:
        curves = [_make_curve(measured.time_s, values, color) for color, values in lines.items()]
        chart = draw_chart(curves, top, label=f"{title} {who}", shades=shades, span_s=span, limit=limit)
        legend = f"<br>{keys}" if len(lines) > 1 else ""
        figures.append(f"<figure><figcaption>{escape(title)}{legend}</figcaption>{chart}</figure>")
    return "".join(figures)


def _make_curve(time_s: np.ndarray, values: np.ndarray, color: str) -> Curve:
    known = np.isfinite(values)
    return Curve(time_s[known], values[known], color)


def _mark(track_id: int) -> str:
    red, green, blue = (round(255 * float(part)) for part in get_track_color(track_id))
    return f'<span class="id" style="background:rgb({red},{green},{blue})"></span>'


def _format(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
