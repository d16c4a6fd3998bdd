import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from body_models.smpl.numpy import SMPL

from reference import old_pickles
from reference.body_loops import SMPL_PARENTS, make_body_arrays, make_regressor
from spsnet.body import build_body, compute_vertices, load_body
from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import UserError


def save(path: Path, arrays: dict[str, Any]) -> Path:
    np.savez(path, **arrays)
    return path


def test_npz_holds_what_the_arrays_say(tmp_path: Path) -> None:
    arrays = make_body_arrays(0)
    body = load_body(save(tmp_path / "SMPL_NEUTRAL.npz", arrays))
    assert body.name == "SMPL_NEUTRAL"
    assert body.parents == SMPL_PARENTS
    np.testing.assert_allclose(body.template_m, arrays["v_template"], rtol=1e-6)
    np.testing.assert_array_equal(body.faces, arrays["f"])
    np.testing.assert_allclose(body.rest_joints_m, arrays["J_regressor"] @ arrays["v_template"], atol=1e-6)
    assert body.uv is None
    assert body.part_labels is None
    assert body.regressors == {}


def test_pickle_of_chumpy_arrays_gives_the_same_body_and_agrees_with_body_models(tmp_path: Path) -> None:
    arrays = make_body_arrays(1)
    path = tmp_path / "SMPL_MALE.pkl"
    path.write_bytes(old_pickles.smpl_file(arrays))
    body = load_body(path)
    same = load_body(save(tmp_path / "SMPL_MALE.npz", arrays))
    rng = np.random.default_rng(2)
    pose, shape = rng.normal(size=(2, 24, 3)).astype(np.float32), rng.normal(size=(2, 10)).astype(np.float32)
    still = np.zeros((2, 3), np.float32)
    vertices = compute_vertices(body, axis_angle_to_matrix(pose), shape, still)
    np.testing.assert_array_equal(vertices, compute_vertices(same, axis_angle_to_matrix(pose), shape, still))
    expected = SMPL(model_path=path).forward_vertices(pose[:, 1:], pelvis_rotation=pose[:, 0], shape=shape)
    np.testing.assert_allclose(vertices, expected, atol=1e-5)


def test_extras_are_read(tmp_path: Path) -> None:
    arrays = make_body_arrays(0) | {
        "name": np.array("open"),
        "regressor_coco17": make_regressor(0, 17),
        "regressor_lsp14": make_regressor(0, 14),
        "part_labels": np.arange(120) % 24,
        "uv": np.random.default_rng(0).random((130, 2)),
        "uv_faces": np.random.default_rng(0).integers(0, 130, (240, 3)),
    }
    body = load_body(save(tmp_path / "a.npz", arrays))
    assert body.name == "open"
    assert set(body.regressors) == {"coco17", "lsp14"}
    assert body.part_labels is not None
    assert body.part_labels.max() == 23
    assert body.uv is not None
    assert body.uv_faces is not None
    np.testing.assert_array_equal(body.uv_faces, arrays["uv_faces"])


def test_first_ten_of_many_shapes_are_used(tmp_path: Path) -> None:
    arrays = make_body_arrays(0)
    many = np.concatenate([arrays["shapedirs"], np.ones((120, 3, 290))], -1)
    body = load_body(save(tmp_path / "a.npz", arrays | {"shapedirs": many}))
    np.testing.assert_allclose(body.shape_directions, arrays["shapedirs"], rtol=1e-6)


def test_the_same_file_is_read_once_and_a_changed_one_again(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", make_body_arrays(0))
    assert load_body(path) is load_body(path)
    first = load_body(path)
    save(path, make_body_arrays(1))
    os.utime(path, (1, 1))
    assert load_body(path) is not first


def test_weights_are_normalised_and_correctives_may_be_absent(tmp_path: Path) -> None:
    arrays = make_body_arrays(0, with_pose=False)
    body = load_body(save(tmp_path / "a.npz", arrays | {"weights": arrays["weights"] * 1.001}))
    np.testing.assert_allclose(body.skinning_weights.sum(1), 1, atol=1e-6)
    assert body.pose_directions is None


@pytest.mark.parametrize("key", ["v_template", "shapedirs", "J_regressor", "kintree_table", "f", "weights"])
def test_a_missing_array_is_named(tmp_path: Path, key: str) -> None:
    arrays = make_body_arrays(0)
    del arrays[key]
    with pytest.raises(UserError, match=rf"broken\.npz: no array '{key}', which a body needs"):
        load_body(save(tmp_path / "broken.npz", arrays))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "v_template",
            np.zeros((120, 2)),
            r"shape \(any, 3\), is float64 \(120, 2\)",
        ),
        ("posedirs", np.zeros((120, 3, 206)), r"'posedirs' should be numbers of shape \(120, 3, 207\)"),
        ("shapedirs", np.zeros((120, 3, 9)), "'shapedirs' holds 9 shapes, 10 are needed"),
        ("J_regressor", np.zeros((24, 119)), r"'J_regressor' should be numbers of shape \(24, 120\)"),
        ("weights", np.zeros((120, 24)), "rows of 'weights' should sum to 1"),
        ("weights", np.full((120, 24), np.nan), "'weights' holds values that are not finite"),
        ("f", np.full((2, 3), 120), "'f' points outside the 120 points"),
        ("kintree_table", np.zeros((2, 23), int), r"'kintree_table' should be numbers of shape \(2, 24\)"),
        ("kintree_table", np.full((2, 24), 23), "each joint's parent before the joint"),
        ("regressor_coco17", np.zeros((17, 7)), r"'regressor_coco17' should be numbers of shape \(any, 120\)"),
        ("v_template", np.full((120, 3), "x"), "'v_template' should be numbers"),
    ],
)
def test_an_array_of_the_wrong_form_is_named(tmp_path: Path, key: str, value: np.ndarray, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_body(save(tmp_path / "broken.npz", make_body_arrays(0) | {key: value}))


def test_files_that_are_no_bodies(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.npz: no such body file"):
        load_body(tmp_path / "gone.npz")
    with pytest.raises(UserError, match="not a readable"):
        load_body(tmp_path)
    path = tmp_path / "a.npz"
    whole = save(tmp_path / "whole.npz", make_body_arrays(0)).read_bytes()
    for content in (b"", b"no zip at all", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"a\.npz: not a readable \.npz"):
            load_body(path)
    np.save(tmp_path / "one.npy", np.zeros(3))
    path.write_bytes((tmp_path / "one.npy").read_bytes())
    with pytest.raises(UserError, match=r"a\.npz: not a readable \.npz"):
        load_body(path)
    np.savez(path, v_template=np.array([{"a": 1}], dtype=object))
    with pytest.raises(UserError, match=r"a\.npz: not a readable \.npz"):
        load_body(path)
    with pytest.raises(UserError, match="holds no table of arrays"):
        build_body([1, 2], Path("list.pkl"))


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("key", ["v_template", "J_regressor", "extra"])
def test_a_pickle_that_runs_code_is_refused_and_runs_nothing(tmp_path: Path, key: str) -> None:
    path, sprung = tmp_path / "SMPL_NEUTRAL.pkl", tmp_path / "sprung"
    path.write_bytes(pickle.dumps({**make_body_arrays(0), key: Trap(sprung)}, protocol=2))
    with pytest.raises(
        UserError, match=r"SMPL_NEUTRAL.pkl: refused, nothing in it was run: it asks for \w+.mkdir; get"
    ):
        load_body(path)
    assert not sprung.exists()
    pickle.loads(path.read_bytes())
    assert sprung.exists()  # the trap is a real one


def test_an_npz_with_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **make_body_arrays(0))
    content = bytearray(path.read_bytes())
    content[1000:1010] = bytes(10)
    path.write_bytes(bytes(content))
    with pytest.raises(UserError, match=r"a\.npz: not a readable"):
        load_body(path)
