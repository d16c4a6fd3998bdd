from dataclasses import replace

import pytest
import torch

from spsnet.skeletons import get_joint_set
from spsnet.synthesis.landmarks import LandmarkNoise, simulate_landmarks

NOTHING = LandmarkNoise(
    constant=(0.0,) * 33,
    smooth=(0.0,) * 33,
    white=(0.0,) * 33,
    spread=0.0,
    leg_swap_share=0.0,
    trunk_swap_share=0.0,
    whole_swap_share=0.0,
    outlier_share=0.0,
    region_jitter=0.0,
)
LEFT = [1, 2, 3, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31]
RIGHT = [4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32]


def make_clean(batch: int = 400, frames: int = 32) -> torch.Tensor:
    """A figure 100 by 160 units: half its box is 100."""
    figure = torch.rand(33, 2, generator=torch.Generator().manual_seed(5)) * torch.tensor([100.0, 160.0])
    figure[0], figure[1] = torch.tensor([0.0, 0.0]), torch.tensor([100.0, 160.0])
    return figure.expand(batch, frames, 33, 2).clone()


def simulate(noise: LandmarkNoise, clean: torch.Tensor | None = None, seed: int = 0) -> torch.Tensor:
    return simulate_landmarks(torch.Generator().manual_seed(seed), make_clean() if clean is None else clean, noise)


def choose(landmark: int, sigma: float) -> tuple[float, ...]:
    return tuple(sigma if k == landmark else 0.0 for k in range(33))


def test_no_noise_gives_the_landmarks_and_a_high_confidence() -> None:
    seen = simulate(NOTHING)
    torch.testing.assert_close(seen[..., :2], make_clean(), atol=1e-4, rtol=0)
    assert seen[..., 2].min() >= 0.87
    assert seen[..., 2].max() <= 0.97


def test_the_same_generator_gives_the_same_landmarks() -> None:
    noise = LandmarkNoise(constant=(0.02,) * 33, smooth=(0.02,) * 33, white=(0.01,) * 33)
    first, again, other = (simulate(noise, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_left_and_right_are_those_of_the_joint_set() -> None:
    names = get_joint_set("blazepose33").joint_names
    assert [names[k].replace("left", "right") for k in LEFT] == [names[k] for k in RIGHT]


def test_constant_error_stays_through_a_window() -> None:
    error = (simulate(replace(NOTHING, constant=choose(7, 0.03))) - simulate(NOTHING))[..., :2]
    assert error[:, :, [k for k in range(33) if k != 7]].abs().max() == 0
    moved = error[:, :, 7]
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved), atol=1e-3, rtol=0)
    assert abs(moved[:, 0].std() - 3) < 0.25  # 0.03 of half a box, 100


def test_white_error_is_new_in_every_frame() -> None:
    moved = (simulate(replace(NOTHING, white=choose(7, 0.03))) - simulate(NOTHING))[:, :, 7, :2]
    assert abs(moved.std() - 3) < 0.1
    neighbours = (moved[:, 1:] * moved[:, :-1]).mean() / moved.square().mean()
    assert abs(neighbours) < 0.03


def test_smooth_error_wanders_over_eight_frames() -> None:
    moved = (simulate(replace(NOTHING, smooth=choose(7, 0.03))) - simulate(NOTHING))[:, :, 7, :2]
    assert abs(moved.std() - 3) < 0.15
    for lag, expected in ((1, 0.984), (8, 0.368), (16, 0.018)):  # exp(−lag² / 64)
        correlation = (moved[:, lag:] * moved[:, :-lag]).mean() / moved.square().mean()
        assert abs(correlation - expected) < 0.06


def test_spread_multiplies_a_whole_window() -> None:
    noise = replace(NOTHING, white=(0.03,) * 33)
    plain = (simulate(noise) - simulate(NOTHING))[..., :2]
    spread = (simulate(replace(noise, spread=0.4)) - simulate(NOTHING))[..., :2]
    ratio = (spread.square().mean((1, 2, 3)) / plain.square().mean((1, 2, 3))).sqrt().log()
    assert abs(ratio.std() - 0.4) < 0.04
    assert abs(ratio.mean()) < 0.06


@pytest.mark.parametrize(
    ("field", "members"),
    [
        ("leg_swap_share", range(25, 33)),
        ("trunk_swap_share", range(11, 25)),
        ("whole_swap_share", range(33)),
    ],
)
def test_swaps_exchange_left_and_right_for_a_stretch(field: str, members: range) -> None:
    clean = make_clean()
    seen = simulate(replace(NOTHING, **{field: 1.0}), clean)[..., :2]
    swapped = clean.clone()
    for left, right in zip(LEFT, RIGHT, strict=True):
        if left in members:
            swapped[:, :, [left, right]] = clean[:, :, [right, left]]
    is_swapped = (seen - swapped).abs().amax((2, 3)) < 1e-3
    is_clean = (seen - clean).abs().amax((2, 3)) < 1e-3
    assert (is_swapped | is_clean).all()
    changes = (is_swapped[:, 1:] != is_swapped[:, :-1]).sum(1)
    assert changes.max() <= 2  # one stretch a window
    # Two uniform ends lie a third of the window apart.
    assert abs(is_swapped.float().mean() - 1 / 3) < 0.06


def test_a_share_of_the_windows_is_swapped() -> None:
    clean = make_clean(3000)
    moved = (simulate(replace(NOTHING, leg_swap_share=0.2), clean)[..., :2] - clean).abs().amax((1, 2, 3)) > 1e-3
    # A few chosen stretches fall between two frames.
    assert 0.15 < moved.float().mean() < 0.22


def test_outliers_throw_one_limb_off_and_lower_its_confidence() -> None:
    clean = make_clean(2000)
    seen = simulate(replace(NOTHING, outlier_share=1.0, outlier_size=0.25), clean)
    off = (seen[..., :2] - clean).norm(dim=-1)
    thrown = off > 1e-3
    assert not thrown[..., [*range(13), 23, 24]].any()
    assert (seen[..., 2][thrown] < 0.71).all()
    assert (seen[..., 2][~thrown & (torch.arange(33) < 13)] > 0.86).all()
    for limb in ([13, 15, 17, 19, 21], [26, 28, 30, 32]):
        hit = thrown[..., limb].any(-1).any(-1).float().mean()
        assert 0.18 < hit < 0.27
    # A normal offset of 0.25 half boxes an axis: the mean square of its length is 2 · 25².
    assert abs(off[thrown].square().mean().sqrt() / (25 * 2**0.5) - 1) < 0.1


def test_region_jitter_moves_and_scales_the_whole_figure() -> None:
    clean = make_clean()
    seen = simulate(replace(NOTHING, region_jitter=0.01), clean)[..., :2]
    low, high = clean.amin(2), clean.amax(2)
    shift = (seen.amin(2) + seen.amax(2) - low - high) / 2
    growth = (seen.amax(2) - seen.amin(2)) / (high - low)
    torch.testing.assert_close(growth[..., 0], growth[..., 1], atol=1e-4, rtol=0)
    assert abs(shift.std() - 1) < 0.05
    assert abs(growth.std() - 0.01) < 0.0005


def test_noise_grows_with_the_figure_and_moves_with_it() -> None:
    noise = LandmarkNoise(constant=(0.02,) * 33, smooth=(0.02,) * 33, white=(0.01,) * 33)
    clean = make_clean(20)
    small, large = simulate(noise, clean), simulate(noise, 3 * clean + 1000)
    torch.testing.assert_close(large[..., :2], 3 * small[..., :2] + 1000, atol=0.02, rtol=0)
    assert torch.equal(large[..., 2], small[..., 2])


def test_one_frame() -> None:
    noise = LandmarkNoise(constant=(0.02,) * 33, smooth=(0.02,) * 33, white=(0.01,) * 33)
    assert torch.isfinite(simulate(noise, make_clean(3, 1))).all()
