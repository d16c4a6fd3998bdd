import numpy as np
import torch

from spsnet.body import compute_keypoints, load_body
from spsnet.body.landmarks import build_landmark_model
from spsnet.datasets.motion_clips import MotionClip
from spsnet.geometry import project_points
from spsnet.synthesis.landmarks import LandmarkNoise
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.windows import FOCAL_PX, TrainingWindows, WindowConfig, WindowSimulator

CLEAN = LandmarkNoise(
    constant=(0.0,) * 33,
    smooth=(0.0,) * 33,
    white=(0.0,) * 33,
    leg_swap_share=0.0,
    trunk_swap_share=0.0,
    whole_swap_share=0.0,
    outlier_share=0.0,
    region_jitter=0.0,
)
NOISY = LandmarkNoise(constant=(0.02,) * 33, smooth=(0.02,) * 33, white=(0.01,) * 33)


def sample(
    noise: LandmarkNoise, config: WindowConfig | None = None, *, batch: int = 16, seed: int = 0
) -> TrainingWindows:
    still = np.tile(np.eye(3, dtype=np.float32), (40, 24, 1, 1))
    library = MotionLibrary([MotionClip(name="still", rotations=still, root_m=np.zeros((40, 3), np.float32))])
    simulator = WindowSimulator(library, build_landmark_model(load_body()), noise, config=config)
    return simulator.sample(torch.Generator().manual_seed(seed), batch)


def test_the_same_seed_gives_the_same_windows() -> None:
    first, again, other = (sample(NOISY, seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.landmarks_px, other.landmarks_px)


def test_clean_landmarks_are_the_true_bodys_projection() -> None:
    windows = sample(CLEAN)
    points = compute_keypoints(
        build_landmark_model(load_body()),
        windows.rotations.flatten(0, 1),
        windows.shape.repeat_interleave(32, 0),
        windows.translation_m.flatten(0, 1),
    )
    expected = project_points(points[:, 24:], FOCAL_PX, torch.zeros(2)).reshape(16, 32, 33, 2)
    torch.testing.assert_close(windows.landmarks_px[..., :2], expected, atol=0.01, rtol=1e-5)


def test_the_box_holds_the_landmarks_as_seen() -> None:
    windows = sample(NOISY)
    center, half = windows.box_xys_px[..., None, :2], windows.box_xys_px[..., None, 2:] / 2
    inside = (windows.landmarks_px[..., :2] - center).abs() <= half * 0.8 + 1e-3  # a fifth of the side is margin
    assert inside.all()


def test_masks_begin_with_what_exists() -> None:
    every = sample(CLEAN, WindowConfig(short_share=1.0), batch=500).mask
    count = every.sum(1)
    assert (every == (torch.arange(32) < count[:, None])).all()
    assert count.min() == 1
    assert count.max() == 32
    assert sample(CLEAN, WindowConfig(short_share=0.0)).mask.all()


def test_shapes_have_the_deviation_asked_for() -> None:
    assert not sample(CLEAN, WindowConfig(shape_deviation=0.0)).shape.any()
    assert abs(sample(CLEAN, WindowConfig(frames=2, shape_deviation=2.0), batch=500).shape.std() - 2) < 0.1
