"""What is planted in simulated landmarks has to be found in them."""

from dataclasses import replace

import numpy as np
import pytest

from reference.tiny_training import CLEAN, observe, replace_seen, simulate_windows
from spsnet.body import load_body
from spsnet.synthesis.landmark_fit import LandmarkFit, fit_landmarks
from spsnet.synthesis.landmarks import SWAPPED, LandmarkNoise

OFFSETS_M = 0.02 * np.random.default_rng(0).normal(size=(33, 3)).astype(np.float32)
STILL = replace(CLEAN, spread=0.0)


def fit(noise: LandmarkNoise, *, offset_m: np.ndarray | None = None, batch: int = 150, frames: int = 6) -> LandmarkFit:
    windows = simulate_windows(batch=batch, frames=frames, noise=noise, offset_m=offset_m)
    return fit_landmarks(observe(windows), load_body())


def test_offsets_are_found_to_a_millimetre_in_clean_landmarks() -> None:
    found = fit(STILL, offset_m=OFFSETS_M)
    assert np.linalg.norm(found.offset_m - OFFSETS_M, axis=1).max() < 1e-3
    assert found.residual_after.max() < 0.1 * found.residual_before.min()
    assert max(*found.noise.constant, *found.noise.smooth, *found.noise.white) < 2e-3
    assert (found.leg_swap_frames, found.trunk_swap_frames, found.outlier_frames) == (0, 0, 0)


def test_offsets_are_found_to_half_a_centimetre_among_all_the_errors() -> None:
    noise = LandmarkNoise(constant=(0.02,) * 33, smooth=(0.02,) * 33, white=(0.01,) * 33)
    off_m = np.linalg.norm(fit(noise, offset_m=OFFSETS_M).offset_m - OFFSETS_M, axis=1)
    assert np.median(off_m) < 0.005
    assert off_m.max() < 0.015


@pytest.mark.parametrize("kind", ["constant", "smooth", "white"])
def test_each_kind_of_error_is_found_to_a_third(kind: str) -> None:
    """Half of what is new from frame to frame is counted as wandering, see `_split_noise`."""
    found = fit(replace(STILL, **{kind: (0.02,) * 33}), frames=24, batch=40).noise
    levels = {name: float(np.mean(getattr(found, name))) for name in ("constant", "smooth", "white")}
    assert levels[kind] == pytest.approx(0.02, rel=0.35)
    assert sum(level**2 for level in levels.values()) ** 0.5 == pytest.approx(0.02, rel=0.1)
    assert levels[kind] == max(levels.values())


def test_a_landmark_keeps_its_own_error() -> None:
    constant = tuple(0.01 + 0.001 * k for k in range(33))
    found = fit(replace(STILL, constant=constant), batch=200, frames=3).noise.constant
    np.testing.assert_allclose(found, constant, rtol=0.25)


def test_exchanged_sides_are_counted_frame_by_frame() -> None:
    windows = observe(simulate_windows(batch=100, frames=6))
    seen, legs, trunk = windows.seen.landmarks_px.copy(), range(25, 33), range(11, 25)
    seen[:30, :4, legs] = seen[:30, :4][:, :, [SWAPPED[k] for k in legs]]
    seen[50:60, :, trunk] = seen[50:60][:, :, [SWAPPED[k] for k in trunk]]
    found = fit_landmarks(replace_seen(windows, landmarks_px=seen), load_body())
    # People seen from the side look the same either way.
    assert 0.75 * 0.2 < found.leg_swap_frames <= 0.2
    assert 0.75 * 0.1 < found.trunk_swap_frames <= 0.1
    assert np.abs(found.offset_m).max() < 0.003
    assert max(found.noise.constant) < 0.005


def test_usual_shares_of_swaps_are_found_to_a_third() -> None:
    noise = replace(STILL, leg_swap_share=0.15, trunk_swap_share=0.08, whole_swap_share=0.05)
    found = fit(noise, batch=300).noise
    assert found.leg_swap_share == pytest.approx(0.15, rel=1 / 3)
    assert found.trunk_swap_share == pytest.approx(0.08, rel=1 / 3)


def test_frames_without_a_person_do_not_count() -> None:
    windows = observe(simulate_windows(batch=40, frames=6, offset_m=OFFSETS_M))
    seen, present = windows.seen.landmarks_px.copy(), windows.seen.present_mask.copy()
    seen[::2, 4:, :, :2], present[::2, 4:] = 1e4, False
    found = fit_landmarks(replace_seen(windows, landmarks_px=seen, present_mask=present), load_body())
    assert np.linalg.norm(found.offset_m - OFFSETS_M, axis=1).max() < 2e-3
    assert found.outlier_frames == 0


def test_limbs_thrown_off_are_counted_as_mistakes_and_not_as_noise() -> None:
    windows = observe(simulate_windows(batch=40, frames=6))
    seen = windows.seen.landmarks_px.copy()
    side_px = np.ptp(seen[..., :2], axis=2).max(-1)
    seen[:10, :, [13, 15, 17, 19, 21], 0] += 0.4 * side_px[:10, :, None]
    found = fit_landmarks(replace_seen(windows, landmarks_px=seen), load_body())
    assert found.outlier_frames == pytest.approx(5 / 33 / 4, rel=0.1)
    assert max(found.noise.constant) < 0.005
