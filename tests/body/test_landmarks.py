import json
from pathlib import Path

import numpy as np
import pytest

from reference.body_loops import make_body_arrays, make_regressor
from spsnet.body import BodyModel, build_body, build_keypoint_model, compute_keypoints, load_body
from spsnet.body.landmarks import LandmarkOffsets, build_landmark_model, describe_carriers, find_carriers
from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import UserError

OFFSETS_M = 0.03 * np.random.default_rng(5).normal(size=(33, 3)).astype(np.float32)
REST = np.tile(np.eye(3), (1, 24, 1, 1))


def make_body() -> BodyModel:
    arrays = make_body_arrays(0)
    arrays["regressor_blazepose33"] = make_regressor(1, 33)
    return build_body(arrays, Path("random.npz"))


def place(offset_m: np.ndarray | None, rotations: np.ndarray = REST) -> np.ndarray:
    model = build_landmark_model(make_body(), offset_m)
    return compute_keypoints(model, rotations, np.zeros(10), np.zeros((1, 3)))[0]


def test_joints_come_first_and_landmarks_are_the_regressors() -> None:
    model = build_landmark_model(make_body())
    plain = build_keypoint_model(make_body(), ("smpl24", "blazepose33"))
    assert model.names == plain.names
    assert len(model) == 57
    np.testing.assert_array_equal(model.pair_template_m, plain.pair_template_m)


def test_at_rest_each_landmark_moves_by_its_offset_and_joints_stay() -> None:
    moved = place(OFFSETS_M) - place(None)
    np.testing.assert_allclose(moved[24:], OFFSETS_M, atol=1e-6)
    np.testing.assert_array_equal(moved[:24], 0)


def test_offsets_turn_with_the_body() -> None:
    turn = axis_angle_to_matrix(np.array([0.3, -1.0, 0.5]))
    rotations = REST.copy()
    rotations[:, 0] = turn
    moved = place(OFFSETS_M, rotations) - place(None, rotations)
    np.testing.assert_allclose(moved[24:], OFFSETS_M @ turn.T, atol=1e-6)


def test_an_offset_rides_on_the_joint_that_carries_most() -> None:
    model = build_landmark_model(make_body())
    carriers = find_carriers(model)
    assert carriers.shape == (33,)
    for landmark, pair in enumerate(carriers):
        assert model.pair_keypoint[pair] == 24 + landmark
        own = model.pair_weight[model.pair_keypoint == 24 + landmark]
        assert model.pair_weight[pair] == own.max()
    # Turning a joint turns the offsets of the landmarks that it carries, and of those below it.
    rotations = REST.copy()
    rotations[:, 18] = axis_angle_to_matrix(np.array([0.0, 0.0, np.pi]))
    moved = place(OFFSETS_M, rotations) - place(None, rotations)
    turned = np.isin(model.pair_joint[carriers], (18, 20, 22))
    assert turned.any()
    np.testing.assert_allclose(moved[24:][turned], OFFSETS_M[turned] * [-1, -1, 1], atol=1e-6)
    np.testing.assert_allclose(moved[24:][~turned], OFFSETS_M[~turned], atol=1e-6)


def test_an_offset_turns_with_the_joint_that_it_is_given() -> None:
    share, pair = describe_carriers(build_landmark_model(make_body()))
    joint = np.where(pair >= 0, share, np.inf).argmin(1)
    assert (joint != share.argmax(1)).any()
    rotations = REST.copy()
    rotations[:, 9] = axis_angle_to_matrix(np.array([0.0, 0.0, np.pi]))
    model = build_landmark_model(make_body(), OFFSETS_M, joint)
    moved = compute_keypoints(model, rotations, np.zeros(10), np.zeros((1, 3)))[0] - place(None, rotations)
    turned = (joint >= 9) & (joint != 10) & (joint != 11)
    assert turned.any()
    np.testing.assert_allclose(moved[24:], np.where(turned[:, None], [-1, -1, 1], 1) * OFFSETS_M, atol=1e-6)


def test_a_joint_that_does_not_move_a_landmark_is_refused() -> None:
    body = load_body()
    with pytest.raises(ValueError, match="joint 22 does not move landmark 0"):
        build_landmark_model(body, OFFSETS_M, np.full(33, 22))


def test_joints_come_back_and_older_files_have_none(tmp_path: Path) -> None:
    joint = np.arange(33) % 24
    saved = LandmarkOffsets(encoder="e", body="b", offset_m=OFFSETS_M, joint=joint)
    saved.save(tmp_path)
    again = LandmarkOffsets.load(tmp_path)
    np.testing.assert_array_equal(again.joint, joint)
    path = tmp_path / "landmarks.json"
    values = json.loads(path.read_text())
    del values["joint"]
    path.write_text(json.dumps(values))
    older = LandmarkOffsets.load(tmp_path)
    assert older.joint is None
    usual = build_landmark_model(make_body(), older.offset_m)
    np.testing.assert_array_equal(older.build_model(make_body()).pair_template_m, usual.pair_template_m)


def test_offsets_come_back_to_a_hundredth_of_a_millimetre(tmp_path: Path) -> None:
    LandmarkOffsets(encoder="blazepose-heavy", body="open", offset_m=OFFSETS_M).save(tmp_path)
    again = LandmarkOffsets.load(tmp_path)
    assert (again.encoder, again.body) == ("blazepose-heavy", "open")
    np.testing.assert_allclose(again.offset_m, OFFSETS_M, atol=1e-5)
    assert again.offset_m.dtype == np.float32


def test_a_missing_file_is_named_with_who_writes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"landmarks\.json cannot be read; `spsnet train` and `spsnet synthesize`"):
        LandmarkOffsets.load(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        json.dumps({"encoder": "e", "body": "b"}),
        json.dumps({"encoder": "e", "body": "b", "offset_m": [[0, 0, 0]] * 32}),
        json.dumps({"encoder": "e", "body": "b", "offset_m": [["x", 0, 0]] * 33}),
        json.dumps({"encoder": "e", "body": "b", "offset_m": [[0, 0, 0]] * 33, "joint": [0] * 32}),
        json.dumps({"encoder": "e", "body": "b", "offset_m": [[0, 0, 0]] * 33, "joint": [24] * 33}),
    ],
)
def test_a_foreign_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "landmarks.json").write_text(text)
    with pytest.raises(UserError, match=r"landmarks\.json is not a list of landmark offsets: "):
        LandmarkOffsets.load(tmp_path)


def test_a_body_without_the_landmarks_is_refused() -> None:
    body = build_body(make_body_arrays(0), Path("random.npz"))
    with pytest.raises(ValueError, match="has no regressor for 'blazepose33'"):
        build_landmark_model(body)
