"""Table 1 with rows of ours: numbers, differences by hand, what keeps them apart, what is missing."""

from dataclasses import replace

import pytest

from reference.made_motions import make_truth, move_joint, score
from spsnet.evaluation.measurement import DataSource, Measurement
from spsnet.evaluation.protocol_result import join_sequences
from spsnet.evaluation.protocols import HUMAN36M, MPI_INF_3DHP, THREE_DPW
from spsnet.evaluation.table_one import (
    fill_differences,
    fill_table,
    list_missing,
    list_reservations,
    make_own_rows,
)


def make_measurement(
    wrist_mm: float,
    *,
    dataset: str = THREE_DPW,
    protocol: str = "vibe",
    split: str = "test",
    name: str = "ours",
    universal: bool = False,
) -> Measurement:
    """A wrist of 14 joints aside: its MPJPE is a fourteenth of that."""
    truth = make_truth(32, dataset=dataset)
    moved = move_joint(truth.motion, "right_wrist", (wrist_mm / 1000, 0, 0))
    return Measurement(
        predictor=name,
        data=DataSource(
            folder="runs", dataset=dataset, split=split, options={"universal": universal}, films=1, clips=1
        ),
        result=join_sequences([score(protocol, moved, truth)]),
        true_joints="the truth",
        missing_joints=(),
        predicted_joints="lsp14 joints of our body",
        curves=(),
        worst=(),
    )


def test_our_row_stands_below_the_papers() -> None:
    head, names, *rows = fill_table(make_own_rows([make_measurement(1400), make_measurement(700, dataset=HUMAN36M)]))
    assert head == ["", "3DPW", "", "", "", "3DHP", "", "", "H3.6M", ""]
    assert names[0] == "method"
    assert len(rows) == 20
    assert rows[-2] == ["SPS-Net", "50.4", "85.8", "100.6", "22.1", "60.7", "94.3", "90.1", "38.7", "58.9"]
    assert rows[-1][0] == "ours"
    assert (rows[-1][2], rows[-1][3], rows[-1][9]) == ("100.0", "-", "50.0")
    assert rows[-1][5:8] == ["-"] * 3
    assert rows[0][0] == "Yang et al. *"  # whose protocol is not known


def test_differences_are_ours_less_theirs() -> None:
    (row,) = make_own_rows([make_measurement(1400)])
    lines = {line[0]: line[1:] for line in fill_differences(row)[2:]}
    assert next(iter(lines)) == "SPS-Net"
    assert lines["SPS-Net"][1] == "+14.2"  # 100.0 less 85.8
    assert lines["HMR"][1] == "−30.0"  # 100.0 less 130.0
    assert lines["HMR"][3] == "−37.4"  # a wrist that stays where it is has no acceleration
    assert lines["SPS-Net"][2] == "-"  # no PVE of ours
    assert "Yang et al. *" not in lines  # nothing on 3DPW


def test_vibes_measurement_goes_before_others_and_train_splits_stay_out() -> None:
    spsnet, vibe = make_measurement(700, protocol="spsnet"), make_measurement(1400)
    for several in ([spsnet, vibe], [vibe, spsnet]):
        (row,) = make_own_rows(several)
        assert row.numbers[THREE_DPW].mpjpe_mm == pytest.approx(100)
        assert not any("differences say little" in line for line in list_reservations(several))
    (row,) = make_own_rows([spsnet])
    assert row.numbers[THREE_DPW].mpjpe_mm == pytest.approx(50)
    assert make_own_rows([make_measurement(700, split="train")]) == []
    assert make_own_rows([make_measurement(700, dataset="synthetic", protocol="spsnet")]) == []


def test_what_keeps_a_row_apart_is_said_once() -> None:
    lacking = replace(make_measurement(700, protocol="spsnet"), missing_joints=("head_top",))
    said = list_reservations([lacking, lacking, make_measurement(700, dataset=HUMAN36M, split="train")])
    assert said == [
        "human36m: this is the train split; Table 1 is of the test split",
        "3dpw: measured under spsnet, Table 1 is nearest to vibe: differences say little",
        "3dpw: the truth lacks head_top, which Table 1 counts; give --smpl DIR to measure them too",
        "3dpw: ours has no PVE, which compares SMPL's surface with SMPL's (--smpl)",
    ]


def test_3dhp_is_beside_the_table_on_the_universal_skeleton_only() -> None:
    metric, universal = (make_measurement(700, dataset=MPI_INF_3DHP, universal=value) for value in (False, True))
    assert list_reservations([metric]) == [
        "mpi-inf-3dhp: measured on annot3, Table 1's family on univ_annot3; prepare it with --universal"
    ]
    assert list_reservations([universal]) == []


def test_data_sets_that_are_missing_say_how_they_are_got() -> None:
    assert list_missing({THREE_DPW, MPI_INF_3DHP, HUMAN36M}) == []
    (line,) = list_missing({THREE_DPW, HUMAN36M})
    assert line.startswith("mpi-inf-3dhp: no --data holds its test split. MPI-INF-3DHP is for non-commercial research")
    assert line.endswith(
        "Then: spsnet prepare mpi-inf-3dhp RAW -o runs/mpi-inf-3dhp --split test --universal; "
        "spsnet evaluate --data runs/mpi-inf-3dhp"
    )
