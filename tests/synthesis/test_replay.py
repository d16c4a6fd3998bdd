"""What a bank holds has to come back on other bodies, and nothing else."""

from dataclasses import fields

import numpy as np
import pytest
import torch
from torch import Tensor

from reference.made_noise import make_bank
from reference.made_windows import POINTS, make_windows
from spsnet.datasets.shards import Sight
from spsnet.synthesis.noise_bank import NoiseBank
from spsnet.synthesis.noise_fit import gather_seen
from spsnet.synthesis.replay import balance_windows, simulate_sights
from spsnet.synthesis.views import LOOKED_MIRROR, exchange_sides, mirror_points, view_landmarks

PEOPLE = gather_seen(make_windows(60, 5), POINTS)
VIEW = PEOPLE.view
LOOKED = VIEW._replace(turned_m=torch.arange(33.0)[:, None].expand(1, 1, 33, 3)).look_m[0, 0, :, 0].long()
DEPTH = torch.tensor([1.0, 1.0, 0.25])
"""Depth counts a quarter in a look."""
HIPS_LOOKED = [LOOKED.tolist().index(k) for k in (23, 24)]


def simulate(bank: NoiseBank, seed: int = 0, frames: int = 5) -> Sight:
    generator = torch.Generator().manual_seed(seed)
    return simulate_sights(generator, VIEW.points_m[:, :frames], PEOPLE.shape, bank)[0]


def measure_residual(sight: Sight) -> Tensor:
    """In half box sides."""
    frames = sight.landmarks_px.shape[1]
    moved = torch.from_numpy(sight.landmarks_px[..., :2]) - VIEW.clean_px[:, :frames]
    return moved / VIEW.half_px[:, :frames, None, None]


def choose(landmark: int, *values: float) -> Tensor:
    """Zeros but for one landmark."""
    return torch.nn.functional.one_hot(torch.tensor(landmark), 33)[:, None] * torch.tensor(values)


def test_an_encoder_that_never_errs_says_the_truth() -> None:
    sight = simulate(make_bank(world_scale=torch.tensor([0.9, 1.0, 0.5])))
    np.testing.assert_allclose(sight.landmarks_px[..., :2], VIEW.clean_px, atol=1e-3)
    assert (sight.landmarks_px[..., 2] == 0.75).all()
    np.testing.assert_allclose(sight.world_m, VIEW.turned_m * torch.tensor([0.9, 1.0, 0.5]), atol=1e-6)
    assert sight.present_mask.all()
    assert not sight.widths_px.any()
    assert sight.feature.shape == (60, 5, 0)


def test_the_same_generator_gives_the_same_sights() -> None:
    bank = make_bank(residual=torch.randn(3, 5, 33, 2))
    first, again, other = (simulate(bank, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(getattr(first, field.name), getattr(again, field.name)) for field in fields(Sight))
    assert not np.array_equal(first.landmarks_px, other.landmarks_px)


def test_an_error_comes_back_in_half_boxes_as_it_was_or_in_the_mirror() -> None:
    residual = measure_residual(simulate(make_bank(residual=choose(13, 0.2, 0.1))))
    left, right = residual[:, :, 13], residual[:, :, 14]
    mirrored = right.abs().sum((1, 2)) > 0
    assert 0.25 < mirrored.float().mean() < 0.75
    played = torch.where(mirrored[:, None, None], right * torch.tensor([-1.0, 1.0]), left)
    scale = played[..., 0] / 0.2
    torch.testing.assert_close(played[..., 1], 0.1 * scale, atol=1e-3, rtol=0)
    torch.testing.assert_close(scale, scale[:, :1].expand(-1, 5), atol=1e-3, rtol=0)  # one for a window
    assert scale.log().std() == pytest.approx(0.15, rel=0.3)
    others = [k for k in range(33) if k not in (13, 14)]
    assert residual[:, :, others].abs().max() < 1e-4
    torch.testing.assert_close(left + right * torch.tensor([-1.0, 1.0]), played)  # never on both sides


def test_no_landmark_goes_further_out_than_the_encoder_went() -> None:
    everybody = torch.ones(33, 1)
    reach = torch.tensor([0.1, 9.0, 0.3, -0.2])
    sight = simulate(make_bank(residual=everybody * torch.tensor([0.6, 0.6]), reach=reach))
    seen, half = torch.from_numpy(sight.landmarks_px[..., :2]), VIEW.half_px[..., None]
    high = (seen.amax(2) - VIEW.clean_px.amax(2)) / half
    low = (VIEW.clean_px.amin(2) - seen.amin(2)) / half
    torch.testing.assert_close(high[..., 1], torch.full((60, 5), -0.2), atol=1e-3, rtol=0)
    out = torch.maximum(high[..., 0], low[..., 0])  # to the left in the mirror
    torch.testing.assert_close(out, torch.full((60, 5), 0.3), atol=1e-3, rtol=0)
    assert (high[:, 0, 0] > 0).float().mean() == pytest.approx(0.5, abs=0.25)


def test_a_window_is_played_from_the_first_frame_to_the_last_or_backwards() -> None:
    time = torch.arange(5)[:, None, None] * choose(0, 0.0, 0.1)
    residual = measure_residual(simulate(make_bank(residual=time)))[:, :, 0, 1]
    forward = residual[:, 4] > residual[:, 0]
    assert 0.25 < forward.float().mean() < 0.75
    played = torch.where(forward[:, None], residual, residual.flip(1))
    torch.testing.assert_close(played, played[:, 4:] * torch.arange(5) / 4, atol=1e-3, rtol=0)


def test_shorter_windows_are_any_stretch() -> None:
    time = torch.arange(5)[:, None, None] * choose(0, 0.0, 0.1)
    residual = measure_residual(simulate(make_bank(residual=time), frames=2))[:, :, 0, 1]
    earlier = residual.amin(1) / (residual[:, 1] - residual[:, 0]).abs()
    assert set(earlier.round().int().tolist()) == {0, 1, 2, 3}


def test_exchanged_sides_are_exchanged_on_the_new_body() -> None:
    swapped = torch.tensor([[False, False, True], [True, True, True], [False, True, False], *[[False] * 3] * 2])
    sight = simulate(make_bank(swapped=swapped))
    for seen, world, clean, turned in zip(
        torch.from_numpy(sight.landmarks_px[..., :2]), torch.from_numpy(sight.world_m), VIEW.clean_px, VIEW.turned_m,
        strict=True,
    ):  # fmt: skip
        backward = bool((seen[0] - clean[0]).abs().max() < 1e-3)
        flags = (swapped.flip(0) if backward else swapped)[None]
        torch.testing.assert_close(seen, exchange_sides(clean[None], flags)[0], atol=1e-3, rtol=0)
        torch.testing.assert_close(world, exchange_sides(turned[None], flags)[0], atol=1e-5, rtol=0)


def test_confidence_goes_with_its_landmark_and_nobody_with_its_frame() -> None:
    confidence = 0.5 + 0.25 * torch.nn.functional.one_hot(torch.tensor(15), 33)
    present = torch.arange(5) != 2
    sight = simulate(make_bank(confidence=confidence, present_mask=present))
    sides = sight.landmarks_px[..., [15, 16], 2]
    assert np.array_equal(np.sort(sides, axis=-1), np.broadcast_to([0.5, 0.75], sides.shape))
    assert (sight.landmarks_px[..., 2].sum(-1) == 0.5 * 33 + 0.25).all()
    assert np.array_equal(sight.present_mask, np.broadcast_to(present, (60, 5)))


def test_world_errors_are_metres_along_the_line_of_sight() -> None:
    sight = simulate(make_bank(world_residual_m=choose(0, 0.0, 0.0, 0.3)))
    off = torch.from_numpy(sight.world_m) - VIEW.turned_m
    assert off[:, :, 0, 2].mean() == pytest.approx(0.3, rel=0.1)
    assert off[..., :2].abs().max() < 1e-5
    assert off[:, :, 1:].abs().max() < 1e-5


def test_widths_grow_with_the_body_and_are_unknown_where_they_were() -> None:
    width_map = torch.zeros(12, 14)
    width_map[:, 0], width_map[:, 1] = np.log(0.2), 0.5
    known, residual = torch.zeros(12, dtype=torch.bool), torch.zeros(12)
    known[[0, 4]], residual[4] = True, np.log(2.0)
    sight = simulate(make_bank(width_map=width_map, width_known=known, width_residual=residual))
    assert ((sight.widths_px > 0).sum(-1) == 2).all()
    pixels_per_m = 1000 / VIEW.points_m[:, :, [11, 12, 23, 24], 2].mean(2)
    expected = 0.2 * torch.exp(0.5 * PEOPLE.shape[:, :1]) * pixels_per_m
    np.testing.assert_allclose(sight.widths_px[..., 0], expected, rtol=1e-3)
    arms = sight.widths_px[..., 4] + sight.widths_px[..., 5]  # left as it was, right in the mirror
    assert np.median(arms / expected.numpy()) == pytest.approx(2, rel=0.1)


def test_the_occluded_sight_is_of_the_window_that_the_clean_one_is_of() -> None:
    bank = make_bank(
        residual=torch.tensor([0.1, 0.2, 0.4])[:, None, None, None] * choose(0, 0.0, 1.0),
        occluded={
            "residual": torch.tensor([0.2, 0.4, 0.8])[:, None, None, None] * choose(0, 0.0, 1.0),
            "confidence": torch.tensor(0.25),
        },
    )
    seen, occluded = simulate_sights(torch.Generator().manual_seed(0), VIEW.points_m, PEOPLE.shape, bank)
    assert occluded is not None
    torch.testing.assert_close(measure_residual(occluded), 2 * measure_residual(seen), atol=1e-3, rtol=0)
    assert (occluded.landmarks_px[..., 2] == 0.25).all()
    sizes = measure_residual(seen)[:, 0, 0, 1]
    assert sizes.min() < 0.15 < 0.3 < sizes.max()  # all windows are played


def test_a_window_of_somebody_who_looks_alike_is_played() -> None:
    """One half of the bank is of people like the first, the other of people like the second."""
    look = VIEW.look_m[[0, 1]].repeat(20, 1, 1, 1)
    bank = make_bank(40, look_m=look.half(), residual=torch.tensor([0.0, 0.1]).repeat(20)[:, None, None, None])
    residual = measure_residual(simulate(bank))[:2]
    assert residual[0].abs().max() < 1e-3
    assert residual[1].abs().min() > 0.04


def test_somebody_in_the_mirror_looks_alike_in_the_mirror() -> None:
    still = VIEW.look_m[:1, :1].expand(1, 5, 13, 3)
    other = mirror_points(still, LOOKED_MIRROR)
    residual = choose(13, 0.2, 0.0)
    assert (still - other).abs().max() > 0.05
    for look, landmark in ((still, 13), (other, 14)):
        bank = make_bank(1, look_m=look.half(), residual=residual)
        points = VIEW.points_m[:1, :1].expand(20, 5, 33, 3)
        sight, _ = simulate_sights(torch.Generator(), points, PEOPLE.shape[:1].expand(20, 10), bank)
        moved = torch.from_numpy(sight.landmarks_px[..., :2]) - VIEW.clean_px[:1, :1]
        assert (moved[:, :, landmark].norm(dim=-1) > 1).all()
        assert (moved[:, :, 27 - landmark].norm(dim=-1) < 1e-2).all()


def test_a_stretch_in_which_nobody_was_seen_is_not_played() -> None:
    present = torch.zeros(3, 5, dtype=torch.bool)
    present[0] = present[1, 4] = True
    sight = simulate(make_bank(present_mask=present), frames=2)
    assert sight.present_mask.any(1).all()


def test_longer_windows_than_the_banks_are_refused() -> None:
    with pytest.raises(ValueError, match="points_m should have at most the bank's 4 frames, got 5"):
        simulate(make_bank(frames=4))


@pytest.mark.parametrize("balanced", [True, False])
def test_failures_are_played_as_often_as_they_are_only_if_common_looks_are_reluctant(balanced: bool) -> None:
    """Looks spread about a mean; the encoder errs by how far from it they are."""
    random = torch.Generator().manual_seed(0)
    radius = torch.exp(0.5 * torch.randn(150, 1, 1, 1, generator=random))
    look = (radius * 0.2 * torch.randn(150, 1, 13, 3, generator=random)).expand(-1, 5, -1, -1).clone()
    look[:, :, HIPS_LOOKED] = 0.0
    points = torch.zeros(150, 5, 33, 3)
    points[:, :, LOOKED] = look / DEPTH
    look = look.half()
    reluctance = balance_windows(look) if balanced else torch.zeros(150)
    bank = make_bank(150, look_m=look, reluctance=reluctance, residual=0.01 * radius * choose(0, 0.0, 1.0))
    played = torch.stack([measure_nose(bank, points, seed) for seed in range(8)])
    share = float(played.mean() / radius.mean())
    assert (0.94 < share < 1.08) if balanced else (share < 0.85)


def measure_nose(bank: NoiseBank, points_m: Tensor, seed: int) -> Tensor:
    points_m = points_m + torch.tensor([0.0, 0.0, 50.0])
    generator = torch.Generator().manual_seed(seed)
    sight, _ = simulate_sights(generator, points_m, torch.zeros(len(points_m), 10), bank)
    view = view_landmarks(points_m)
    moved = torch.from_numpy(sight.landmarks_px[:, :, 0, 1]) - view.clean_px[:, :, 0, 1]
    return (moved / view.half_px).mean(1) / 0.01
