from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from interchange.made_results import FRAMES, HEIGHT, WIDTH, make_gvhmr, make_motion, rewrite, save_tensors
from spsnet.interchange import read_results, torch_files
from spsnet.records import UserError


@pytest.mark.parametrize("is_zip", [True, False])
def test_every_array_comes_back(tmp_path: Path, is_zip: bool) -> None:
    content = make_gvhmr()
    path = tmp_path / "hmr4d_results.pt"
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    (person,) = read_results(path, "gvhmr")
    truth = {key: value.numpy() for key, value in content["smpl_params_incam"].items()}
    np.testing.assert_array_equal(person.pose_rad[:, :3], truth["global_orient"])
    np.testing.assert_array_equal(person.pose_rad[:, 3:66], truth["body_pose"])
    np.testing.assert_array_equal(person.pose_rad[:, 66:], np.zeros((FRAMES, 6)))
    np.testing.assert_array_equal(person.shape, truth["betas"])
    assert person.translation_m is not None
    np.testing.assert_array_equal(person.translation_m, truth["transl"])
    np.testing.assert_array_equal(person.frame_index, np.arange(FRAMES))
    assert person.focal_px == pytest.approx(np.hypot(WIDTH, HEIGHT))
    assert (person.center_px, person.body, person.fps) == ((WIDTH / 2, HEIGHT / 2), "smplx", 30)


def test_one_focal_length_by_hand(tmp_path: Path) -> None:
    content = make_gvhmr()
    content["K_fullimg"][:, 0, 0] = 990
    content["K_fullimg"][:, 1, 1] = 1010
    assert read_results(save_tensors(tmp_path / "a.pt", content), "gvhmr")[0].focal_px == 1000
    del content["K_fullimg"]
    (person,) = read_results(save_tensors(tmp_path / "a.pt", content), "gvhmr")
    assert (person.focal_px, person.center_px) == (None, None)


def test_what_is_written_is_read_by_torch_and_by_us(tmp_path: Path) -> None:
    pose = make_motion().pose_rad
    pose[:, 66:] = 0
    motion = make_motion(body="smplx", pose_rad=pose)
    path = rewrite(motion, tmp_path / "b.pt", "gvhmr")
    written, truth = torch.load(path, weights_only=True), make_gvhmr()
    assert written.keys() == truth.keys() - {"net_outputs", "smpl_params_global"}
    assert {key: value.shape for key, value in written["smpl_params_incam"].items()} == {
        key: value.shape for key, value in truth["smpl_params_incam"].items()
    }
    assert written["K_fullimg"].shape == truth["K_fullimg"].shape
    (read,) = read_results(path, "gvhmr")
    for field in ("pose_rad", "shape", "translation_m", "frame_index"):
        np.testing.assert_array_equal(getattr(read, field), getattr(motion, field), err_msg=field)
    assert (read.person, read.focal_px, read.center_px) == ("1", motion.focal_px, motion.center_px)


def change(key: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda content: content["smpl_params_incam"].update({key: value})


BROKEN: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda content: content.pop("smpl_params_incam"), r"has no 'smpl_params_incam'"),
    (lambda content: content["smpl_params_incam"].pop("transl"), r"'smpl_params_incam', has no 'transl'"),
    (change("body_pose", torch.zeros(FRAMES, 69)), r"'smpl_params_incam', 'body_pose' should be numbers of shape"),
    (change("body_pose", torch.zeros(0, 63)), r"'smpl_params_incam', 'body_pose' holds no frame"),
    (change("betas", torch.full((FRAMES, 10), torch.nan)), r"'smpl_params_incam', 'betas' is not finite in 30 of 30"),
    (change("global_orient", "up"), r"'smpl_params_incam', 'global_orient' should be numbers .* is str"),
    (lambda content: content.update(K_fullimg=torch.zeros(FRAMES, 3, 3)), r"'K_fullimg' should hold positive scales"),
    (lambda content: content.update(smpl_params_incam=torch.zeros(3)), r"should be a table of tensors, is float32"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_broken_files_are_refused(tmp_path: Path, damage: Callable[[dict[str, Any]], object], message: str) -> None:
    content = make_gvhmr()
    damage(content)
    path = save_tensors(tmp_path / "hmr4d_results.pt", content)
    with pytest.raises(UserError, match=message) as caught:
        read_results(path, "gvhmr")
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).endswith("; give the hmr4d_results.pt that GVHMR's demo wrote")


def test_damaged_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = save_tensors(tmp_path / "a.pt", make_gvhmr())
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"hello"):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"a\.pt: not a whole file of PyTorch \(.+\); get the file again"):
            read_results(path, "gvhmr")
    with pytest.raises(UserError, match=r"gone\.pt: no such file; check the path"):
        read_results(tmp_path / "gone.pt", "gvhmr")
    save_tensors(path, {"smpl_params_incam": {"body_pose": np.zeros(3)}})
    with pytest.raises(UserError, match=r"a\.pt: refused, nothing in it was run: it asks for numpy\S+; get the file"):
        read_results(path, "gvhmr")


def test_without_pytorch_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_tensors(tmp_path / "a.pt", make_gvhmr())
    monkeypatch.setattr(torch_files.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"a\.pt: files of PyTorch need it: pip install 'spsnet\[train\]'"):
        read_results(path, "gvhmr")


def test_tensors_of_other_kinds_become_arrays(tmp_path: Path) -> None:
    tensors = {
        "half": torch.ones(2, dtype=torch.bfloat16),
        "sparse": torch.eye(2).to_sparse(),
        "learnt": torch.nn.Parameter(torch.arange(2.0)),
    }
    got = torch_files.load_tensors(save_tensors(tmp_path / "a.pt", tensors))
    np.testing.assert_array_equal(got["half"], [1, 1])
    np.testing.assert_array_equal(got["sparse"], np.eye(2))
    np.testing.assert_array_equal(got["learnt"], [0, 1])
