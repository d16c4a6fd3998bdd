"""Clips as protocols see them: what the truth is made of, and motions laid on a clip's frames."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.body_loops import make_regressor
from reference.made_clips import make_bare_clip, make_clip
from reference.made_measured import make_body, make_truth_clip, place_joints, write_smpl
from spsnet.body import compute_vertices, load_body
from spsnet.evaluation.clip_motions import (
    BodyJoints,
    Reconstruction,
    describe_truth,
    lay_on_frames,
    make_motion,
    make_truth,
    prepare_bodies,
)
from spsnet.evaluation.measured_motion import MotionArrays
from spsnet.evaluation.protocols import get_protocol
from spsnet.evaluation.smpl_bodies import load_smpl
from spsnet.records import UserError
from spsnet.skeletons import get_joint_set

SPSNET, VIBE, SPIN, WHAM = (get_protocol(name) for name in ("spsnet", "vibe", "spin", "wham"))


@pytest.fixture(scope="module")
def smpl(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BodyJoints]:
    return prepare_bodies(load_smpl(write_smpl(tmp_path_factory.mktemp("smpl"))))


def test_without_smpl_the_truth_is_the_data_sets_own_joints() -> None:
    clip = make_truth_clip(frames=3)
    source = describe_truth(clip, SPSNET, {})
    assert (source.text, source.missing_joints) == ("the data set's own joints (smpl24)", ("head_top",))
    truth = make_truth(clip, SPSNET, {})
    lsp, own = get_joint_set("lsp14"), get_joint_set("smpl24")
    assert clip.joints_m is not None
    wrist = truth.motion.joints_m[:, lsp.index("left_wrist")]
    np.testing.assert_array_equal(wrist, clip.joints_m[:, own.index("left_wrist")])
    assert np.isnan(truth.motion.joints_m[:, lsp.index("head_top")]).all()
    assert (truth.name, truth.sequence, truth.fps, truth.image_size_px) == ("street/0", "street", 25.0, (640, 480))


def test_poses_of_smpl_become_joints_and_vertices_of_the_users_smpl(smpl: dict[str, BodyJoints]) -> None:
    clip = make_truth_clip(frames=3)
    assert clip.body is not None
    assert describe_truth(clip, SPSNET, smpl).text == "lsp14 joints of SMPL's surface"
    truth = make_truth(clip, SPSNET, smpl, surface=True).motion
    posed = Reconstruction.from_parameters(clip.frame_index, clip.body)
    body = smpl["female"].body
    vertices = compute_vertices(body, posed.rotations, posed.shape, posed.translation_m)
    assert truth.vertices_m is not None
    np.testing.assert_allclose(truth.vertices_m, vertices, atol=1e-5)
    rows = make_regressor(5, 17)[[6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10]]
    np.testing.assert_allclose(truth.joints_m, np.einsum("jv,tvc->tjc", rows, vertices), atol=1e-5)
    np.testing.assert_array_equal(truth.translation_m, clip.body.translation_m)
    assert make_truth(clip, SPSNET, smpl).motion.vertices_m is None


def test_gender_is_the_protocols(smpl: dict[str, BodyJoints]) -> None:
    clip = make_truth_clip(frames=2)
    only = {"female": smpl["female"]}
    assert make_truth(clip, SPSNET, only)
    with pytest.raises(UserError, match=r"3dpw: street/0 needs SMPL's neutral body, which --smpl does not hold"):
        make_truth(clip, VIBE, only)
    with pytest.raises(UserError, match="needs SMPL's male body"):
        make_truth(replace(clip, gender="male"), SPSNET, only)


def test_smpl_without_the_regressor_leaves_3dpw_its_own_joints(tmp_path: Path) -> None:
    bare = prepare_bodies(load_smpl(write_smpl(tmp_path, regressor=False)))
    clip = make_truth_clip(frames=2)
    assert describe_truth(clip, SPSNET, bare).text == "the data set's own joints (smpl24)"
    assert not bare["neutral"].can_tell("lsp14")
    assert bare["neutral"].can_tell("smpl24")
    posed = Reconstruction.from_parameters(clip.frame_index, make_body(2))
    with pytest.raises(UserError, match=r"SMPL_NEUTRAL has no regressor for lsp14; put J_regressor_h36m\.npy beside"):
        bare["neutral"].compute("lsp14", posed)


def test_3dhps_joints_are_taken_from_h36ms_rows() -> None:
    posed = Reconstruction.from_parameters(np.arange(2), make_body(2))
    joints = BodyJoints(body=load_body()).compute("mpi_inf_3dhp17", posed)
    np.testing.assert_allclose(joints, place_joints(make_body(2), "mpi_inf_3dhp17"))
    assert not np.allclose(joints[:, get_joint_set("mpi_inf_3dhp17").index("head_top")], 0)


def test_vibes_truth_passes_float16_and_others_do_not(smpl: dict[str, BodyJoints]) -> None:
    clip = make_truth_clip(frames=3)
    assert clip.body is not None
    fine = make_truth(clip, SPSNET, smpl).motion.joints_m
    rough = make_truth(clip, VIBE, smpl).motion.joints_m
    rounded = replace(clip.body, pose_rad=clip.body.pose_rad.astype(np.float16).astype(np.float64))
    expected = make_truth(replace(clip, body=rounded), SPSNET, smpl).motion.joints_m
    np.testing.assert_allclose(rough, expected, atol=1e-7)
    assert np.abs(rough - fine).max() > 1e-5


def test_the_mask_of_3dpw_is_of_its_camera_and_others_of_the_annotation() -> None:
    mask = np.array([True, False, True])
    truth = make_truth(make_truth_clip(frames=3, valid_mask=mask), SPSNET, {})
    np.testing.assert_array_equal(truth.camera_valid_mask, mask)
    assert truth.valid_mask.all()
    truth = make_truth(make_truth_clip("mpi-inf-3dhp", frames=3, valid_mask=mask), SPSNET, {})
    np.testing.assert_array_equal(truth.valid_mask, mask)
    assert truth.camera_valid_mask is None


def test_spins_root_is_found_whatever_the_joints(smpl: dict[str, BodyJoints]) -> None:
    clip = make_truth_clip(frames=2)
    own = make_truth(clip, SPIN, {}).motion
    assert clip.joints_m is not None
    np.testing.assert_array_equal(own.pelvis_m, clip.joints_m[:, 0])
    posed = make_truth(clip, SPIN, smpl).motion
    assert clip.body is not None
    parts = Reconstruction.from_parameters(clip.frame_index, clip.body)
    np.testing.assert_allclose(posed.pelvis_m, smpl["female"].compute("h36m17", parts)[:, 0])
    assert make_motion(BodyJoints(body=load_body()), parts, WHAM, "smpl24").pelvis_m is None


def test_what_has_no_truth_for_a_protocol_is_refused() -> None:
    with pytest.raises(UserError, match="walk/1 cannot be measured in 3D: its labels are in the picture alone; give"):
        make_truth(make_bare_clip(), SPSNET, {})
    posed_alone = make_clip(joints_m=None, joint_set=None)
    with pytest.raises(UserError, match="its labels are poses of SMPL; give --smpl DIR"):
        make_truth(posed_alone, SPSNET, {})
    headless = make_clip(body=None, joints_m=np.zeros((5, 14, 3)), joint_set="lsp14")
    with pytest.raises(UserError, match="takes the pelvis for the root, which the lsp14 joints of walk/0 lack"):
        make_truth(headless, SPIN, {})


@given(st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20), min_size=1))
def test_a_motion_is_laid_on_the_frames_it_tells_of(own: set[int], wanted: set[int]) -> None:
    own_index, frames = np.array(sorted(own), int), np.array(sorted(wanted), int)
    joints = np.tile(own_index[:, None, None].astype(float), (1, 14, 3))
    motion = MotionArrays(joints_m=joints, joint_set="lsp14", pelvis_m=joints[:, 0])
    laid = lay_on_frames(motion, own_index, frames)
    assert laid.pelvis_m is not None
    for i, frame in enumerate(frames):
        value = frame if frame in own else np.nan
        np.testing.assert_array_equal(laid.joints_m[i], np.full((14, 3), value))
        np.testing.assert_array_equal(laid.pelvis_m[i], np.full(3, value))
