"""The page of an evaluation: one HTML file that needs nothing else, for wide and narrow screens."""

from collections.abc import Sequence
from html import escape

import numpy as np

from spsnet.evaluation import table_one
from spsnet.evaluation.cells import format_estimate, format_number
from spsnet.evaluation.measurement import Measurement, WorstFrame, group_by_data, group_by_protocol
from spsnet.evaluation.measurement_tables import NOTES, describe_group, fill_results, list_remarks, title_data
from spsnet.evaluation.report_drawings import COLORS, Line, draw_curves, draw_picture, draw_skeletons
from spsnet.pages.document import make_document, make_list

_OPEN_CURVES = 12
"""Clips whose curves are shown; the others are folded away."""
_STYLE = """
th.group:not(:first-child) { text-align: center; border-left: 1px solid var(--line); }
tr.own td { font-weight: 600; background: var(--card); }
.key { display: inline-block; width: 14px; height: 4px; margin: 0 6px 3px 0; vertical-align: middle; }
.key.truth { background: var(--ink); } .legend span.item { margin-right: 18px; white-space: nowrap; }
.joints { display: grid; grid-template-columns: max-content 1fr; gap: 6px 12px; align-items: center;
  max-width: 720px; font-size: 0.9rem; }
.bar { display: flex; align-items: center; gap: 6px; font-size: 0.8rem; line-height: 1.3; }
.bar i { display: block; height: 9px; min-width: 1px; border-radius: 2px; } .bar span { white-space: nowrap; }
.bars { min-width: 0; }
svg .truth { stroke: var(--ink); } svg .white { stroke: #fff; }
svg .halo { stroke: #000; stroke-width: 6; opacity: 0.6; }
svg .box { fill: none; stroke: #ffd43b; stroke-width: 1.5; stroke-dasharray: 6 4; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; } .picture { border-radius: 4px; margin-bottom: 8px; }
@media (max-width: 480px) { .joints { gap: 6px 8px; } }
"""


def make_page(measurements: Sequence[Measurement]) -> str:
    """The page as text; pictures of worst frames are read from where the data set has them.

    Args:
        measurements: At least one.
    """
    groups = group_by_data(measurements)
    body = ["<h1>Evaluation</h1>", *(f'<p class="note">{escape(line)}</p>' for line in NOTES.splitlines())]
    for group in groups:
        body += [f"<h2>{escape(title_data(group))}</h2>", *_show_results(group)]
    if table_one.make_own_rows(measurements):
        body += _show_table_one(measurements)
    for group in groups:
        body += _show_details(group_by_protocol(group)[0])
    return make_document("spsnet evaluate", body, style=_STYLE)


def _show_results(group: Sequence[Measurement]) -> list[str]:
    parts = []
    for alike in group_by_protocol(group):
        parts.append(f"<h3>Protocol {escape(alike[0].result.protocol.name)}</h3>")
        parts.append(make_list([*describe_group(alike), alike[0].result.protocol.summary]))
        parts.append(_make_table(fill_results(alike), headings=1))
    return parts


def _show_table_one(measurements: Sequence[Measurement]) -> list[str]:
    own = table_one.make_own_rows(measurements)
    names = {row.name for row in own}
    parts = [
        "<h2>The paper's Table 1</h2>",
        f'<p class="note">{escape(table_one.HEADLINE)}</p>',
        _make_table(table_one.fill_table(own), headings=2, own=names),
        f'<p class="note">{escape(table_one.UNKNOWN)}</p>',
    ]
    for row in own:
        parts += [
            f"<h3>{escape(row.name)} less each method</h3>",
            f'<p class="note">{escape(table_one.DIFFERENCE_NOTE)}</p>',
            _make_table(table_one.fill_differences(row), headings=2),
        ]
    return [*parts, make_list(list_remarks(measurements))]


def _show_details(group: Sequence[Measurement]) -> list[str]:
    """Joints, time and worst frames under one protocol."""
    first = group[0]
    title = f"{first.data.folder}: where the errors are (protocol {first.result.protocol.name})"
    legend = "".join(
        f'<span class="item"><span class="key" style="background:{_color(i)}"></span>{escape(one.predictor)}</span>'
        for i, one in enumerate(group)
    )
    parts = [f"<h2>{escape(title)}</h2>", f'<p class="legend">{legend}</p>']
    parts += ["<h3>Joint by joint: MPJPE (PA-MPJPE), mm</h3>", _show_joints(group)]
    parts += ["<h3>Over time, the worst clip first: MPJPE, mm</h3>", _show_curves(group)]
    for i, one in enumerate(group):
        if one.worst:
            parts.append(f"<h3>Worst frames of {escape(one.predictor)}</h3>")
            parts.append(
                '<p class="legend"><span class="item"><span class="key truth"></span>truth (white in pictures)</span>'
                f'<span class="item"><span class="key" style="background:{_color(i)}"></span>predicted, the roots laid '
                "over each other</span> right limbs are paler</p>"
            )
            figures = "".join(_show_worst(frame, _color(i)) for frame in one.worst)
            parts.append(f'<div class="grid-of">{figures}</div>')
    return parts


def _show_joints(group: Sequence[Measurement]) -> str:
    known = [e.value for one in group for e in one.result.joint_mpjpe_mm.values() if e.value == e.value]
    top = max(known, default=1.0) or 1.0
    rows = []
    for joint in group[0].result.joint_mpjpe_mm:
        bars = ""
        for i, one in enumerate(group):
            error, aligned = one.result.joint_mpjpe_mm[joint], one.result.joint_pa_mpjpe_mm[joint]
            if error.value == error.value:
                bars += (
                    f'<div class="bar"><i style="width:{60 * error.value / top:.1f}%;background:{_color(i)}"></i>'
                    f"<span>{format_estimate(error)} ({format_number(aligned.value)})</span></div>"
                )
        rows.append(f'<span>{escape(joint.replace("_", " "))}</span><div class="bars">{bars or "not labelled"}</div>')
    return f'<div class="joints">{"".join(rows)}</div>'


def _show_curves(group: Sequence[Measurement]) -> str:
    clips = list(zip(*(one.curves for one in group), strict=True))
    values = np.concatenate([curve.mpjpe_mm for curves in clips for curve in curves])
    top = _round_up(float(np.nanpercentile(values, 99.5))) if len(values) else 1.0
    order = sorted(range(len(clips)), key=lambda i: -_mean(clips[i][0].mpjpe_mm))
    figures = []
    for i in order:
        chart = draw_curves([Line(curve, _color(j)) for j, curve in enumerate(clips[i])], top)
        means = " · ".join(f"{_mean(curve.mpjpe_mm):.0f} mm" if len(curve.mpjpe_mm) else "-" for curve in clips[i])
        figures.append(f"<figure>{chart}<figcaption>{escape(clips[i][0].name)}: {means}</figcaption></figure>")
    shown, folded = figures[:_OPEN_CURVES], figures[_OPEN_CURVES:]
    parts = [f'<div class="grid-of">{"".join(shown)}</div>']
    if folded:
        more = f'<div class="grid-of">{"".join(folded)}</div>'
        parts.append(f"<details><summary>{len(folded)} more clips</summary>{more}</details>")
    return "".join(parts)


def _show_worst(frame: WorstFrame, color: str) -> str:
    picture = draw_picture(frame, color) or ""
    caption = f"{frame.name}, frame {frame.frame_index} ({frame.time_s:.1f} s): {frame.mpjpe_mm:.0f} mm"
    views = draw_skeletons(frame, color)
    return f'<figure>{picture}<div class="two">{views}</div><figcaption>{escape(caption)}</figcaption></figure>'


def _make_table(cells: Sequence[Sequence[str]], *, headings: int, own: set[str] | None = None) -> str:
    """Rows of headings, of which those before the last one span the columns up to the next that is not empty."""
    rows = []
    for row in cells[: headings - 1]:
        starts = [i for i, cell in enumerate(row) if i == 0 or cell]
        spans = [stop - start for start, stop in zip(starts, [*starts[1:], len(row)], strict=True)]
        spanned = (f'<th class="group" colspan="{n}">{escape(row[i])}</th>' for i, n in zip(starts, spans, strict=True))
        rows.append(f"<tr>{''.join(spanned)}</tr>")
    rows.append("<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in cells[headings - 1]) + "</tr>")
    for row in cells[headings:]:
        kind = ' class="own"' if own and row[0] in own else ""
        rows.append(f"<tr{kind}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _color(number: int) -> str:
    return COLORS[number % len(COLORS)]


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0


def _round_up(value_mm: float) -> float:
    """To the next 20 mm, so that the middle of the axis is a whole number."""
    return max(20.0, float(np.ceil(value_mm / 20)) * 20)
