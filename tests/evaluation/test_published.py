from dataclasses import astuple, replace

import pytest

from reference.made_motions import make_truth, move_joint, score
from spsnet.evaluation.protocol_result import join_sequences
from spsnet.evaluation.protocols import HUMAN36M, MPI_INF_3DHP, PROTOCOLS, THREE_DPW
from spsnet.evaluation.published import (
    OURS,
    TABLE_1,
    PublishedRow,
    TableNumbers,
    get_published_rows,
    subtract,
    to_table_numbers,
)

# The table as the paper prints it: 3DPW's PA-MPJPE, MPJPE, PVE, acceleration; 3DHP's PA-MPJPE, MPJPE, PCK; Human3.6M's
# PA-MPJPE, MPJPE.
PRINTED = """
Yang et al. - - - - - - 69.0 - -
Chen et al. - - - - - - 71.1 - -
Mehta et al. - - - - - - 72.5 - -
EpipolarPose - - - - - - 77.5 - -
TCN - - - - - - 84.1 - -
RepNet - - - - - 97.8 82.5 - -
CMR 70.2 - - - - - - 50.1 -
STRAPS 66.8 - - - - - - 55.4 -
NBF 90.7 - - - - - - 59.9 -
ExPose 60.7 93.4 - - - - - - -
HUND 56.5 87.7 - - - - - 53.0 72.0
HMR 76.7 130.0 - 37.4 89.8 124.2 72.9 56.8 88.0
SPIN 59.2 96.9 116.4 29.8 67.5 105.2 76.4 41.1 -
Temporal 3D Kinetics 72.2 - - - - - - - -
Motion to the Rescue 74.7 - - - - - - - -
DSD-SATN 69.5 - - - - - - 42.4 59.1
Temporal HMR 72.6 116.5 139.3 15.2 - - - 56.9 -
VIBE 56.5 93.5 113.4 27.1 63.4 97.7 89.0 41.5 65.9
SPS-Net 50.4 85.8 100.6 22.1 60.7 94.3 90.1 38.7 58.9
"""


@pytest.mark.parametrize(
    ("row", "line"),
    list(zip(TABLE_1, PRINTED.strip().splitlines(), strict=True)),
    ids=[row.method for row in TABLE_1],
)
def test_every_number_is_the_papers(row: PublishedRow, line: str) -> None:
    method, *numbers = line.rsplit(maxsplit=9)
    assert row.method == method
    dpw, dhp, h36m = (row.numbers.get(name, TableNumbers()) for name in (THREE_DPW, MPI_INF_3DHP, HUMAN36M))
    ours = (
        dpw.pa_mpjpe_mm, dpw.mpjpe_mm, dpw.pve_mm, dpw.acceleration_mm_frame2,
        dhp.pa_mpjpe_mm, dhp.mpjpe_mm, dhp.pck_percent, h36m.pa_mpjpe_mm, h36m.mpjpe_mm,
    )  # fmt: skip
    assert ["-" if number is None else f"{number:.1f}" for number in ours] == numbers
    assert (dpw.pck_percent, dhp.pve_mm, dhp.acceleration_mm_frame2, h36m.pve_mm, h36m.pck_percent) == (None,) * 5


def test_rows_by_data_set() -> None:
    assert [len(get_published_rows(name)) for name in (THREE_DPW, MPI_INF_3DHP, HUMAN36M, "amass")] == [13, 10, 10, 0]
    assert [row.kind for row in TABLE_1] == ["frame"] * 13 + ["video"] * 6
    assert all(row.protocol in {None, *PROTOCOLS} for row in TABLE_1)
    ours = get_published_rows(THREE_DPW)[-1]
    assert (ours.method, ours.protocol) == (OURS, "vibe")
    assert all(
        row.protocol == "vibe" for row in TABLE_1 if row.numbers.get(THREE_DPW, TableNumbers()).acceleration_mm_frame2
    )


def test_a_result_beside_the_papers() -> None:
    truth = make_truth(16)
    predicted = move_joint(truth.motion, "right_wrist", (0.14, 0, 0))
    measured = to_table_numbers(join_sequences([score("vibe", predicted, truth)]))
    assert measured.mpjpe_mm == pytest.approx(10)
    assert measured.acceleration_mm_frame2 == pytest.approx(0, abs=1e-9)
    assert (measured.pve_mm, measured.pck_percent) == (None, None)
    ours = get_published_rows(THREE_DPW)[-1].numbers[THREE_DPW]
    difference = subtract(measured, ours)
    assert difference.mpjpe_mm == pytest.approx(10 - 85.8)
    assert difference.acceleration_mm_frame2 == pytest.approx(-22.1)
    assert difference.pve_mm is None
    assert astuple(subtract(ours, replace(ours, pve_mm=None))) == (0, 0, None, 0, None)


def test_metres_per_second_are_not_taken_for_the_tables_unit() -> None:
    truth = make_truth(16)
    assert to_table_numbers(join_sequences([score("wham", truth.motion, truth)])).acceleration_mm_frame2 is None
