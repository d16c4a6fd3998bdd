from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.knowing import JOINTS
from reference.made_windows import make_windows
from spsnet.body import load_body
from spsnet.datasets.shards import ObservedWindows, save_shard
from spsnet.evaluation.answers import place_joints
from spsnet.evaluation.conditions import Bodies, make_condition
from spsnet.evaluation.linear_map import LinearMap
from spsnet.records import UserError

BODY, ENCODER = load_body(), "blazepose-heavy"


def place(windows: ObservedWindows) -> np.ndarray:
    return place_joints(JOINTS, Bodies(rotations=windows.rotations, shape=windows.shape))


def see_joints(windows: ObservedWindows) -> ObservedWindows:
    """The encoder's first 14 landmarks are our joints about the hips at half the size, 1 m to the right."""
    joints = place(windows)
    world = windows.seen.world_m.copy()
    world[:, :, :14] = 0.5 * (joints - joints[:, :, [2, 3]].mean(2, keepdims=True)) + [1, 0, 0]
    return replace(windows, seen=replace(windows.seen, world_m=world))


def test_a_map_that_exists_is_found(tmp_path: Path) -> None:
    save_shard(tmp_path, 0, {ENCODER: see_joints(make_windows(40, 10, seed=1))})
    held_out = see_joints(make_windows(3, 4, seed=2))
    answers = LinearMap.fit(tmp_path, ENCODER, BODY).answer(make_condition("clean", held_out))
    assert answers is not None
    assert answers[0].bodies is None
    joints = place(held_out)
    expected = joints - joints[:, :, [2, 3]].mean(2, keepdims=True)
    assert answers[0].joints_m == pytest.approx(expected, abs=0.01)


def test_it_is_ridge_regression(tmp_path: Path) -> None:
    windows = make_windows(20, 6)
    save_shard(tmp_path, 0, {ENCODER: windows})
    answers = LinearMap.fit(tmp_path, ENCODER, BODY).answer(make_condition("clean", windows))
    assert answers is not None
    joints = place(windows)
    target = (joints - joints[:, :, [2, 3]].mean(2, keepdims=True)).reshape(120, 42)
    inputs = np.concatenate([windows.seen.world_m.astype(np.float16).reshape(120, 99), np.ones((120, 1))], axis=1)
    padded = np.concatenate([inputs, np.sqrt(1e-6 * 120) * np.eye(100)])
    weight = np.linalg.lstsq(padded, np.concatenate([target, np.zeros((100, 42))]), rcond=None)[0]
    shown = np.concatenate([windows.seen.world_m.reshape(120, 99), np.ones((120, 1))], axis=1)
    assert answers[0].joints_m.reshape(120, 42) == pytest.approx(shown @ weight, abs=1e-3)


def test_frames_without_a_person_and_films_teach_nothing(tmp_path: Path) -> None:
    good, bad = see_joints(make_windows(40, 10, seed=1)), make_windows(6, 10, seed=3)
    bad.seen.present_mask[:3] = False
    bad.labelled[3:] = False
    save_shard(tmp_path / "good", 0, {ENCODER: good})
    save_shard(tmp_path / "mixed", 0, {ENCODER: good})
    save_shard(tmp_path / "mixed", 1, {ENCODER: bad})
    condition = make_condition("clean", make_windows(2, 2))
    said = [LinearMap.fit(tmp_path / name, ENCODER, BODY).answer(condition) for name in ("good", "mixed")]
    assert said[0] is not None
    assert said[1] is not None
    assert said[1][0].joints_m == pytest.approx(said[0][0].joints_m, abs=1e-6)


def test_no_windows_no_map(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no shards"):
        LinearMap.fit(tmp_path, ENCODER, BODY)
