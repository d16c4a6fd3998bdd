"""The user's SMPL-X: 55 joints as 24, measured by SMPL's rows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from reference.body_loops import make_regressor
from reference.made_measured import write_smpl
from reference.made_smplx import make_arrays, make_transfer, pose_slowly, write_smplx
from spsnet.body import build_keypoint_model, compute_keypoints
from spsnet.evaluation.smpl_bodies import load_smpl
from spsnet.evaluation.smplx_bodies import load_smplx
from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_smpl(tmp_path / "smpl")
    write_smplx(folder, make_arrays(), make_transfer())
    return folder


def test_joints_are_those_of_all_55_turned_one_by_one(folder: Path) -> None:
    smpl = load_smpl(folder)
    assert sorted(smpl) == ["female", "male", "neutral"]  # SMPL-X's file is not taken for another neutral body
    body = load_smplx(folder, smpl.values())
    assert body is not None
    rng = np.random.default_rng(0)
    pose, shape, place = rng.normal(0, 0.5, (3, 72)), rng.normal(size=(3, 10)), rng.normal(size=(3, 3))
    rotations = axis_angle_to_matrix(pose.reshape(3, 24, 3))
    joints = compute_keypoints(build_keypoint_model(body, ("h36m17",)), rotations, shape, place)
    arrays, rows = make_arrays(), make_regressor(5, 17) @ make_transfer()
    for frame in range(3):
        expected = rows @ pose_slowly(arrays, pose[frame], shape[frame], place[frame])
        np.testing.assert_allclose(joints[frame], expected, atol=1e-5)


def test_without_all_of_the_files_there_is_no_body(folder: Path) -> None:
    smpl = load_smpl(folder)
    assert load_smplx(folder, []) is None
    (folder / "smplx2smpl_sparse.pt").rename(folder / "other.pt")
    assert load_smplx(folder, smpl.values()) is None
    (folder / "other.pt").rename(folder / "smplx2smpl_sparse.pt")
    (folder / "SMPLX_NEUTRAL.npz").unlink()
    assert load_smplx(folder, smpl.values()) is None


def spoil(key: str, value: np.ndarray | None) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        arrays = {name: array for name, array in make_arrays().items() if name != key}
        write_smplx(folder, arrays if value is None else arrays | {key: value}, make_transfer())

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (spoil("weights", None), r"SMPLX_NEUTRAL\.npz: no array 'weights', which SMPL-X's body has; get the file"),
        (spoil("weights", np.zeros((160, 24))), r"'weights' should have shape \(160, 55\), it is \(160, 24\); get"),
        (spoil("posedirs", np.zeros((160, 3, 207))), r"'posedirs' should have shape \(160, 3, 486\)"),
        (spoil("f", np.full((2, 3), 160)), r"SMPLX_NEUTRAL\.npz: 'f' points outside the 160 points there are; get"),
        (spoil("f", np.array([{}])), r"SMPLX_NEUTRAL\.npz: not a readable \.npz of arrays \(.*\); get the file again"),
        (lambda folder: (folder / "SMPLX_NEUTRAL.npz").write_bytes(b"PK\x03\x04"), "not a readable .npz of arrays"),
        (
            lambda folder: write_smplx(folder, make_arrays(), make_transfer()[:100]),
            r"smplx2smpl_sparse\.pt should hold numbers of shape \(120, 160\), it is float32 \(100, 160\); get",
        ),
        (
            lambda folder: torch.save({"a": 1}, folder / "smplx2smpl_sparse.pt"),
            r"should hold numbers of shape \(120, 160\), it is dict; get the file again",
        ),
        (lambda folder: (folder / "smplx2smpl_sparse.pt").write_bytes(b"x"), r"smplx2smpl_sparse\.pt: "),
    ],
)
def test_damaged_files_are_refused(folder: Path, change: Callable[[Path], object], message: str) -> None:
    change(folder)
    with pytest.raises(UserError, match=message):
        load_smplx(folder, load_smpl(folder).values())
