from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.made_motions import make_truth, move_joint, score
from spsnet.evaluation.measured_motion import MotionArrays
from spsnet.evaluation.protocol_result import join_sequences
from spsnet.evaluation.protocols import MPI_INF_3DHP
from spsnet.evaluation.sequence_errors import SequenceErrors

CENTIMETRES = st.lists(st.integers(0, 9), min_size=1, max_size=4)


def miss(frames: int, wrist_mm: float, protocol: str = "spsnet", **fields: object) -> SequenceErrors:
    truth = make_truth(frames, **fields)
    return score(protocol, move_joint(truth.motion, "right_wrist", (wrist_mm / 1000, 0, 0)), truth)


def test_every_frame_counts_once() -> None:
    result = join_sequences([miss(10, 14, name="a", sequence="a"), miss(30, 42, name="b", sequence="b")])
    assert (result.frames, result.total_frames, result.dropped) == (40, 40, {})
    assert result.mpjpe_mm.value == pytest.approx((10 * 1 + 30 * 3) / 40)
    assert (result.mpjpe_mm.low, result.mpjpe_mm.high) == pytest.approx((1, 3))
    wrist = result.joint_mpjpe_mm["right_wrist"]
    assert (wrist.low, wrist.value, wrist.high) == pytest.approx((14, (10 * 14 + 30 * 42) / 40, 42))
    assert result.joint_mpjpe_mm["left_wrist"].value == pytest.approx(0, abs=1e-9)
    aligned = [part.pa_mpjpe_mm for part in result.sequences]
    assert result.pa_mpjpe_mm.value == pytest.approx((10 * aligned[0] + 30 * aligned[1]) / 40)
    assert [(part.name, part.frames) for part in result.sequences] == [("a", 10), ("b", 30)]
    assert [part.mpjpe_mm for part in result.sequences] == pytest.approx([1, 3])
    assert result.pve_mm is None
    assert result.pck_percent is None
    assert len(result.joint_pa_mpjpe_mm) == 14


def test_people_of_one_film_are_drawn_together() -> None:
    together = join_sequences([miss(10, 14, name="film_0"), miss(10, 42, name="film_1")])
    assert (together.mpjpe_mm.low, together.mpjpe_mm.value, together.mpjpe_mm.high) == pytest.approx((2, 2, 2))


def test_what_was_dropped_is_added_up_and_said() -> None:
    result = join_sequences([miss(10, 14, "wham"), miss(5, 14, "wham")])
    assert result.dropped == {"first or last frame": 4}
    assert result.describe() == (
        "protocol wham: lsp14 joints, root between the hips, true bodies gendered where a gender is given; 11 of 15 "
        "frames count; 4 dropped: first or last frame"
    )


def shake(protocol: str, *, frames: int = 32, fps: float = 30.0, offset_mm: float = 0.0) -> SequenceErrors:
    """The wrist goes one millimetre aside in every second frame: 2 mm/frame² at it, 2/14 over the joints."""
    truth = make_truth(frames, fps=fps)
    motion = move_joint(truth.motion, "right_wrist", (offset_mm / 1000, 0, 0))
    joints = motion.joints_m.copy()
    joints[::2, 6, 1] += 0.001
    return score(protocol, replace(motion, joints_m=joints), truth)


def test_acceleration_in_each_protocols_units() -> None:
    values = {
        name: {unit: estimate.value for unit, estimate in join_sequences([shake(name)]).acceleration.items()}
        for name in ("spsnet", "vibe", "wham")
    }
    assert values["spsnet"] == pytest.approx({"mm/frame²": 2 / 14, "mm/s²": 900 * 2 / 14})
    assert values["vibe"] == pytest.approx({"mm/frame²": 2 / 14})
    assert values["wham"] == pytest.approx({"m/s²": 0.9 * 2 / 14})


def test_films_of_other_rates_are_scaled_by_their_own() -> None:
    result = join_sequences([shake("spsnet", fps=30.0), shake("spsnet", fps=50.0)])
    assert result.acceleration["mm/frame²"].value == pytest.approx(2 / 14)
    assert result.acceleration["mm/s²"].value == pytest.approx((900 + 2500) / 2 * 2 / 14)


def test_vibe_runs_over_the_seams() -> None:
    still = {name: [miss(16, mm, name) for mm in (0, 28, 0)] for name in ("vibe", "spsnet")}
    assert join_sequences(still["spsnet"]).acceleration["mm/frame²"].value == pytest.approx(0, abs=1e-9)
    # Two seams, two frames at each, 28 mm at one of 14 joints; 46 frames have a neighbour on both sides.
    assert join_sequences(still["vibe"]).acceleration["mm/frame²"].value == pytest.approx(4 * 2 / 46)
    flat = np.concatenate([errors.difference_m for errors in still["vibe"]])
    by_hand = 1000 * np.linalg.norm(flat[2:] - 2 * flat[1:-1] + flat[:-2], axis=-1).mean()
    assert join_sequences(still["vibe"]).acceleration["mm/frame²"].value == pytest.approx(by_hand)
    assert join_sequences(still["vibe"]).sequences[1].acceleration_mm_frame2 == pytest.approx(0, abs=1e-9)


def test_spin_has_neither_motion_nor_surface() -> None:
    truth = make_truth(4)
    truth = replace(truth, motion=replace(truth.motion, pelvis_m=np.zeros((4, 3))))
    result = join_sequences([score("spin", truth.motion, truth)])
    assert (result.acceleration, result.pve_mm) == ({}, None)


def test_the_surface_counts_where_every_sequence_has_one() -> None:
    truth = make_truth(4)
    whole = replace(truth.motion, vertices_m=np.zeros((4, 5, 3)), translation_m=np.zeros((4, 3)))
    truth = replace(truth, motion=whole)
    moved = replace(whole, vertices_m=np.full((4, 5, 3), [0.007, 0, 0]))
    with_surface = score("spsnet", moved, truth)
    result = join_sequences([with_surface])
    assert result.pve_mm is not None
    assert result.pve_mm.value == pytest.approx(7)
    assert join_sequences([with_surface, miss(4, 0)]).pve_mm is None


def test_pck_and_auc_on_3dhp_leave_out_pelvis_spine_and_head() -> None:
    truth = make_truth(2, joint_set="mpi_inf_3dhp17", dataset=MPI_INF_3DHP)
    motion = truth.motion
    for joint, mm in (("pelvis", 500), ("mpi_spine", 500), ("mpi_head", 500), ("neck", 150), ("head_top", 149)):
        motion = move_joint(motion, joint, (0, mm / 1000, 0))
    result = join_sequences([score("spsnet", motion, truth)])
    assert result.pck_percent is not None
    assert result.auc_percent is not None
    # The neck is at 150 mm (a hair above in floating point), which is too far; the head's top is nearer than 150 only.
    assert result.pck_percent.value == pytest.approx(100 * 13 / 14)
    assert result.auc_percent.value == pytest.approx(100 * (12 * 30 + 1) / (14 * 31))
    assert result.mpjpe_mm.value == pytest.approx((3 * 500 + 150 + 149) / 17)


def test_a_sequence_of_which_nothing_counts_is_nan_and_weighs_nothing() -> None:
    lost = miss(3, 999, name="lost", sequence="lost", valid_mask=np.zeros(3, bool))
    result = join_sequences([lost, miss(5, 14)])
    assert (result.frames, result.total_frames, result.dropped) == (5, 8, {"annotation not valid": 3})
    assert (result.mpjpe_mm.low, result.mpjpe_mm.value, result.mpjpe_mm.high) == pytest.approx((1, 1, 1))
    numbers = result.sequences[0]
    assert np.isnan([numbers.mpjpe_mm, numbers.pa_mpjpe_mm, numbers.acceleration_mm_frame2]).all()


def test_two_frames_have_no_acceleration() -> None:
    result = join_sequences([miss(2, 14)])
    assert np.isnan([result.acceleration["mm/s²"].value, result.acceleration["mm/frame²"].margin]).all()


def test_joints_without_label_weigh_nothing() -> None:
    truth = make_truth(4)
    joints = truth.motion.joints_m.copy()
    joints[:, 7:] = np.nan
    truth = replace(truth, motion=MotionArrays(joints_m=joints, joint_set="lsp14"))
    predicted = move_joint(make_truth(4).motion, "right_wrist", (0.014, 0, 0))
    result = join_sequences([score("spsnet", predicted, truth)])
    assert result.mpjpe_mm.value == pytest.approx(2)
    assert np.isnan(result.joint_mpjpe_mm["neck"].value)


@given(CENTIMETRES)
def test_order_does_not_matter_within_sequences(errors: list[int]) -> None:
    parts = [miss(4, 10 * cm, name=str(i), sequence=str(i)) for i, cm in enumerate(errors)]
    forwards, backwards = join_sequences(parts), join_sequences(parts[::-1])
    assert forwards.mpjpe_mm.value == pytest.approx(backwards.mpjpe_mm.value)
    assert forwards.mpjpe_mm.low <= forwards.mpjpe_mm.value + 1e-9
    assert forwards.mpjpe_mm.value <= forwards.mpjpe_mm.high + 1e-9


def test_results_of_two_kinds_are_not_joined() -> None:
    with pytest.raises(ValueError, match="spsnet on 3dpw and wham on 3dpw"):
        join_sequences([miss(4, 0), miss(4, 0, "wham")])
    with pytest.raises(ValueError, match="at least one sequence"):
        join_sequences([])
