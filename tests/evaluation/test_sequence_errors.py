from dataclasses import replace

import numpy as np
import pytest

from reference.made_motions import make_truth, move_joint, score
from spsnet.evaluation.measured_motion import LabelledMotion, MotionArrays
from spsnet.evaluation.protocols import HUMAN36M, MPI_INF_3DHP, PROTOCOLS
from spsnet.evaluation.sequence_errors import SequenceErrors

WRIST = 6


def place_in_float16(motion: MotionArrays) -> MotionArrays:
    return replace(motion, joints_m=motion.joints_m.astype(np.float16).astype(float))


def give_pelvis(truth: LabelledMotion) -> LabelledMotion:
    return replace(truth, motion=replace(truth.motion, pelvis_m=truth.motion.joints_m[:, 2:4].mean(1)))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_truth_itself_somewhere_else_has_no_error(name: str) -> None:
    truth = give_pelvis(make_truth(16))
    assert truth.motion.pelvis_m is not None
    shift = np.array([1.0, 2, 3])
    moved = replace(truth.motion, joints_m=truth.motion.joints_m + shift, pelvis_m=truth.motion.pelvis_m + shift)
    errors = score(name, moved, truth)
    assert len(errors) == {"wham": 14}.get(name, 16)
    for values in (errors.mpjpe_mm, errors.pa_mpjpe_mm, errors.difference_m):
        np.testing.assert_allclose(values, 0, atol=1e-9)


def test_a_joint_off_by_five_centimetres() -> None:
    truth = make_truth(16)
    errors = score("spsnet", move_joint(truth.motion, "right_wrist", (0.03, 0.04, 0)), truth)
    expected = np.zeros((16, 14))
    expected[:, WRIST] = 50
    np.testing.assert_allclose(errors.mpjpe_mm, expected, atol=1e-9)
    # The best similarity lessens squares; distances elsewhere grow.
    assert np.all((errors.pa_mpjpe_mm**2).sum(1) < 2500)
    assert np.all(errors.pa_mpjpe_mm > 0)
    assert (errors.dataset, errors.name, errors.sequence, errors.total_frames) == ("3dpw", "film_0", "film", 16)


def test_a_hip_off_moves_everything_by_half_under_hips_and_not_under_the_pelvis() -> None:
    truth = give_pelvis(make_truth(4))
    predicted = move_joint(truth.motion, "left_hip", (0, 0.02, 0))
    by_hips, by_pelvis = score("spsnet", predicted, truth), score("spin", predicted, truth)
    np.testing.assert_allclose(by_hips.mpjpe_mm, 10, atol=1e-9)
    np.testing.assert_allclose(by_pelvis.mpjpe_mm.sum(1), 20, atol=1e-9)
    np.testing.assert_allclose(by_hips.pa_mpjpe_mm, by_pelvis.pa_mpjpe_mm, atol=1e-9)


def test_vibes_float16_is_a_floor_of_a_millimetre_at_three_metres() -> None:
    rng = np.random.default_rng(0)
    joints = rng.uniform(-0.4, 0.4, (320, 14, 3)) + np.array([2.8, 2.8, 3])
    truth = replace(make_truth(320), motion=MotionArrays(joints_m=joints, joint_set="lsp14"))
    errors = score("vibe", truth.motion, truth)
    assert 1.0 < errors.mpjpe_mm.mean() < 1.2
    assert score("spsnet", truth.motion, truth).mpjpe_mm.max() < 1e-9
    assert score("vibe", truth.motion, replace(truth, dataset=HUMAN36M)).mpjpe_mm.mean() < 0.15
    rounded = place_in_float16(truth.motion)
    assert score("vibe", rounded, truth).mpjpe_mm.max() < 1e-9


def test_surfaces_about_the_root_the_origin_or_not_at_all() -> None:
    truth = give_pelvis(make_truth(16))
    surface = np.random.default_rng(1).normal(size=(16, 30, 3)).astype(np.float32)
    origin = np.zeros((16, 3))
    truth = replace(truth, motion=replace(truth.motion, vertices_m=surface, translation_m=origin))
    # The whole body 10 cm off, of which the body's translation holds 4.
    shift = np.array([0.1, 0, 0])
    predicted = replace(
        truth.motion,
        joints_m=truth.motion.joints_m + shift,
        vertices_m=surface + shift,
        translation_m=origin + shift * 0.4,
    )
    pve = {name: score(name, predicted, truth).pve_mm for name in PROTOCOLS}
    np.testing.assert_allclose(pve["spsnet"], 0, atol=1e-3)
    np.testing.assert_allclose(pve["wham"], 0, atol=1e-3)
    np.testing.assert_allclose(pve["vibe"], 60, rtol=1e-4)
    assert pve["spin"] is None
    assert score("spsnet", replace(predicted, vertices_m=None, translation_m=None), truth).pve_mm is None


def test_long_surfaces_are_compared_in_parts() -> None:
    frames = 300
    truth = make_truth(frames)
    surface = np.zeros((frames, 2, 3))
    origin = np.zeros((frames, 3))
    truth = replace(truth, motion=replace(truth.motion, vertices_m=surface, translation_m=origin))
    moved = surface + np.arange(frames)[:, None, None] * (0.001, 0, 0)
    errors = score("spsnet", replace(truth.motion, vertices_m=moved), truth)
    np.testing.assert_allclose(errors.pve_mm, np.arange(frames), atol=1e-9)
    nothing = score("spsnet", truth.motion, replace(truth, valid_mask=np.zeros(frames, bool)))
    assert nothing.pve_mm is not None
    assert nothing.pve_mm.shape == (0,)


def shake(truth: LabelledMotion, frame: int) -> SequenceErrors:
    joints = truth.motion.joints_m.copy()
    joints[frame, WRIST, 0] += 0.001
    return score("spsnet", replace(truth.motion, joints_m=joints), truth)


def test_acceleration_of_one_shaken_frame() -> None:
    errors = shake(make_truth(7), 3)
    np.testing.assert_allclose(errors.acceleration_mm_frame2[:, WRIST], [np.nan, 0, 1, 2, 1, 0, np.nan], atol=1e-9)
    assert errors.fps == 30


def test_accelerations_never_run_over_holes() -> None:
    valid = np.ones(9, bool)
    valid[4] = False
    errors = shake(make_truth(9, valid_mask=valid), 2)
    nan = np.nan
    np.testing.assert_allclose(errors.acceleration_mm_frame2[:, WRIST], [nan, 1, 2, nan, nan, 0, 0, nan], atol=1e-9)
    sparse = shake(make_truth(5, frame_index=np.array([0, 5, 10, 20, 25]), fps=50.0), 1)
    np.testing.assert_allclose(sparse.acceleration_mm_frame2[:, WRIST], [nan, 2, nan, nan, nan], atol=1e-9)
    assert sparse.fps == 10
    assert np.isnan(shake(make_truth(2), 1).acceleration_mm_frame2).all()


def test_frames_that_are_not_predicted_are_reported() -> None:
    truth = make_truth(6)
    joints = truth.motion.joints_m.copy()
    joints[2, 0, 0] = np.nan
    joints[4] = np.nan
    errors = score("spsnet", replace(truth.motion, joints_m=joints), truth)
    assert errors.dropped == {"not predicted": 2}
    assert errors.frame_index.tolist() == [0, 1, 3, 5]
    assert np.isfinite(errors.mpjpe_mm).all()


def test_joints_without_label_are_masked() -> None:
    truth = make_truth(5)
    joints = truth.motion.joints_m.copy()
    joints[:, 13] = np.nan
    joints[0, 4:] = np.nan
    joints[1, [0, 1, *range(4, 14)]] = np.nan  # hips alone
    errors = score("spsnet", truth.motion, replace(truth, motion=replace(truth.motion, joints_m=joints)))
    assert errors.joint_mask.sum(1).tolist() == [4, 2, 13, 13, 13]
    assert np.isfinite(errors.pa_mpjpe_mm).sum(1).tolist() == [4, 0, 13, 13, 13]
    np.testing.assert_allclose(errors.mpjpe_mm[errors.joint_mask], 0, atol=1e-9)


def test_what_does_not_belong_together_is_refused() -> None:
    truth = make_truth(4)
    with pytest.raises(ValueError, match="'spsnet' compares mpi_inf_3dhp17 joints on mpi-inf-3dhp, the predicted ones"):
        score("spsnet", truth.motion, replace(truth, dataset=MPI_INF_3DHP))
    with pytest.raises(ValueError, match="film_0 has 4 frames, 5 are predicted"):
        score("spsnet", make_truth(5).motion, truth)
    surfaces = [
        replace(truth.motion, vertices_m=np.zeros((4, count, 3)), translation_m=np.zeros((4, 3))) for count in (7, 9)
    ]
    with pytest.raises(ValueError, match="the predicted surface has 7 vertices, the true 9"):
        score("spsnet", surfaces[0], replace(truth, motion=surfaces[1]))
