"""Measurements of data sets for people (text, Markdown) and for programs (JSON, CSV)."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from spsnet.evaluation import table_one
from spsnet.evaluation.cells import NOTHING, align_cells, format_estimate, mark_cells
from spsnet.evaluation.measurement import Measurement, group_by_data, group_by_protocol
from spsnet.evaluation.protocol_result import ProtocolResult
from spsnet.evaluation.published import SOURCE, TABLE_1, TableNumbers
from spsnet.metrics import Estimate

NOTES = """\
Errors in mm, PCK and AUC in per cent; ± half of a 95 % interval, from drawing films with replacement (no ±: one film).
Predictions are posed with the neutral body; every counted frame counts once, its joints alike."""
_CSV_HEADINGS = (
    "data", "dataset", "split", "predictor", "protocol", "of", "name", "metric", "value", "low", "high", "frames",
)  # fmt: skip


def format_data(measurements: Sequence[Measurement]) -> str:
    """Everything measured on one folder as text: what was measured, then a table for each protocol."""
    lines = [title_data(measurements)]
    for group in group_by_protocol(measurements):
        lines += ["", *describe_group(group), *align_cells(fill_results(group))]
    return "\n".join(lines)


def format_table_one(measurements: Sequence[Measurement]) -> str:
    """The paper's table with our rows, the differences, reservations, and what is missing, as text."""
    own = table_one.make_own_rows(measurements)
    parts = [table_one.HEADLINE, "\n".join(align_cells(table_one.fill_table(own))), table_one.UNKNOWN]
    if own:
        parts.append(table_one.DIFFERENCE_NOTE)
    parts += ["\n".join(align_cells(table_one.fill_differences(row))) for row in own]
    return "\n\n".join([*parts, *list_remarks(measurements)])


def format_markdown(measurements: Sequence[Measurement]) -> str:
    """All tables, to be included in a page as they are."""
    parts = ["\n".join(f"{line}  " for line in NOTES.splitlines())]
    for of_data in group_by_data(measurements):
        parts.append(f"**{title_data(of_data)}**")
        for group in group_by_protocol(of_data):
            parts += ["\n".join(f"- {line}" for line in describe_group(group)), _mark(fill_results(group))]
    own = table_one.make_own_rows(measurements)
    if own:
        parts += ["**The paper's Table 1.** " + table_one.HEADLINE, _mark(_join_headings(table_one.fill_table(own)))]
        parts += [table_one.UNKNOWN.replace("*", "\\*"), table_one.DIFFERENCE_NOTE]
        parts += [_mark(_join_headings(table_one.fill_differences(row))) for row in own]
        parts.append("\n".join(f"- {remark}" for remark in list_remarks(measurements)))
    return "\n\n".join(parts) + "\n"


def list_remarks(measurements: Sequence[Measurement]) -> list[str]:
    """Reservations about our rows of the table, and how to get the data sets that are missing for it."""
    measured = {one.data.dataset for one in measurements if table_one.is_of_table(one)}
    return [*table_one.list_reservations(measurements), *table_one.list_missing(measured)]


def describe_group(group: Sequence[Measurement]) -> list[str]:
    """What was measured under one protocol, a sentence each.

    Convention:
        "protocol vibe: lsp14 joints, …", "truth: lsp14 joints of SMPL's surface", and for each predictor "NAME: lsp14
        joints of our body; 368 of 464 frames count; 60 dropped: tail that fills no clip of 16".
    """
    first = group[0]
    missing = f", without {', '.join(first.missing_joints)}" if first.missing_joints else ""
    lines = [first.result.protocol.describe(first.result.dataset), f"truth: {first.true_joints}{missing}"]
    return lines + [f"{one.predictor}: {one.predicted_joints}; {describe_frames(one.result)}" for one in group]


def describe_frames(result: ProtocolResult) -> str:
    """How many frames count, and why others do not."""
    lost = [f"{count} dropped: {reason}" for reason, count in result.dropped.items()]
    return "; ".join([f"{result.frames} of {result.total_frames} frames count", *lost])


def fill_results(group: Sequence[Measurement]) -> list[list[str]]:
    """Headings, and a row for each predictor; columns that nobody has are left out."""
    rows = [{"": one.predictor, "frames": str(one.result.frames), **_format_metrics(one.result)} for one in group]
    headings = [name for name in dict.fromkeys(name for row in rows for name in row) if _has(rows, name)]
    return [headings, *([row.get(name, NOTHING) for name in headings] for row in rows)]


def to_plain(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """All numbers, unrounded, as a JSON file holds them."""
    own = table_one.make_own_rows(measurements)
    return {
        "measurements": [_measurement_to_plain(one) for one in measurements],
        "table_1": {
            "source": SOURCE,
            "rows": [{"name": row.name, "numbers": _numbers_to_plain(row.numbers)} for row in own],
            "published": [
                {"method": row.method, "protocol": row.protocol, "numbers": _numbers_to_plain(row.numbers)}
                for row in TABLE_1
            ],
            "remarks": list_remarks(measurements),
        },
    }


def format_csv(measurements: Sequence[Measurement]) -> str:
    """A line for each number: of the whole data set, of each clip, of each joint."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_CSV_HEADINGS)
    for one in measurements:
        start = (one.data.folder, one.data.dataset, one.data.split, one.predictor, one.result.protocol.name)
        writer.writerows((*start, *line) for line in _list_numbers(one.result))
    return file.getvalue()


def list_metrics(result: ProtocolResult) -> dict[str, Estimate | None]:
    """A result's numbers by the names that files give them."""
    named = {"mpjpe_mm": result.mpjpe_mm, "pa_mpjpe_mm": result.pa_mpjpe_mm, "pve_mm": result.pve_mm}
    units = {"mm/frame²": "mm_frame2", "mm/s²": "mm_s2", "m/s²": "m_s2"}
    named |= {f"acceleration_{units[unit]}": estimate for unit, estimate in result.acceleration.items()}
    return named | {"pck_percent": result.pck_percent, "auc_percent": result.auc_percent}


def _list_numbers(result: ProtocolResult) -> Iterator[tuple[object, ...]]:
    for metric, estimate in list_metrics(result).items():
        if estimate is not None:
            yield "all", "", metric, *_list_texts(estimate), result.frames
    for clip in result.sequences:
        for metric in ("mpjpe_mm", "pa_mpjpe_mm", "pve_mm", "acceleration_mm_frame2"):
            value = getattr(clip, metric)
            if value is not None:
                yield "clip", clip.name, metric, _text(value), "", "", clip.frames
    for metric, joints in (("mpjpe_mm", result.joint_mpjpe_mm), ("pa_mpjpe_mm", result.joint_pa_mpjpe_mm)):
        for joint, estimate in joints.items():
            yield "joint", joint, metric, *_list_texts(estimate), result.frames


def _measurement_to_plain(one: Measurement) -> dict[str, Any]:
    result = one.result
    return {
        "data": asdict(one.data),
        "predictor": one.predictor,
        "protocol": result.protocol.name,
        "described": result.protocol.describe(result.dataset),
        "joint_set": result.joint_set,
        "true_joints": one.true_joints,
        "missing_joints": list(one.missing_joints),
        "predicted_joints": one.predicted_joints,
        "frames": result.frames,
        "total_frames": result.total_frames,
        "dropped": dict(result.dropped),
        "metrics": {name: None if e is None else asdict(e) for name, e in list_metrics(result).items()},
        "joint_mpjpe_mm": {joint: asdict(e) for joint, e in result.joint_mpjpe_mm.items()},
        "joint_pa_mpjpe_mm": {joint: asdict(e) for joint, e in result.joint_pa_mpjpe_mm.items()},
        "clips": [asdict(clip) for clip in result.sequences],
        "worst_frames": [
            {"clip": frame.name, "frame_index": frame.frame_index, "time_s": frame.time_s, "mpjpe_mm": frame.mpjpe_mm}
            for frame in one.worst
        ],
    }


def _numbers_to_plain(numbers: Mapping[str, TableNumbers]) -> dict[str, dict[str, float | None]]:
    return {dataset: asdict(values) for dataset, values in numbers.items()}


def title_data(measurements: Sequence[Measurement]) -> str:
    """The folder and what it holds."""
    data = measurements[0].data
    return data.describe() if data.folder == data.dataset else f"{data.folder}: {data.describe()}"


def _format_metrics(result: ProtocolResult) -> dict[str, str]:
    cells = {"MPJPE": result.mpjpe_mm, "PA-MPJPE": result.pa_mpjpe_mm, "PVE": result.pve_mm}
    cells |= {f"accel. {unit}": estimate for unit, estimate in result.acceleration.items()}
    cells |= {"PCK": result.pck_percent, "AUC": result.auc_percent}
    return {name: format_estimate(estimate) for name, estimate in cells.items()}


def _has(rows: Sequence[Mapping[str, str]], name: str) -> bool:
    return name in ("", "MPJPE", "PA-MPJPE") or any(row.get(name, NOTHING) != NOTHING for row in rows)


def _mark(cells: Sequence[Sequence[str]]) -> str:
    return "\n".join(mark_cells(cells))


def _join_headings(cells: Sequence[Sequence[str]]) -> list[list[str]]:
    """Two rows of headings as one, for Markdown."""
    first, second, *body = cells
    return [[f"{a} {b}".strip() for a, b in zip(first, second, strict=True)], *map(list, body)]


def _list_texts(estimate: Estimate) -> tuple[str, str, str]:
    return _text(estimate.value), _text(estimate.low), _text(estimate.high)


def _text(value: float) -> str:
    return "" if math.isnan(value) else repr(value)
