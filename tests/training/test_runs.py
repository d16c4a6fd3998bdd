"""From an archive of motion to a measured model, all of it as small as can be; only the pictures are left out."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from reference.tiny_training import write_mocap
from spsnet.body import BodyModel, load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.datasets.shards import load_windows
from spsnet.evaluation.answers import TrainedModel
from spsnet.evaluation.comparison import compare
from spsnet.geometry import project_points
from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.network.weights import load_model
from spsnet.pipeline.lifting import Lifter
from spsnet.records import Frame, Observation, Pinhole, UserError
from spsnet.synthesis.cameras import CameraConfig
from spsnet.synthesis.frames import FrameConfig
from spsnet.synthesis.landmarks import LandmarkNoise
from spsnet.synthesis.windows import WindowConfig
from spsnet.training.loop import LoopConfig
from spsnet.training.recipe import SynthesisRecipe, TrainingRecipe
from spsnet.training.runs import load_noise, synthesize, train_recipe

FEATURES = FeatureConfig(use_confidence=False)
FRAMES = SynthesisRecipe(
    name="frames",
    encoders=("blazepose-heavy",),
    frames=FrameConfig(windows=5, frames=2, windows_per_shard=2, picture_px=64, seed=1),
)
HELD_OUT = SynthesisRecipe(
    name="held_out",
    encoders=("blazepose-heavy",),
    frames=FrameConfig(windows=3, frames=9, seed=3),
    rendered=False,
    held_out=True,
)
TRAINING = TrainingRecipe(
    name="tiny",
    version="0.0",
    encoder="blazepose-heavy",
    features=FEATURES,
    network=NetworkConfig(
        feature_width=FEATURES.width, stem_width=8, hidden=8, regressor_activation="leaky_relu", window=8
    ),
    loop=LoopConfig(steps=4, batch=5, epoch_steps=2, report_steps=2),
    windows=WindowConfig(frames=8),
)


class TruthfulEye:
    """In place of renderer, crops and encoder: sees the landmarks where they are."""

    def __init__(self) -> None:
        self.landmarks_px = np.zeros((33, 2))
        self.pictures = 0

    def render(
        self, rng: np.random.Generator, body: BodyModel, appearance: object, vertices_m: np.ndarray, camera: Pinhole
    ) -> SimpleNamespace:
        points = body.regressors["blazepose33"] @ vertices_m
        self.landmarks_px = project_points(points, camera.focal_px, np.array(camera.center_px))
        self.pictures += 1
        return SimpleNamespace(image_rgb=np.zeros((camera.height, camera.width, 3), np.uint8))

    def observe(self, frame: Frame, boxes: Mapping[int, np.ndarray]) -> dict[int, Observation]:
        seen = Observation(
            box_xys_px=np.array([0.0, 0.0, 1.0]),
            landmarks_px=np.concatenate([self.landmarks_px, np.full((33, 1), 0.9)], axis=1),
            world_m=np.zeros((33, 3)),
            presence=0.9,
            feature=None,
        )
        return dict.fromkeys(boxes, seen)


@pytest.fixture
def eye(monkeypatch: pytest.MonkeyPatch) -> TruthfulEye:
    eye = TruthfulEye()
    monkeypatch.setattr("spsnet.synthesis.frames.render_frame", eye.render)
    monkeypatch.setattr("spsnet.synthesis.frames.PersonObserver", lambda encode: eye)
    monkeypatch.setattr("spsnet.training.runs.load_encoder", lambda name: SimpleNamespace(name=name, encode=len))
    return eye


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_from_motion_to_a_measured_model(tmp_path: Path, eye: TruthfulEye) -> None:
    mocap, frames, run = write_mocap(tmp_path / "mocap"), tmp_path / "frames", tmp_path / "run"
    assert list(synthesize(FRAMES, mocap, frames)) == [1, 2, 3, 4, 5]
    made = read_all(frames)
    assert sorted(made) == [
        "index.json",
        "landmarks.json",
        "noise.json",
        *(f"shard_{i:05d}.safetensors" for i in range(3)),
    ]
    assert json.loads(made["index.json"])["recipe"]["name"] == "frames"
    windows = load_windows(frames)
    assert windows.seen.landmarks_px.shape == (5, 2, 33, 3)
    assert windows.seen.present_mask.all()
    # What is seen where it is has neither offset nor noise.
    assert np.abs(LandmarkOffsets.load(frames).offset_m).max() < 1e-3
    assert max(load_noise(frames).constant) < 1e-3

    # What is there stays, what is missing is made again just so.
    (frames / "shard_00001.safetensors").unlink()
    eye.pictures = 0
    assert list(synthesize(FRAMES, mocap, frames)) == [2, 3, 4, 5]
    assert eye.pictures == 2 * 2
    assert read_all(frames) == made

    held_out = tmp_path / "held_out"
    assert list(synthesize(HELD_OUT, mocap, held_out, fit=frames)) == [3]
    measured = load_windows(held_out)
    assert measured.seen.present_mask.all()

    reports = train_recipe(TRAINING, mocap, frames, run)
    assert next(reports).step == 2
    reports.close()
    (last,) = train_recipe(TRAINING, mocap, frames, run, resume=True)
    assert last.step == 4
    assert math.isfinite(last.loss)

    model = run / "model"
    network, config = load_model(model)
    assert (config.name, config.version, config.body) == ("tiny", "0.0", load_body().name)
    # The iterations start from the mean of the motion, the root facing the camera.
    mean = network.regressors.mean_state
    torch.testing.assert_close(mean[:6], torch.tensor([1.0, 0, 0, 0, -1, 0]))
    assert (mean[6:144] != torch.tensor([1.0, 0, 0, 0, 1, 0]).repeat(23)).any()
    assert "80 % simulated landmarks, 20 % rendered windows" in (model / "card.md").read_text()
    Lifter(model, load_body())
    table = next(compare([held_out], [TrainedModel("tiny", model, load_body())], load_body()))
    assert [row.name for row in table.rows] == ["tiny", "tiny + refinement"]
    for row in table.rows:
        assert row.scores is not None
        assert row.scores.frames == 27
        assert 0 < row.scores.pa_mpjpe_mm.value < row.scores.mpjpe_mm < 1000
        assert 0 < row.scores.acceleration_mm_frame2 < 1000


def test_windows_of_two_recipes_are_not_mixed(tmp_path: Path, eye: TruthfulEye) -> None:
    mocap, frames = write_mocap(tmp_path / "mocap"), tmp_path / "frames"
    one = replace(FRAMES, frames=replace(FRAMES.frames, windows=1))
    list(synthesize(one, mocap, frames))
    other = replace(one, frames=replace(one.frames, seed=7))
    with pytest.raises(UserError, match="frames holds windows of another recipe; delete it, or take another folder"):
        next(synthesize(other, mocap, frames))
    # More windows of the same recipe are welcome: the shard that was not full is made again.
    two = replace(FRAMES, frames=replace(FRAMES.frames, windows=2))
    assert list(synthesize(two, mocap, frames)) == [1, 2]
    list(synthesize(other, mocap, tmp_path / "other"))
    assert (load_windows(tmp_path / "other").rotations != load_windows(frames).rotations[:1]).any()


def test_people_stand_before_the_recipes_cameras(tmp_path: Path, eye: TruthfulEye) -> None:
    mocap = write_mocap(tmp_path / "mocap")
    near = replace(FRAMES, cameras=CameraConfig(distance_m=(3.0, 3.0)), held_out=True)
    list(synthesize(near, mocap, tmp_path / "near"))
    np.testing.assert_allclose(load_windows(tmp_path / "near").translation_m[..., 2], 3, atol=1e-4)
    assert not (tmp_path / "near" / "noise.json").exists()  # held-out windows teach nothing


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    mocap = write_mocap(tmp_path / "mocap", ("train/walk/walk_1",))
    with pytest.raises(UserError, match="simulated windows need --frames: a folder of rendered ones"):
        list(synthesize(replace(HELD_OUT, held_out=False), mocap, tmp_path / "out"))
    with pytest.raises(UserError, match="mocap holds no motion that is held out"):
        list(synthesize(HELD_OUT, mocap, tmp_path / "out", fit=tmp_path))
    with pytest.raises(UserError, match=r"landmarks\.json cannot be read; .*`spsnet synthesize` of a rendered recipe"):
        list(train_recipe(TRAINING, mocap, tmp_path / "frames", tmp_path / "run"))
    with pytest.raises(UserError, match="nowhere holds none of"):
        list(synthesize(FRAMES, tmp_path / "nowhere", tmp_path / "out"))
    assert not (tmp_path / "run").exists()


def test_windows_of_another_encoder_are_refused(tmp_path: Path) -> None:
    LandmarkOffsets(encoder="blazepose-full", body="b", offset_m=np.zeros((33, 3), np.float32)).save(tmp_path)
    with pytest.raises(UserError, match="was measured on blazepose-full, tiny wants blazepose-heavy"):
        list(train_recipe(TRAINING, tmp_path, tmp_path, tmp_path / "run"))


def test_noise_is_read_as_it_was_written_or_named(tmp_path: Path) -> None:
    noise = LandmarkNoise(constant=(0.01,) * 33, smooth=(0.02,) * 33, white=(0.03,) * 33, leg_swap_share=0.2)
    values = {"constant": [0.01] * 33, "smooth": [0.02] * 33, "white": [0.03] * 33, "leg_swap_share": 0.2}
    (tmp_path / "noise.json").write_text(json.dumps({"noise": values, "outlier_frames": 0.1}))
    assert load_noise(tmp_path) == noise
    for text in ("", "[]", "{}", '{"noise": {"constant": [1]}}', '{"noise": {"loudness": 1}}'):
        (tmp_path / "noise.json").write_text(text)
        with pytest.raises(UserError, match=r"noise\.json cannot be read \(.*\); `spsnet synthesize` of a rendered"):
            load_noise(tmp_path)
