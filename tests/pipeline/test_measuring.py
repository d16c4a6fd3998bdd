"""Data sets measured: models on what was seen, files of results, and somebody who knows the truth but for a fault."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interchange.made_results import READABLE, make_gvhmr, save_tensors
from pipeline.test_lifting import write_model
from reference.body_loops import make_regressor
from reference.made_measured import (
    compute_box,
    make_body,
    make_own_motion,
    make_trap,
    make_truth_clip,
    make_vibe_person,
    place_joints,
    write_clips,
    write_smpl,
    write_vibe,
)
from reference.made_smplx import make_arrays as make_smplx
from reference.made_smplx import make_transfer, pose_slowly, write_smplx
from spsnet.body import load_body
from spsnet.datasets.prepared import PreparedClip, PreparedClips, PreparedIndex, claim_clips
from spsnet.evaluation.clip_motions import BodyJoints, make_truth, prepare_bodies
from spsnet.evaluation.measured_motion import MotionArrays
from spsnet.evaluation.protocols import Protocol, get_protocol
from spsnet.evaluation.smpl_bodies import load_smpl
from spsnet.evaluation.smplx_bodies import load_smplx
from spsnet.interchange import FORMATS, read_results, write_results
from spsnet.pipeline.lifting import Lifter
from spsnet.pipeline.measuring import measure_clips
from spsnet.pipeline.predictors import FilePredictor, ModelPredictor, Prediction, Told
from spsnet.records import UserError
from spsnet.skeletons import get_joint_set

SPSNET, VIBE, SPIN, WHAM = (get_protocol(name) for name in ("spsnet", "vibe", "spin", "wham"))


class Knowing:
    """Says the truth, the right wrist some millimetres aside; finds nobody called so."""

    has_surface = False

    def __init__(self, wrist_mm: float, *, unfound: str = "", from_frame: int = 0) -> None:
        self.name = "knowing"
        self.wrist_mm, self.unfound, self.from_frame = wrist_mm, unfound, from_frame

    def require(self, clips: PreparedClips) -> None:
        pass

    def predict(self, film: Sequence[PreparedClip]) -> Sequence[Told | None]:
        return [None if prepared.clip.name == self.unfound else self._tell(prepared) for prepared in film]

    def _tell(self, prepared: PreparedClip) -> Told:
        def tell(protocol: Protocol, surface: bool) -> Prediction:
            clip = prepared.clip
            joint_set = protocol.get_joint_set(clip.dataset)
            body = clip.body or make_body(len(clip), (-0.5, 0.0, 4.0))
            joints = place_joints(body, joint_set)
            joints[self.from_frame :, get_joint_set(joint_set).index("right_wrist"), 0] += self.wrist_mm / 1000
            return Prediction(MotionArrays(joints_m=joints, joint_set=joint_set), "the truth's")

        return tell


@pytest.fixture
def street(tmp_path: Path) -> PreparedClips:
    """Two people of 40 frames, labelled with LSP's joints; of the first one's the last two have no camera."""
    film = [make_truth_clip(valid_mask=np.arange(40) < 38), make_truth_clip(person=1)]
    labelled = [
        replace(clip, joints_m=place_joints(clip.body, "lsp14"), joint_set="lsp14") for clip in film if clip.body
    ]
    return PreparedClips(write_clips(tmp_path / "3dpw", [labelled]))


def make_h36m(folder: Path, frames: int = 60) -> PreparedClips:
    posed = make_body(frames, (-0.5, 0.0, 4.0))
    films = [
        [make_truth_clip("human36m", name, frames=frames, posed=posed)] for name in ("S9/Walking 1", "S11/Walking 1")
    ]
    return PreparedClips(write_clips(folder, films))


def test_errors_are_those_made_and_everything_is_said(tmp_path: Path) -> None:
    clips = make_h36m(tmp_path / "h36m")
    (one,) = measure_clips(clips, Knowing(34), [SPSNET], {})
    assert one.result.mpjpe_mm.value == pytest.approx(2)  # one of 17 joints
    assert one.result.joint_mpjpe_mm["right_wrist"].value == pytest.approx(34)
    assert (one.result.frames, one.result.total_frames, dict(one.result.dropped)) == (120, 120, {})
    assert (one.true_joints, one.missing_joints) == ("the data set's own joints (h36m17)", ())
    assert one.predicted_joints == "the truth's"
    assert one.data.describe() == "human36m, test split (2 films, 2 people's clips)"
    assert [curve.name for curve in one.curves] == ["S9/Walking 1/0", "S11/Walking 1/0"]
    np.testing.assert_allclose(one.curves[0].mpjpe_mm, np.full(60, 2.0))


def test_worst_frames_are_the_worst_and_a_second_apart(tmp_path: Path) -> None:
    clips = make_h36m(tmp_path / "h36m")
    (one,) = measure_clips(clips, Knowing(34, from_frame=30), [SPSNET], {})
    worst = [(frame.name, frame.frame_index) for frame in one.worst]
    assert worst[:4] == [
        ("S11/Walking 1/0", 30),
        ("S11/Walking 1/0", 55),
        ("S9/Walking 1/0", 30),
        ("S9/Walking 1/0", 55),
    ]
    first = one.worst[0]
    assert first.mpjpe_mm == pytest.approx(2)
    assert first.time_s == pytest.approx(30 / 25)
    wrist = get_joint_set("h36m17").index("right_wrist")
    np.testing.assert_allclose((first.predicted_m - first.true_m)[wrist], [0.034, 0, 0], atol=1e-9)
    np.testing.assert_allclose(first.true_m.mean(0), place_joints(make_body(60, (-0.5, 0, 4)), "h36m17")[30].mean(0))


def test_protocols_share_one_prediction_and_drop_their_own_frames(street: PreparedClips) -> None:
    by_name = {one.result.protocol.name: one for one in measure_clips(street, Knowing(28), [SPSNET, VIBE, WHAM], {})}
    assert by_name["spsnet"].result.mpjpe_mm.value == pytest.approx(2)  # one of 14 joints
    assert by_name["vibe"].result.mpjpe_mm.value == pytest.approx(2, abs=1.5)  # float16
    assert dict(by_name["spsnet"].result.dropped) == {"camera not valid": 2}
    assert dict(by_name["vibe"].result.dropped) == {"tail that fills no clip of 16": 16}
    assert dict(by_name["wham"].result.dropped) == {"first or last frame": 4}
    assert by_name["wham"].result.frames == 76


def test_a_person_who_was_not_found_is_dropped_and_counted(street: PreparedClips) -> None:
    (one,) = measure_clips(street, Knowing(13, unfound="street/1"), [SPSNET], {})
    assert (one.result.frames, one.result.total_frames) == (38, 80)
    assert dict(one.result.dropped) == {"camera not valid": 2, "not predicted": 40}
    (nobody,) = measure_clips(PreparedClips(street.folder), Knowing(0, unfound="street/0"), [SPSNET], {})
    assert nobody.result.frames == 40


def test_a_model_is_lifted_as_a_run_lifts_it(tmp_path: Path) -> None:
    clips = make_h36m(tmp_path / "h36m", frames=12)
    lifter = Lifter(write_model(tmp_path / "model", load_body().name), load_body())
    said = [measure_clips(clips, ModelPredictor("m", lifter, refine=r), [SPSNET, SPIN], {}) for r in (False, True)]
    assert [[one.predictor for one in several] for several in said] == [["m"] * 2, ["m + refinement"] * 2]
    plain, refined = (several[0].result for several in said)
    assert plain.frames == refined.frames == 24
    assert 0 < refined.mpjpe_mm.value < plain.mpjpe_mm.value  # this network knows nothing; landmarks do
    assert said[0][0].predicted_joints == "h36m17 joints of our body"
    assert said[0][1].result.acceleration == {}


def test_a_model_needs_its_own_encoder_and_pictures(tmp_path: Path) -> None:
    lifter = Lifter(write_model(tmp_path / "model", load_body().name), load_body())
    clip = make_truth_clip("human36m", frames=4)
    model = ModelPredictor("m", lifter, refine=False)
    for encoder, message in (
        (None, "blind: nobody looked at the pictures; prepare the data set with them"),
        ("blazepose-full", "blind was seen by blazepose-full, m needs blazepose-heavy; give another model"),
    ):
        folder = tmp_path / str(encoder) / "blind"
        blind = PreparedClips(write_clips(folder, [[clip]], encoder=encoder))
        with pytest.raises(UserError, match=message):
            measure_clips(blind, model, [SPSNET], {})


def test_a_model_that_saw_one_of_two_is_measured_on_one(tmp_path: Path) -> None:
    film = [make_truth_clip(frames=8), make_truth_clip(person=1, frames=8)]
    clips = PreparedClips(write_clips(tmp_path / "3dpw", [film], unseen=["street/1"]))
    lifter = Lifter(write_model(tmp_path / "model", load_body().name), load_body())
    (one,) = measure_clips(clips, ModelPredictor("m", lifter, refine=False), [SPSNET], {})
    assert dict(one.result.dropped) == {"not predicted": 8}


def test_vibes_own_joints_are_taken_without_smpl(street: PreparedClips, tmp_path: Path) -> None:
    clips = [prepared.clip for prepared in street]
    people = [make_vibe_person(clips[1], wrist_mm=26), make_vibe_person(clips[0])]
    path = write_vibe(tmp_path / "vibe_output.pkl", people)
    (one,) = measure_clips(street, FilePredictor(path, "vibe", {}), [SPSNET], {})
    assert one.predictor == "vibe_output (vibe)"
    assert one.predicted_joints == "the file's own joints (spin49)"
    assert one.result.frames == 78
    assert [clip.mpjpe_mm for clip in one.result.sequences] == pytest.approx([0, 26 / 14], abs=1e-3)
    assert one.result.joint_mpjpe_mm["right_wrist"].value == pytest.approx(26 * 40 / 78, abs=1e-2)
    assert one.result.pve_mm is None


def test_tracks_of_one_person_are_joined(street: PreparedClips, tmp_path: Path) -> None:
    clips = [prepared.clip for prepared in street]
    early, late = (make_vibe_person(clips[1], frames=part) for part in (slice(0, 15), slice(20, 40)))
    path = write_vibe(tmp_path / "vibe_output.pkl", [make_vibe_person(clips[0]), late, early])
    (one,) = measure_clips(street, FilePredictor(path, None, {}), [SPSNET], {})
    assert dict(one.result.dropped) == {"camera not valid": 2, "not predicted": 5}


def test_with_smpl_poses_are_posed_and_surfaces_compared(street: PreparedClips, tmp_path: Path) -> None:
    bodies = prepare_bodies(load_smpl(write_smpl(tmp_path / "smpl")))
    clips = [prepared.clip for prepared in street]
    path = write_vibe(tmp_path / "vibe_output.pkl", [make_vibe_person(clip, wrist_mm=50) for clip in clips])
    one, other = measure_clips(street, FilePredictor(path, None, bodies), [SPSNET, VIBE], bodies)
    assert one.predicted_joints == one.true_joints == "lsp14 joints of SMPL's surface"
    assert one.result.mpjpe_mm.value == pytest.approx(0, abs=1e-2)  # the same poses; the file's own joints are not used
    assert one.result.pve_mm is not None
    assert one.result.pve_mm.value == pytest.approx(0, abs=1e-2)
    assert 0 < other.result.mpjpe_mm.value < 2  # what float16 costs
    alone = write_vibe(tmp_path / "alone.pkl", [make_vibe_person(clips[0])])
    (one,) = measure_clips(street, FilePredictor(alone, None, bodies), [SPSNET], bodies)
    assert one.result.pve_mm is not None
    assert dict(one.result.dropped)["not predicted"] == 40


def test_our_own_results_are_posed_with_our_body(tmp_path: Path) -> None:
    body = make_body(20, (-0.5, 0.0, 4.0))
    clips = PreparedClips(
        write_clips(tmp_path / "h36m", [[make_truth_clip("human36m", "S9/Walking 1", frames=20, posed=body)]])
    )
    (tmp_path / "results").mkdir()
    write_results([make_own_motion(body)], tmp_path / "results" / "S9_Walking 1", "spsnet")
    for path in (tmp_path / "results", tmp_path / "results" / "S9_Walking 1"):
        for protocol in (SPSNET, SPIN):
            (one,) = measure_clips(clips, FilePredictor(path, "spsnet", {}), [protocol], {})
            assert one.result.mpjpe_mm.value == pytest.approx(0, abs=1e-3)
            assert one.predicted_joints == f"{protocol.get_joint_set('human36m')} joints of our body"


@pytest.mark.parametrize("name", READABLE)
def test_results_of_every_program_are_measured(tmp_path: Path, name: str) -> None:
    """Each as its program writes it, but for the body, of which the file says that it is SMPL; hands are still."""
    bodies = prepare_bodies(load_smpl(write_smpl(tmp_path / "smpl")))
    posed = [make_body(20, (1.5 * person - 0.5, 0.0, 4.0), seed=person) for person in (0, 1)]
    for body in posed:
        body.pose_rad[:, 66:] = 0
    film = [make_truth_clip(person=person, frames=20, posed=body) for person, body in enumerate(posed)]
    street = PreparedClips(write_clips(tmp_path / "3dpw", [film]))
    people = [
        replace(
            make_own_motion(body),
            person=str(number),
            body="smpl",
            box_xys_px=compute_box(place_joints(body, "lsp14")),
        )
        for number, body in enumerate(reversed(posed), start=1)
    ]
    one_a_file = FORMATS[name].single
    path = tmp_path / "results" / ("street" if one_a_file else f"street{FORMATS[name].suffix}")
    path.parent.mkdir()
    write_results(people, path, name)
    for given in (path, path.parent):
        (one,) = measure_clips(street, FilePredictor(given, None, bodies), [SPSNET], bodies)
        assert (one.result.frames, dict(one.result.dropped)) == (40, {})
        assert one.predicted_joints == "lsp14 joints of SMPL's surface"
        assert one.result.mpjpe_mm.value == pytest.approx(0, abs=1e-2)
        assert one.result.pve_mm is not None
        assert one.result.pve_mm.value == pytest.approx(0, abs=1e-2)


def test_gvhmrs_results_are_measured_on_smplx_and_never_on_smpl(tmp_path: Path) -> None:
    smpl, content = write_smpl(tmp_path / "smpl"), make_gvhmr()
    path = save_tensors(tmp_path / "hmr4d_results.pt", content)
    (person,) = read_results(path, "gvhmr")
    assert person.translation_m is not None
    rows = make_regressor(5, 17) @ make_transfer()
    posed = zip(person.pose_rad, person.shape, person.translation_m, strict=True)
    joints = np.stack([rows @ pose_slowly(make_smplx(), *one) for one in posed])
    clip = make_truth_clip("human36m", frames=len(person), joints_m=joints)
    clips = PreparedClips(write_clips(tmp_path / "h36m", [[clip]], encoder=None))
    bodies = prepare_bodies(load_smpl(smpl))
    remedy = "give --smpl DIR with SMPLX_NEUTRAL.npz, GVHMR's smplx2smpl_sparse.pt and J_regressor_h36m.npy beside"
    with pytest.raises(UserError, match=remedy):
        measure_clips(clips, FilePredictor(path, None, bodies), [SPSNET], bodies)
    write_smplx(smpl, make_smplx(), make_transfer())
    body = load_smplx(smpl, load_smpl(smpl).values())
    assert body is not None
    (one,) = measure_clips(clips, FilePredictor(path, None, bodies, BodyJoints(body=body)), [SPSNET], bodies)
    assert one.predicted_joints == "h36m17 joints of SMPL-X's surface"
    assert one.result.frames == len(person)
    assert one.result.mpjpe_mm.value == pytest.approx(0, abs=1e-2)
    assert one.result.pve_mm is None  # SMPL-X has other vertices than SMPL


def test_what_has_no_labels_in_space_is_refused_first(tmp_path: Path) -> None:
    clip = replace(make_truth_clip("human36m"), joints_m=None, joint_set=None)
    clips = PreparedClips(write_clips(tmp_path / "flat", [[clip]], encoder=None))
    lifter = Lifter(write_model(tmp_path / "model", load_body().name), load_body())
    with pytest.raises(UserError, match="cannot be measured in 3D: its labels are in the picture alone; give --data"):
        measure_clips(clips, ModelPredictor("m", lifter, refine=False), [SPSNET], {})


def test_results_are_found_film_by_film(tmp_path: Path) -> None:
    films = [[make_truth_clip("3dpw", name, frames=6)] for name in ("cafe", "street")]
    clips = PreparedClips(write_clips(tmp_path / "3dpw", films))
    write_vibe(tmp_path / "vibe" / "cafe.pkl", [make_vibe_person(films[0][0])])
    predictor = FilePredictor(tmp_path / "vibe", None, {})
    with pytest.raises(UserError, match="vibe holds no results called street; name each film's file as the film"):
        measure_clips(clips, predictor, [SPSNET], {})
    write_vibe(tmp_path / "vibe" / "street" / "vibe_output.pkl", [make_vibe_person(films[1][0])])
    (one,) = measure_clips(clips, predictor, [SPSNET], {})
    assert one.result.frames == 12
    write_vibe(tmp_path / "vibe" / "street" / "other.pkl", [make_vibe_person(films[1][0])])
    with pytest.raises(UserError, match=r"street holds 2 files of results \(\.pkl, \.npz, \.pt\); leave the"):
        measure_clips(clips, predictor, [SPSNET], {})
    single = FilePredictor(tmp_path / "vibe" / "cafe.pkl", None, {})
    with pytest.raises(UserError, match=r"results of one film, .* has 2; give a folder with a file or folder for each"):
        measure_clips(clips, single, [SPSNET], {})


def test_results_that_cannot_be_measured_are_refused(street: PreparedClips, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: no such file or folder of results; check --predictions"):
        FilePredictor(tmp_path / "nowhere", None, {})
    with pytest.raises(UserError, match="--format 'dance' is none of"):
        FilePredictor(tmp_path, "dance", {})
    person = make_vibe_person(next(iter(street)).clip)
    del person["joints3d"]
    path = write_vibe(tmp_path / "vibe_output.pkl", [person])
    with pytest.raises(UserError, match="holds poses and no joints, and lsp14 joints are compared; give --smpl DIR"):
        measure_clips(street, FilePredictor(path, None, {}), [SPSNET], {})
    trap = tmp_path / "trap.pkl"
    trap.write_bytes(make_trap(tmp_path / "sprung"))
    with pytest.raises(UserError, match=r"trap\.pkl"):
        measure_clips(street, FilePredictor(trap, "vibe", {}), [SPSNET], {})
    assert not (tmp_path / "sprung").exists()


def test_joints_that_a_file_lacks_are_named(street: PreparedClips, tmp_path: Path) -> None:
    path = write_vibe(tmp_path / "vibe.pkl", [make_vibe_person(prepared.clip) for prepared in street])
    everywhere = replace(WHAM, joint_sets={})
    with pytest.raises(UserError, match=r"its spin49 joints lack spine1, .*which are compared; give --smpl DIR"):
        measure_clips(street, FilePredictor(path, None, {}), [everywhere], {})
    clips = PreparedClips(write_clips(tmp_path / "own", [[make_truth_clip(), make_truth_clip(person=1)]]))
    (one,) = measure_clips(clips, FilePredictor(path, None, {}), [SPIN], {})
    assert (one.result.frames, one.missing_joints) == (80, ("head_top",))
    with pytest.raises(UserError, match="takes the pelvis for the root, which the lsp14 joints of street/0 lack"):
        measure_clips(street, FilePredictor(path, None, {}), [SPIN], {})


def test_an_empty_data_set_is_refused(tmp_path: Path) -> None:
    index = PreparedIndex(dataset="3dpw", split="test", encoder=None, options={}, sequences=())
    claim_clips(tmp_path / "3dpw", index)
    with pytest.raises(UserError, match="3dpw holds nobody; prepare another split"):
        measure_clips(PreparedClips(tmp_path / "3dpw"), Knowing(0), [SPSNET], {})


def test_the_truth_measures_nothing_under_every_protocol(tmp_path: Path) -> None:
    clips = PreparedClips(write_clips(tmp_path / "3dhp", [[make_truth_clip("mpi-inf-3dhp", frames=20)]]))
    clip = next(iter(clips)).clip
    for protocol in (SPSNET, SPIN):
        truth = make_truth(clip, protocol, {}).motion
        assert np.isfinite(truth.joints_m).all()
        (one,) = measure_clips(clips, Knowing(0), [protocol], {})
        assert one.result.mpjpe_mm.value == pytest.approx(0, abs=1e-6)
        assert one.result.pck_percent is not None
        assert one.result.pck_percent.value == 100
