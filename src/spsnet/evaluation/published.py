"""What the paper's Table 1 says, to stand beside what is measured here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

from spsnet.evaluation.protocol_result import ProtocolResult
from spsnet.evaluation.protocols import HUMAN36M, MPI_INF_3DHP, THREE_DPW

SOURCE = "Self-attentive 3D human pose and shape estimation from videos, arXiv 2103.14182, Table 1"
OURS = "SPS-Net"
"""The paper's own row, which it calls "Ours"."""


@dataclass(frozen=True, kw_only=True)
class TableNumbers:
    """One method on one data set; None where a table has "-"."""

    pa_mpjpe_mm: float | None = None
    mpjpe_mm: float | None = None
    pve_mm: float | None = None
    acceleration_mm_frame2: float | None = None
    """The paper prints it under "mm/s²"; it is mm/frame² at 30 frames a second."""
    pck_percent: float | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedRow:
    """One method of the table."""

    method: str
    """As the table calls it; "Ours" is `OURS`."""
    reference: str
    """Authors and year, as the table cites them."""
    kind: Literal["frame", "video"]
    """What it looks at: single pictures, or films."""
    numbers: Mapping[str, TableNumbers]
    """By data set."""
    protocol: str | None
    """Name of the protocol that the numbers come nearest to; None where they come from a paper with a protocol of its
    own, and this one does not say which."""


def get_published_rows(dataset: str) -> tuple[PublishedRow, ...]:
    """Rows with a number for a data set, in the table's order; none for data sets that the table does not have."""
    return tuple(row for row in TABLE_1 if dataset in row.numbers)


def to_table_numbers(result: ProtocolResult) -> TableNumbers:
    """A result as the table would print it, unrounded.

    Convention:
        An acceleration error that the protocol gives in mm/s² or m/s² alone stays out: the table's unit is the frame.
    """
    acceleration = result.acceleration.get("mm/frame²")
    return TableNumbers(
        pa_mpjpe_mm=result.pa_mpjpe_mm.value,
        mpjpe_mm=result.mpjpe_mm.value,
        pve_mm=None if result.pve_mm is None else result.pve_mm.value,
        acceleration_mm_frame2=None if acceleration is None else acceleration.value,
        pck_percent=None if result.pck_percent is None else result.pck_percent.value,
    )


def subtract(measured: TableNumbers, published: TableNumbers) -> TableNumbers:
    """Measured less published; None where either is.

    Convention:
        52.4 measured and 50.4 published: 2.0, worse by 2 mm; of PCK, positive is better.
    """
    pairs = {field.name: (getattr(measured, field.name), getattr(published, field.name)) for field in fields(measured)}
    return TableNumbers(
        **{name: None if ours is None or theirs is None else ours - theirs for name, (ours, theirs) in pairs.items()}
    )


def _three_dpw(
    pa_mpjpe: float | None, mpjpe: float | None = None, pve: float | None = None, acceleration: float | None = None
) -> dict[str, TableNumbers]:
    numbers = TableNumbers(pa_mpjpe_mm=pa_mpjpe, mpjpe_mm=mpjpe, pve_mm=pve, acceleration_mm_frame2=acceleration)
    return {THREE_DPW: numbers}


def _three_dhp(pck: float, *, pa_mpjpe: float | None = None, mpjpe: float | None = None) -> dict[str, TableNumbers]:
    return {MPI_INF_3DHP: TableNumbers(pa_mpjpe_mm=pa_mpjpe, mpjpe_mm=mpjpe, pck_percent=pck)}


def _human36m(pa_mpjpe: float, mpjpe: float | None = None) -> dict[str, TableNumbers]:
    return {HUMAN36M: TableNumbers(pa_mpjpe_mm=pa_mpjpe, mpjpe_mm=mpjpe)}


def _frame(method: str, reference: str, *numbers: dict[str, TableNumbers], protocol: str | None = None) -> PublishedRow:
    return _row("frame", method, reference, numbers, protocol)


def _video(method: str, reference: str, *numbers: dict[str, TableNumbers], protocol: str | None = None) -> PublishedRow:
    return _row("video", method, reference, numbers, protocol)


def _row(
    kind: Literal["frame", "video"],
    method: str,
    reference: str,
    numbers: tuple[dict[str, TableNumbers], ...],
    protocol: str | None,
) -> PublishedRow:
    joined = {dataset: found for part in numbers for dataset, found in part.items()}
    return PublishedRow(method=method, reference=reference, kind=kind, numbers=joined, protocol=protocol)


TABLE_1: tuple[PublishedRow, ...] = (
    _frame("Yang et al.", "Yang et al. 2018", _three_dhp(69.0)),
    _frame("Chen et al.", "Chen et al. 2019", _three_dhp(71.1)),
    _frame("Mehta et al.", "Mehta et al. 2017", _three_dhp(72.5)),
    _frame("EpipolarPose", "Kocabas et al. 2019", _three_dhp(77.5)),
    _frame("TCN", "Cheng et al. 2020", _three_dhp(84.1)),
    _frame("RepNet", "Wandt and Rosenhahn 2019", _three_dhp(82.5, mpjpe=97.8)),
    _frame("CMR", "Kolotouros et al. 2019", _three_dpw(70.2), _human36m(50.1)),
    _frame("STRAPS", "Sengupta et al. 2020", _three_dpw(66.8), _human36m(55.4)),
    _frame("NBF", "Omran et al. 2018", _three_dpw(90.7), _human36m(59.9)),
    _frame("ExPose", "Choutas et al. 2020", _three_dpw(60.7, 93.4)),
    _frame("HUND", "Zanfir et al. 2020", _three_dpw(56.5, 87.7), _human36m(53.0, 72.0)),
    _frame(
        "HMR",
        "Kanazawa et al. 2018",
        _three_dpw(76.7, 130.0, None, 37.4),
        _three_dhp(72.9, pa_mpjpe=89.8, mpjpe=124.2),
        _human36m(56.8, 88.0),
        protocol="vibe",
    ),
    _frame(
        "SPIN",
        "Kolotouros et al. 2019",
        _three_dpw(59.2, 96.9, 116.4, 29.8),
        _three_dhp(76.4, pa_mpjpe=67.5, mpjpe=105.2),
        _human36m(41.1),
        protocol="vibe",
    ),
    _video("Temporal 3D Kinetics", "Arnab et al. 2019", _three_dpw(72.2)),
    _video("Motion to the Rescue", "Doersch and Zisserman 2019", _three_dpw(74.7)),
    _video("DSD-SATN", "Sun et al. 2019", _three_dpw(69.5), _human36m(42.4, 59.1)),
    _video(
        "Temporal HMR",
        "Kanazawa et al. 2019",
        _three_dpw(72.6, 116.5, 139.3, 15.2),
        _human36m(56.9),
        protocol="vibe",
    ),
    _video(
        "VIBE",
        "Kocabas et al. 2020",
        _three_dpw(56.5, 93.5, 113.4, 27.1),
        _three_dhp(89.0, pa_mpjpe=63.4, mpjpe=97.7),
        _human36m(41.5, 65.9),
        protocol="vibe",
    ),
    _video(
        OURS,
        "the paper",
        _three_dpw(50.4, 85.8, 100.6, 22.1),
        _three_dhp(90.1, pa_mpjpe=60.7, mpjpe=94.3),
        _human36m(38.7, 58.9),
        protocol="vibe",
    ),
)
"""The table, row by row. The paper does not name its protocol, and sets its row beside those of VIBE's table: `vibe` is
what comes nearest, and rows with an acceleration error carry it, which that family's program gives."""
