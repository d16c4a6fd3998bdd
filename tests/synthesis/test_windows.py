import numpy as np
import pytest
import torch

from reference.made_noise import make_bank
from spsnet.body import compute_keypoints, load_body
from spsnet.body.landmarks import build_landmark_model
from spsnet.datasets.shards import FOCAL_PX
from spsnet.geometry import project_points
from spsnet.synthesis.batches import TrainingWindows
from spsnet.synthesis.mocap import MotionClip
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.noise_bank import NoiseBank
from spsnet.synthesis.windows import WindowConfig, WindowSimulator

POINTS = build_landmark_model(load_body())
CLEAN = make_bank(frames=33)
NOISY = make_bank(frames=33, residual=torch.randn(3, 33, 33, 2), occluded={"confidence": torch.tensor(0.25)})


def make_simulator(noise: NoiseBank, config: WindowConfig | None = None) -> WindowSimulator:
    still = np.tile(np.eye(3, dtype=np.float32), (40, 24, 1, 1))
    library = MotionLibrary([MotionClip(name="still", rotations=still, root_m=np.zeros((40, 3), np.float32))])
    return WindowSimulator(library, POINTS, noise, config=config)


def sample(noise: NoiseBank, config: WindowConfig | None = None, *, batch: int = 16, seed: int = 0) -> TrainingWindows:
    return make_simulator(noise, config).sample(torch.Generator().manual_seed(seed), batch)


def test_the_same_seed_gives_the_same_windows() -> None:
    first, again, other = (sample(NOISY, seed=seed) for seed in (1, 1, 2))
    for one, two in zip(
        (*first.seen, *first.occluded, *first[2:]), (*again.seen, *again.occluded, *again[2:]), strict=True
    ):
        assert torch.equal(one, two)
    assert not torch.equal(first.seen.landmarks_px, other.seen.landmarks_px)


def test_clean_landmarks_are_the_true_bodys_projection() -> None:
    windows = sample(CLEAN)
    points = compute_keypoints(
        POINTS,
        windows.rotations.flatten(0, 1),
        windows.shape.repeat_interleave(32, 0),
        windows.translation_m.flatten(0, 1),
    )
    expected = project_points(points[:, 24:], FOCAL_PX, torch.zeros(2)).reshape(16, 32, 33, 2)
    torch.testing.assert_close(windows.seen.landmarks_px[..., :2], expected, atol=0.01, rtol=1e-5)
    assert windows.labelled.all()
    assert not windows.has_silhouette.any()


def test_the_box_holds_the_landmarks_as_seen() -> None:
    seen = sample(NOISY).seen
    center, half = seen.box_xys_px[..., None, :2], seen.box_xys_px[..., None, 2:] / 2
    inside = (seen.landmarks_px[..., :2] - center).abs() <= half * 0.8 + 1e-3  # a fifth of the side is margin
    assert inside.all()


def test_masks_begin_with_what_exists_in_both_sights() -> None:
    windows = sample(NOISY, WindowConfig(short_share=1.0), batch=500)
    every = windows.seen.mask
    count = every.sum(1)
    assert (every == (torch.arange(32) < count[:, None])).all()
    assert count.min() == 1
    assert count.max() == 32
    assert torch.equal(windows.occluded.mask, every)
    assert sample(CLEAN, WindowConfig(short_share=0.0)).seen.mask.all()


def test_frames_in_which_nobody_was_seen_are_filled_or_masked() -> None:
    present = torch.ones(33, dtype=torch.bool)
    present[[0, 16, 32]] = False
    seen = sample(make_bank(frames=33, present_mask=present), WindowConfig(frames=33, short_share=0.0)).seen
    assert not seen.mask[:, [0, 32]].any()
    assert seen.mask[:, 1:32].all()
    assert not seen.landmarks_px[:, 16, :, 2].any()


def test_a_bank_without_occluded_sights_leaves_them_masked() -> None:
    assert not sample(CLEAN).occluded.mask.any()
    occluded = sample(NOISY).occluded
    assert occluded.mask.any()
    assert (occluded.landmarks_px[..., 2] == 0.25).all()


def test_observed_windows_are_what_a_batch_is_made_of() -> None:
    config = WindowConfig(frames=9, short_share=0.0)
    observed = make_simulator(NOISY, config).observe(torch.Generator().manual_seed(3), 4)
    batch = sample(NOISY, config, batch=4, seed=3)
    np.testing.assert_array_equal(observed.seen.landmarks_px, batch.seen.landmarks_px)
    np.testing.assert_array_equal(observed.rotations, batch.rotations)
    assert observed.visible_mask.all()
    assert not observed.silhouette_box_xys_px.any()


def test_shapes_have_the_deviation_asked_for() -> None:
    assert not sample(CLEAN, WindowConfig(shape_deviation=0.0)).shape.any()
    assert abs(sample(CLEAN, WindowConfig(frames=2, shape_deviation=2.0), batch=500).shape.std() - 2) < 0.1


def test_longer_windows_than_the_noise_are_refused() -> None:
    with pytest.raises(ValueError, match=r"WindowConfig.frames should be at most the noise's 33, got 34"):
        make_simulator(CLEAN, WindowConfig(frames=34))
