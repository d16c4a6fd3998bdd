"""From an archive of motion to measured windows, as small as can be; only the pictures and the encoder are left out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference.tiny_training import write_mocap
from spsnet.body import BodyModel
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.crops import CropRegion, Look, compute_network_box
from spsnet.datasets.shards import load_windows
from spsnet.geometry import project_points
from spsnet.records import Frame, Observation, Pinhole, UserError
from spsnet.synthesis.appearance import RenderedFrame
from spsnet.synthesis.cameras import CameraConfig
from spsnet.synthesis.scenes import FrameConfig
from spsnet.training.recipe import SynthesisRecipe
from spsnet.training.runs import synthesize

FRAMES = SynthesisRecipe(
    name="frames",
    encoders=("blazepose-heavy",),
    frames=FrameConfig(windows=5, frames=2, windows_per_shard=2, picture_px=64, truncated_share=0.0, seed=1),
)
HELD_OUT = replace(FRAMES, name="held_out", rendered=False, motions="held_out")


class TruthfulEye:
    """In place of renderer, crops and encoder: sees the landmarks where they are."""

    def __init__(self) -> None:
        self.landmarks_px = np.zeros((33, 2))
        self.pictures = 0
        self.looks: dict[int, Look] = {}

    def render(
        self, _rng: Any, body: BodyModel, _appearance: Any, vertices_m: np.ndarray, camera: Pinhole, **_: Any
    ) -> RenderedFrame:
        points = body.regressors["blazepose33"] @ vertices_m
        self.landmarks_px = project_points(points, camera.focal_px, np.array(camera.center_px))
        self.pictures += 1
        shape = (camera.height, camera.width)
        seen = np.ones(shape, bool)
        return RenderedFrame(
            image_rgb=np.zeros((*shape, 3), np.uint8), mask=seen, body_mask=seen, covered_mask=~seen,
            depth_m=np.full(shape, np.inf, np.float32),
        )  # fmt: skip

    def encode(self, _crops: Any) -> Any:
        raise AssertionError("nobody should look")

    def observe(self, _frame: Frame, boxes: dict[int, np.ndarray]) -> dict[int, Observation]:
        self.looks = self.look(None, _frame, dict.fromkeys(boxes), boxes, {})
        return {track: look.observation for track, look in self.looks.items()}

    def look(self, _encode: Any, _frame: Frame, regions: Any, _boxes: Any, _bodies: Any) -> dict[int, Look]:
        landmarks_px = np.concatenate([self.landmarks_px, np.full((33, 1), 0.9)], axis=1)
        seen = Observation(
            box_xys_px=compute_network_box(landmarks_px), landmarks_px=landmarks_px, world_m=np.zeros((33, 3)),
            presence=0.9, feature=None,
        )  # fmt: skip
        region = CropRegion(center_px=(32.0, 32.0), side_px=64.0)
        look = Look(observation=seen, region=region, circle_px=np.eye(2), agreement=1.0, best_agreement=1.0)
        return dict.fromkeys(regions, look)


@pytest.fixture
def eye(monkeypatch: pytest.MonkeyPatch) -> TruthfulEye:
    eye = TruthfulEye()
    monkeypatch.setattr("spsnet.synthesis.scenes.render_frame", eye.render)
    monkeypatch.setattr("spsnet.synthesis.frames.PersonObserver", lambda _encode: eye)
    monkeypatch.setattr("spsnet.synthesis.frames.take_looks", eye.look)
    monkeypatch.setattr("spsnet.synthesis.workers.load_encoder", lambda *_, **__: eye)
    return eye


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_windows_are_made_measured_and_made_again_where_missing(tmp_path: Path, eye: TruthfulEye) -> None:
    mocap, frames = write_mocap(tmp_path / "mocap"), tmp_path / "frames"
    assert list(synthesize(FRAMES, mocap, frames)) == [1, 2, 3, 4, 5]
    made = read_all(frames)
    assert {name for name in made if name.startswith("shard")} == {f"shard_{i:05d}.safetensors" for i in range(3)}
    assert {"index.json", "landmarks.json", "noise.json"} < set(made)
    assert json.loads(made["index.json"])["recipe"]["name"] == "frames"
    windows = load_windows(frames)
    assert windows.seen.landmarks_px.shape == (5, 2, 33, 3)
    assert windows.seen.present_mask.all()
    # What is seen where it is has no offset.
    assert np.abs(LandmarkOffsets.load(frames).offset_m).max() < 1e-3

    (frames / "shard_00001.safetensors").unlink()
    eye.pictures = 0
    assert list(synthesize(FRAMES, mocap, frames)) == [1, 2, 3, 4, 5]
    assert eye.pictures == 2 * 2
    assert read_all(frames) == made


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
    near = replace(FRAMES, cameras=CameraConfig(distance_m=(3.0, 3.0)), motions="held_out")
    list(synthesize(near, mocap, tmp_path / "near"))
    np.testing.assert_allclose(load_windows(tmp_path / "near").translation_m[..., 2], 3, atol=1e-4)
    assert not (tmp_path / "near" / "noise.json").exists()  # held-out windows teach nothing


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    mocap = write_mocap(tmp_path / "mocap", ("train/walk/walk_1",))
    with pytest.raises(UserError, match="simulated windows need --frames: a folder of rendered ones"):
        list(synthesize(replace(HELD_OUT, motions="training"), mocap, tmp_path / "out"))
    with pytest.raises(UserError, match="mocap holds no motion of the kind 'held_out'"):
        list(synthesize(HELD_OUT, mocap, tmp_path / "out", fit=tmp_path))
    with pytest.raises(UserError, match="nowhere holds none of"):
        list(synthesize(FRAMES, tmp_path / "nowhere", tmp_path / "out"))
