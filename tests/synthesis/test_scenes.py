from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reference.tiny_training import write_mocap
from spsnet.body import load_body
from spsnet.geometry import project_points
from spsnet.synthesis.cameras import CameraConfig
from spsnet.synthesis.mocap import load_mocap
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.scenes import FrameConfig, Scene, sample_scene

CALM = FrameConfig(
    windows=1, frames=3, truncated_share=0.0, crowd_share=0.0, passing_share=0.0, standing_share=0.0, picture_px=64
)
CAMERAS = CameraConfig(tumbling_share=0.0)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> MotionLibrary:
    return MotionLibrary(load_mocap(write_mocap(tmp_path_factory.mktemp("mocap"), ("train/walk/walk_1",))))


def sample(library: MotionLibrary, config: FrameConfig, number: int) -> Scene:
    return sample_scene(np.random.default_rng(number), number, library, load_body(), config, CAMERAS)


def inside(scene: Scene) -> np.ndarray:
    """Share of the person in the picture, frame by frame."""
    pixels = project_points(scene.vertices_m, scene.camera.focal_px, np.array(scene.camera.center_px))
    return ((pixels > 0) & (pixels < scene.camera.width)).all(-1).mean(1)


def test_a_calm_window_holds_the_whole_person_alone(library: MotionLibrary) -> None:
    for number in range(8):
        scene = sample(library, CALM, number)
        assert (inside(scene) == 1).all()
        assert (scene.companions, scene.things) == ((), ())
        np.testing.assert_allclose(scene.progress, [0, 0.5, 1])


def test_truncated_people_are_cut_by_the_border_but_not_away(library: MotionLibrary) -> None:
    config = replace(CALM, truncated_share=1.0)
    shares = np.array([inside(sample(library, config, number)) for number in range(20)])
    assert (shares.min(1) < 0.95).mean() > 0.9
    assert (shares.mean(1) > 0.25).all()


def test_companions_stand_on_the_same_ground_near_by(library: MotionLibrary) -> None:
    config = replace(CALM, crowd_share=1.0)
    cameras = replace(CAMERAS, pitch_mean_deg=0.0, pitch_deviation_deg=0.0, steep_share=0.0, roll_deviation_deg=0.0)
    for number in range(8):
        scene = sample_scene(np.random.default_rng(number), number, library, load_body(), config, cameras)
        assert len(scene.companions) in (1, 2)
        for _, vertices in scene.companions:
            # With a level camera, down is y.
            assert vertices[..., 1].max() == pytest.approx(scene.vertices_m[..., 1].max(), abs=1e-3)
            away = np.linalg.norm((vertices.mean((0, 1)) - scene.vertices_m.mean((0, 1)))[[0, 2]])
            assert 0.2 < away < 2.2
            assert vertices[..., 2].min() >= 0.799


def test_troubles_come_as_often_as_wanted_and_always_if_so_wanted(library: MotionLibrary) -> None:
    def count(config: FrameConfig) -> np.ndarray:
        scenes = [sample(library, replace(config, frames=1), number) for number in range(60)]
        return np.array([[inside(s)[0] < 1, bool(s.companions), bool(s.things)] for s in scenes])

    assert not count(CALM).any()
    assert count(replace(CALM, passing_share=0.5))[:, 2].mean() == pytest.approx(0.5, abs=0.2)
    assert count(replace(CALM, standing_share=1.0))[:, 2].all()
    troubled = count(replace(CALM, always_troubled=True))
    assert troubled.any(1).mean() > 0.9
    assert (troubled.mean(0) > 0.15).all()


@pytest.mark.parametrize("name", ["windows", "frames", "person_windows", "windows_per_shard", "picture_px"])
def test_empty_work_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"FrameConfig.{name} should be at least 1, got 0"):
        replace(CALM, **{name: 0})


@pytest.mark.parametrize("name", ["truncated_share", "crowd_share", "passing_share", "standing_share"])
def test_shares_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"FrameConfig.{name} should be from 0 to 1, got 1.5"):
        replace(CALM, **{name: 1.5})


def test_a_scene_is_drawn(library: MotionLibrary, tmp_path: Path) -> None:
    scene = sample(library, CALM, 0)
    frame = scene.draw(np.random.default_rng(0), 1)
    assert frame.image_rgb.shape == (64, 64, 3)
    assert 0.02 < frame.mask.mean() < 0.6


def test_regions_without_a_size_are_refused():
    with pytest.raises(ValueError, match=r"FrameConfig\.blot_size should be positive, got 0"):
        FrameConfig(windows=1, blot_size=0.0)
