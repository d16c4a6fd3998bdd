"""Contestants that know the truth, but for a certain fault."""

from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spsnet.body import build_keypoint_model, load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.crops import compute_network_box
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows
from spsnet.evaluation.answers import Answer, place_joints
from spsnet.evaluation.conditions import Bodies, Condition
from spsnet.geometry import axis_angle_to_matrix, translation_to_crop_camera
from spsnet.network.config import FeatureConfig
from spsnet.network.exported import HeadPrediction, SpsHead

JOINTS = build_keypoint_model(load_body(), ("lsp14",))


def hold_still(windows: ObservedWindows, frames: int) -> ObservedWindows:
    """Windows of a single frame, which stays."""

    def repeat(part: Any) -> Any:
        fixed = ("shape", "labelled")
        values = {f.name: getattr(part, f.name) for f in fields(part) if f.name not in fixed}
        longer = {
            name: np.repeat(v, frames, 1) if isinstance(v, np.ndarray) else repeat(v)
            for name, v in values.items()
            if v is not None
        }
        return replace(part, **longer)

    return repeat(windows)  # type: ignore[no-any-return]


def turn_elbow(rotations: np.ndarray, angle_rad: float) -> np.ndarray:
    turned = rotations.copy()
    turned[..., 18, :, :] = turned[..., 18, :, :] @ axis_angle_to_matrix(np.array([0.0, angle_rad, 0.0]))
    return turned


class KnowingHead(SpsHead):
    """Knows each window in turn, and turns the left elbow by `elbow_rad`."""

    def __init__(self, windows: ObservedWindows, elbow_rad: float, features: FeatureConfig) -> None:
        self.config = SimpleNamespace(features=features, body=load_body().name, encoder="blazepose-heavy")
        self.windows, self.elbow_rad, self.features = windows, elbow_rad, []

    def predict(self, features: np.ndarray) -> HeadPrediction:
        i = len(self.features) % len(self.windows)
        self.features.append(features)
        frames = len(features)
        landmarks = self.windows.seen.landmarks_px[i, :frames].astype(np.float64)
        place = self.windows.translation_m[i, :frames]
        return HeadPrediction(
            rotations=turn_elbow(self.windows.rotations[i, :frames], self.elbow_rad),
            shape=self.windows.shape[i],
            camera=translation_to_crop_camera(place, compute_network_box(landmarks), FOCAL_PX, np.zeros(2)),
        )


def give_head(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    windows: ObservedWindows,
    *,
    elbow_rad: float = 0.0,
    features: FeatureConfig | None = None,
) -> KnowingHead:
    """Let every model folder hold this head."""
    head = KnowingHead(windows, elbow_rad, features or FeatureConfig())
    monkeypatch.setattr(SpsHead, "load", lambda model, threads=0: head)
    LandmarkOffsets(encoder="e", body=load_body().name, offset_m=np.zeros((33, 3), np.float32)).save(folder)
    return head


class KnowingContestant:
    """Is wrong by a turned elbow, more so under any condition that is not clean; knows nothing of what is lost."""

    encoder = "blazepose-heavy"

    def __init__(self, name: str, elbow_rad: float) -> None:
        self.rows: tuple[str, ...] = (name,)
        self.elbow_rad = elbow_rad

    def answer(self, condition: Condition) -> list[Answer] | None:
        if condition.name == "lost":
            return None
        angle = self.elbow_rad * (1 if condition.name == "clean" else 2)
        bodies = Bodies(rotations=turn_elbow(condition.truth.rotations, angle), shape=condition.truth.shape)
        return [Answer(joints_m=place_joints(JOINTS, bodies), bodies=bodies)]
