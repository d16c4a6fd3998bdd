"""The user's SMPL: which file is which gender, and the joints that evaluations regress."""

from pathlib import Path

import numpy as np
import pytest

from reference import old_pickles
from reference.body_loops import make_body_arrays, make_regressor
from reference.made_measured import make_trap, write_smpl
from spsnet.evaluation.smpl_bodies import REGRESSOR_FILE, load_smpl
from spsnet.records import UserError


def test_files_are_told_by_the_gender_in_their_names(tmp_path: Path) -> None:
    for seed, name in enumerate(("SMPL_FEMALE.npz", "basicModel_m_lbs_10_207_0_v1.0.0.npz", "smpl_neutral.npz")):
        np.savez(tmp_path / name, **make_body_arrays(seed))  # type: ignore[arg-type]
    (tmp_path / "basicmodel_readme.txt").touch()
    bodies = load_smpl(tmp_path)
    assert {gender: body.name for gender, body in bodies.items()} == {
        "neutral": "smpl_neutral",
        "male": "basicModel_m_lbs_10_207_0_v1.0.0",
        "female": "SMPL_FEMALE",
    }
    np.testing.assert_allclose(bodies["female"].template_m, make_body_arrays(0)["v_template"], atol=1e-6)
    assert bodies["male"].regressors == {}


def test_pickles_as_they_are_handed_out_are_read(tmp_path: Path) -> None:
    (tmp_path / "basicmodel_f_lbs_10_207_0_v1.1.0.pkl").write_bytes(old_pickles.smpl_file(make_body_arrays(4)))
    assert list(load_smpl(tmp_path)) == ["female"]


def test_the_regressor_gives_h36m_and_lsp(tmp_path: Path) -> None:
    body = load_smpl(write_smpl(tmp_path))["neutral"]
    rows = make_regressor(5, 17)
    np.testing.assert_allclose(body.regressors["h36m17"], rows, atol=1e-6)
    # LSP's 14 of H3.6M's 17: right ankle first, head top last.
    order = [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10]
    np.testing.assert_allclose(body.regressors["lsp14"], rows[order], atol=1e-6)


def test_what_is_not_there_or_not_right_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere: no such folder of SMPL bodies; register at"):
        load_smpl(tmp_path / "nowhere")
    (tmp_path / "notes.npz").touch()
    with pytest.raises(UserError, match="holds no SMPL body; register at"):
        load_smpl(tmp_path)
    write_smpl(tmp_path, ["female"], regressor=False)
    np.savez(tmp_path / "model_female.npz", **make_body_arrays(0))  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"2 female bodies, SMPL_FEMALE\.npz and model_female\.npz; keep one"):
        load_smpl(tmp_path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((17, 119)), r"should hold numbers of shape \(17, 120\), it is float64 \(17, 119\)"),
        (np.zeros((17, 120), int), "it is int64"),
        (np.full((17, 120), np.nan), "holds numbers that are not finite"),
    ],
)
def test_a_regressor_of_another_body_is_refused(tmp_path: Path, rows: np.ndarray, message: str) -> None:
    write_smpl(tmp_path, ["neutral"], regressor=False)
    np.save(tmp_path / REGRESSOR_FILE, rows)
    with pytest.raises(UserError, match=message):
        load_smpl(tmp_path)


def test_a_damaged_regressor_is_refused(tmp_path: Path) -> None:
    write_smpl(tmp_path, ["neutral"], regressor=False)
    (tmp_path / REGRESSOR_FILE).write_bytes(b"\x93NUMPY")
    with pytest.raises(UserError, match=r"J_regressor_h36m\.npy cannot be read"):
        load_smpl(tmp_path)


def test_a_body_that_asks_to_run_something_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "SMPL_NEUTRAL.pkl").write_bytes(make_trap(tmp_path / "sprung"))
    with pytest.raises(UserError, match=r"SMPL_NEUTRAL\.pkl"):
        load_smpl(tmp_path)
    assert not (tmp_path / "sprung").exists()
