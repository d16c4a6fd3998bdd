import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from reference.made_windows import make_windows
from reference.tiny_training import replace_seen
from spsnet.body import load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows
from spsnet.evaluation.windows import evaluate_model, score_joints
from spsnet.geometry import axis_angle_to_matrix, translation_to_crop_camera
from spsnet.network.config import FeatureConfig
from spsnet.network.exported import HeadPrediction, SpsHead

SEEN = np.ones((1, 6), bool)


def draw_joints(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(1, 6, 14, 3))


def test_the_truth_scores_nothing_wherever_it_stands() -> None:
    joints = draw_joints()
    for predicted in (joints, joints + np.array([0.3, 0, 2])):
        scores = score_joints(predicted, joints, SEEN)
        assert scores.frames == 6
        assert max(scores.mpjpe_mm, scores.pa_mpjpe_mm, scores.acceleration_mm_frame2) < 1e-6


def test_a_turned_and_scaled_person_is_wrong_before_alignment_only() -> None:
    joints = draw_joints()
    predicted = 1.2 * joints @ axis_angle_to_matrix(np.array([0.0, 1.0, 0.0])).T
    scores = score_joints(predicted, joints, SEEN)
    assert scores.pa_mpjpe_mm < 1e-6
    assert scores.mpjpe_mm > 100


def test_one_joint_that_is_off_by_a_known_length() -> None:
    joints = draw_joints()
    predicted = joints.copy()
    predicted[:, :, 13, 0] += 0.140
    scores = score_joints(predicted, joints, SEEN)
    assert scores.mpjpe_mm == pytest.approx(10)
    assert 0 < scores.pa_mpjpe_mm < 30
    assert scores.acceleration_mm_frame2 < 1e-6


def test_hips_are_the_root() -> None:
    joints = draw_joints()
    predicted = joints.copy()
    predicted[:, :, [2, 3], 1] += 0.01  # both hips up: seen from them, the other twelve are down
    assert score_joints(predicted, joints, SEEN).mpjpe_mm == pytest.approx(10 * 12 / 14)


def test_acceleration_by_hand() -> None:
    joints = draw_joints()
    predicted = joints.copy()
    predicted[:, :, 0, 2] += 0.001 * np.arange(6) ** 2  # a second difference of 2 mm
    scores = score_joints(predicted, joints, SEEN)
    assert scores.acceleration_mm_frame2 == pytest.approx(2 / 14)
    assert scores.acceleration_mm_s2 == pytest.approx(2 / 14 * 900)


def test_masked_frames_do_not_count() -> None:
    joints = draw_joints()
    predicted = joints.copy()
    predicted[:, 4:] += np.random.default_rng(1).normal(size=(2, 14, 3))
    seen = SEEN.copy()
    seen[:, 4:] = False
    scores = score_joints(predicted, joints, seen)
    assert scores.frames == 4
    assert max(scores.mpjpe_mm, scores.pa_mpjpe_mm, scores.acceleration_mm_frame2) < 1e-6
    nobody = score_joints(predicted, joints, np.zeros_like(seen))
    assert nobody.frames == 0
    assert math.isnan(nobody.mpjpe_mm)


class TruthfulHead(SpsHead):
    """Knows each window in turn, and turns the left elbow by `elbow_rad`."""

    def __init__(self, windows: ObservedWindows, elbow_rad: float) -> None:
        self.config = SimpleNamespace(features=FeatureConfig())
        self.windows, self.elbow_rad, self.features = windows, elbow_rad, []

    def predict(self, features: np.ndarray) -> HeadPrediction:
        i = len(self.features)
        self.features.append(features)
        rotations = self.windows.rotations[i].copy()
        rotations[:, 18] = rotations[:, 18] @ axis_angle_to_matrix(np.array([0.0, self.elbow_rad, 0.0]))
        landmarks = self.windows.seen.landmarks_px[i, ..., :2].astype(np.float64)
        low, high = landmarks.min(1), landmarks.max(1)
        boxes = np.concatenate([(low + high) / 2, 1.25 * (high - low).max(1, keepdims=True)], axis=1)
        camera = translation_to_crop_camera(self.windows.translation_m[i], boxes, FOCAL_PX, np.zeros(2))
        return HeadPrediction(rotations=rotations, shape=self.windows.shape[i], camera=camera)


def give_head(
    monkeypatch: pytest.MonkeyPatch, folder: Path, windows: ObservedWindows, elbow_rad: float
) -> TruthfulHead:
    head = TruthfulHead(windows, elbow_rad)
    monkeypatch.setattr(SpsHead, "load", lambda model: head)
    LandmarkOffsets(encoder="e", body=load_body().name, offset_m=np.zeros((33, 3), np.float32)).save(folder)
    return head


def test_a_model_that_knows_the_truth_scores_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    windows = make_windows(3, 5)
    head = give_head(monkeypatch, tmp_path, windows, 0.0)
    scores = evaluate_model(windows, tmp_path)
    assert scores.frames == 15
    assert max(scores.mpjpe_mm, scores.pa_mpjpe_mm, scores.acceleration_mm_frame2) < 0.01
    assert scores.shape_error == pytest.approx(0)
    assert [features.shape for features in head.features] == [(5, 102)] * 3


def test_a_wrong_elbow_moves_one_wrist_of_14_joints_and_refinement_brings_it_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    windows = make_windows(2, 30, unrest=0.0)
    give_head(monkeypatch, tmp_path, windows, 0.3)
    wrong = evaluate_model(windows, tmp_path, window_limit=1)
    assert wrong.frames == 30
    assert wrong.mpjpe_mm == pytest.approx(2 * 250 * math.sin(0.15) / 14, rel=0.2)  # a forearm of a quarter metre
    give_head(monkeypatch, tmp_path, windows, 0.3)
    refined = evaluate_model(windows, tmp_path, window_limit=1, refine=True)
    assert refined.pa_mpjpe_mm < 0.7 * wrong.pa_mpjpe_mm


def test_what_is_not_seen_is_not_met(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    windows = make_windows(1, 30, unrest=0.0)
    seen, present = windows.seen.landmarks_px.copy(), windows.seen.present_mask.copy()
    seen[0, 12, :, :2] += 400
    present[0, 12] = False
    give_head(monkeypatch, tmp_path, windows, 0.0)
    refined = evaluate_model(replace_seen(windows, landmarks_px=seen, present_mask=present), tmp_path, refine=True)
    assert refined.frames == 29
    assert refined.mpjpe_mm < 5


def test_measuring_needs_no_pytorch() -> None:
    program = "import sys; sys.modules['torch'] = None; import spsnet.evaluation.windows"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
