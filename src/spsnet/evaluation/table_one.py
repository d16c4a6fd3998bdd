"""The paper's Table 1 with rows of ours, what lies between them, and what is missing for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from spsnet.datasets.catalogue import CATALOGUE
from spsnet.evaluation.cells import format_number
from spsnet.evaluation.measurement import Measurement
from spsnet.evaluation.protocols import HUMAN36M, MPI_INF_3DHP, THREE_DPW
from spsnet.evaluation.published import OURS, SOURCE, TABLE_1, TableNumbers, subtract, to_table_numbers

PROTOCOL = "vibe"
"""What the table's own measurements come nearest to."""
SPLIT = "test"
HEADLINE = f"""{SOURCE}.
Millimetres, PCK in per cent; accel.: acceleration error in mm/frame², which the table calls mm/s²."""
UNKNOWN = "* from another paper, whose protocol is not known"
DIFFERENCE_NOTE = "Below zero is better, of PCK above."

_DATA_SETS = (THREE_DPW, MPI_INF_3DHP, HUMAN36M)
_OPTIONS = {MPI_INF_3DHP: " --universal"}
"""With which the table's family prepares a data set: VIBE and SPIN measure on univ_annot3, actors of one size."""
_COLUMNS = (
    (THREE_DPW, "3DPW", "PA-MPJPE", "pa_mpjpe_mm"),
    (THREE_DPW, "", "MPJPE", "mpjpe_mm"),
    (THREE_DPW, "", "PVE", "pve_mm"),
    (THREE_DPW, "", "accel.", "acceleration_mm_frame2"),
    (MPI_INF_3DHP, "3DHP", "PA-MPJPE", "pa_mpjpe_mm"),
    (MPI_INF_3DHP, "", "MPJPE", "mpjpe_mm"),
    (MPI_INF_3DHP, "", "PCK", "pck_percent"),
    (HUMAN36M, "H3.6M", "PA-MPJPE", "pa_mpjpe_mm"),
    (HUMAN36M, "", "MPJPE", "mpjpe_mm"),
)
"""Data set, its name over the first of its columns, heading, field of `TableNumbers`."""


@dataclass(frozen=True, kw_only=True)
class OwnRow:
    """What was measured, as a row of the table."""

    name: str
    numbers: Mapping[str, TableNumbers]
    """By data set."""


def has_data_set(dataset: str) -> bool:
    """Whether the table has numbers on a data set."""
    return dataset in _DATA_SETS


def is_of_table(measurement: Measurement) -> bool:
    """Whether a measurement stands beside the table: its data set, the test split."""
    return has_data_set(measurement.data.dataset) and measurement.data.split == SPLIT


def make_own_rows(measurements: Sequence[Measurement]) -> list[OwnRow]:
    """A row for each predictor, of its measurements under `vibe`, else under the first protocol that there is."""
    rows: dict[str, dict[str, TableNumbers]] = {}
    for measurement in _choose(measurements):
        numbers = rows.setdefault(measurement.predictor, {})
        numbers[measurement.data.dataset] = to_table_numbers(measurement.result)
    return [OwnRow(name=name, numbers=numbers) for name, numbers in rows.items()]


def fill_table(own: Sequence[OwnRow]) -> list[list[str]]:
    """The table's cells: two rows of headings, the paper's rows, ours."""
    published = [_fill(_mark(row.method, row.protocol), row.numbers) for row in TABLE_1]
    return [*_make_headings("method"), *published, *(_fill(row.name, row.numbers) for row in own)]


def fill_differences(row: OwnRow) -> list[list[str]]:
    """Ours less each method's, where both have a number: two rows of headings, then the paper's own row first."""
    ordered = sorted(TABLE_1, key=lambda published: published.method != OURS)
    cells = []
    for published in ordered:
        common = [name for name in published.numbers if name in row.numbers]
        numbers = {name: subtract(row.numbers[name], published.numbers[name]) for name in common}
        line = _fill(_mark(published.method, published.protocol), numbers, signed=True)
        if any(cell != "-" for cell in line[1:]):
            cells.append(line)
    return [*_make_headings(f"{row.name} less"), *cells]


def list_reservations(measurements: Sequence[Measurement]) -> list[str]:
    """Why rows of ours are not quite what the table compares, a sentence each; each said once."""
    said: dict[str, None] = {}
    for measurement in measurements:
        name = measurement.data.dataset
        if has_data_set(name) and measurement.data.split != SPLIT:
            said[f"{name}: this is the {measurement.data.split} split; Table 1 is of the {SPLIT} split"] = None
    for measurement in _choose(measurements):
        name, protocol = measurement.data.dataset, measurement.result.protocol.name
        if protocol != PROTOCOL:
            said[f"{name}: measured under {protocol}, Table 1 is nearest to {PROTOCOL}: differences say little"] = None
        if measurement.missing_joints:
            lacking = ", ".join(measurement.missing_joints)
            said[f"{name}: the truth lacks {lacking}, which Table 1 counts; give --smpl DIR to measure them too"] = None
        if name == MPI_INF_3DHP and not measurement.data.options.get("universal"):
            said[f"{name}: measured on annot3, Table 1's family on univ_annot3; prepare it with --universal"] = None
        if name == THREE_DPW and measurement.result.pve_mm is None:
            said[f"{name}: {measurement.predictor} has no PVE, which compares SMPL's surface with SMPL's (--smpl)"] = (
                None
            )
    return list(said)


def list_missing(measured: Collection[str]) -> list[str]:
    """For each of the table's data sets that was not measured, how to get and measure it."""
    lines = []
    for name in _DATA_SETS:
        if name not in measured:
            entry = CATALOGUE[name]
            lines.append(
                f"{name}: no --data holds its {SPLIT} split. {entry.info.title} is for {entry.info.licence}. "
                f"{entry.info.source} Then: {entry.describe_command()}{_OPTIONS.get(name, '')}; "
                f"spsnet evaluate --data runs/{name}"
            )
    return lines


def _choose(measurements: Sequence[Measurement]) -> list[Measurement]:
    """One for each predictor and data set of the table."""
    chosen: dict[tuple[str, str], Measurement] = {}
    for measurement in filter(is_of_table, measurements):
        key = measurement.predictor, measurement.data.dataset
        if key not in chosen or (measurement.result.protocol.name == PROTOCOL != chosen[key].result.protocol.name):
            chosen[key] = measurement
    return list(chosen.values())


def _make_headings(first: str) -> list[list[str]]:
    return [["", *(column[1] for column in _COLUMNS)], [first, *(column[2] for column in _COLUMNS)]]


def _fill(name: str, numbers: Mapping[str, TableNumbers], *, signed: bool = False) -> list[str]:
    values = (getattr(numbers.get(dataset, TableNumbers()), field) for dataset, _, _, field in _COLUMNS)
    return [name, *(format_number(value, signed=signed) for value in values)]


def _mark(method: str, protocol: str | None) -> str:
    return method if protocol is not None else f"{method} *"
