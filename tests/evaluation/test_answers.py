from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.knowing import JOINTS, give_head, hold_still
from reference.made_windows import make_windows
from spsnet.body import load_body
from spsnet.datasets.shards import ObservedWindows
from spsnet.evaluation.answers import Answer, TrainedModel, place_joints
from spsnet.evaluation.conditions import Condition, make_condition, make_conditions
from spsnet.network.config import FeatureConfig
from spsnet.records import UserError

BODY = load_body()


def ask(folder: Path, windows: ObservedWindows) -> list[Answer]:
    answers = TrainedModel("model", folder, BODY).answer(make_condition("clean", windows))
    assert answers is not None
    return answers


def measure_wrists(answer: Answer, condition: Condition) -> float:
    """Mean distance of the left wrist about the left shoulder from the truth, in metres."""
    target = place_joints(JOINTS, condition.truth)
    arms = [joints[:, :, 11] - joints[:, :, 9] for joints in (answer.joints_m, target)]
    return float(np.linalg.norm(arms[0] - arms[1], axis=-1).mean())


def test_a_model_answers_as_it_is_and_refined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    windows = hold_still(make_windows(3, 1), 5)
    head = give_head(monkeypatch, tmp_path, windows)
    model = TrainedModel("model", tmp_path, BODY)
    assert model.rows == ("model", "model + refinement")
    assert model.encoder == "blazepose-heavy"
    plain, refined = ask(tmp_path, windows)
    target = place_joints(JOINTS, make_condition("clean", windows).truth)
    assert plain.joints_m == pytest.approx(target, abs=1e-4)
    assert refined.joints_m == pytest.approx(target, abs=0.02)
    assert plain.bodies is not None
    assert plain.bodies.shape == pytest.approx(windows.shape)
    assert [features.shape for features in head.features] == [(5, 102)] * 3


def test_refinement_brings_a_wrong_elbow_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    windows = hold_still(make_windows(2, 1), 20)
    give_head(monkeypatch, tmp_path, windows, elbow_rad=0.4)
    condition = make_condition("clean", windows)
    plain, refined = (measure_wrists(answer, condition) for answer in ask(tmp_path, windows))
    assert plain == pytest.approx(0.25 * 0.4, rel=0.2)  # a forearm of 25 cm
    assert refined < 0.6 * plain


def test_a_film_begins_and_ends_with_the_person_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    windows = make_windows(3, 5)
    present = windows.seen.present_mask.copy()
    present[0, 3:] = False
    present[1] = False
    windows = replace(windows, seen=replace(windows.seen, present_mask=present))
    head = give_head(monkeypatch, tmp_path, windows)
    plain, _ = ask(tmp_path, windows)
    assert [len(features) for features in head.features] == [3, 5]
    assert plain.bodies is not None
    assert plain.bodies.rotations[1] == pytest.approx(np.tile(np.eye(3), (5, 24, 1, 1)))


def test_frames_that_showed_nobody_do_not_pull(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    windows = hold_still(make_windows(1, 1), 12)
    landmarks, present = windows.seen.landmarks_px.copy(), windows.seen.present_mask.copy()
    landmarks[0, 6, :, :2] += 400
    present[0, 6] = False
    windows = replace(windows, seen=replace(windows.seen, landmarks_px=landmarks, present_mask=present))
    give_head(monkeypatch, tmp_path, windows)
    _, refined = ask(tmp_path, windows)
    assert refined.joints_m == pytest.approx(place_joints(JOINTS, make_condition("", windows).truth), abs=0.03)


def test_models_that_need_the_vector_have_nothing_to_say_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    windows = make_windows(2, 4)
    head = give_head(monkeypatch, tmp_path, windows, features=FeatureConfig(kind="both", vector_width=6))
    model = TrainedModel("model", tmp_path, BODY)
    said = {condition.name: model.answer(condition) for condition in make_conditions(windows)}
    assert [name for name, answers in said.items() if answers is None] == ["swapped", "lost"]
    assert head.features[0].shape == (4, 108)


def test_a_model_for_another_body_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    give_head(monkeypatch, tmp_path, make_windows(1, 2))
    with pytest.raises(UserError, match="was trained on the body 'spsnet-open-body', not on 'other'"):
        TrainedModel("model", tmp_path, replace(BODY, name="other"))
