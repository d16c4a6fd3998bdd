"""What is planted in what an encoder says has to be found in its noise, and to come back when replayed."""

from dataclasses import fields, replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
import torch

from reference.made_windows import POINTS, make_windows
from reference.tiny_training import replace_seen
from spsnet.body import load_body
from spsnet.datasets.shards import ObservedWindows, WindowSet, save_shard
from spsnet.records import UserError
from spsnet.skeletons import get_joint_set
from spsnet.synthesis.noise_bank import NoiseBank, SightNoise
from spsnet.synthesis.noise_fit import (
    SeenBodies,
    build_noise_bank,
    find_cheapest,
    gather_seen,
    measure_encoder,
    measure_noise,
)
from spsnet.synthesis.replay import simulate_sights

BODY = load_body()
MIRROR = get_joint_set("blazepose33").mirror_index
LEGS, TRUNK, HEAD = list(range(25, 33)), list(range(11, 25)), list(range(11))


@pytest.fixture
def windows() -> ObservedWindows:
    return make_windows(12, 8)


def build(*parts: ObservedWindows) -> NoiseBank:
    return build_noise_bank(parts, POINTS)


def exchange(landmarks: np.ndarray, window: int, frames: slice, members: list[int]) -> None:
    landmarks[window, frames][:, members] = landmarks[window, frames][:, MIRROR[members]].copy()


def test_an_encoder_that_never_errs_leaves_nothing(windows: ObservedWindows) -> None:
    seen = build(windows).seen
    assert seen.residual.abs().max() < 1e-3
    assert (seen.confidence == torch.tensor(0.9).half()).all()
    assert not seen.swapped.any()
    assert seen.present_mask.all()


def test_residuals_are_in_half_boxes(windows: ObservedWindows) -> None:
    landmarks = windows.seen.landmarks_px.copy()
    half = gather_seen(windows, POINTS).view.half_px.numpy()
    landmarks[:, 3, 15, 1] += 0.25 * half[:, 3]
    residual = build(replace_seen(windows, landmarks_px=landmarks)).seen.residual
    torch.testing.assert_close(residual[:, 3, 15, 1].float(), torch.full((12,), 0.25), atol=2e-3, rtol=0)
    residual[:, 3, 15] = 0
    assert residual.abs().max() < 1e-3


def test_reach_is_how_far_the_figure_seen_goes_beyond_the_true_one(windows: ObservedWindows) -> None:
    view = gather_seen(windows, POINTS).view
    half, (x, y) = view.half_px.numpy(), np.moveaxis(view.clean_px.numpy(), -1, 0)
    landmarks = windows.seen.landmarks_px.copy()
    landmarks[:, 3, 15, 0] = x[:, 3].min(-1) - 0.5 * half[:, 3]
    landmarks[:, 4, :, 1] = y[:, 4].min(-1, keepdims=True)
    reach = build(replace_seen(windows, landmarks_px=landmarks)).seen.reach.float()
    torch.testing.assert_close(reach[:, 3, 0], torch.full((12,), 0.5), atol=2e-3, rtol=0)
    torch.testing.assert_close(
        reach[:, 4, 3], -torch.from_numpy(np.ptp(y[:, 4], axis=-1) / half[:, 4]), atol=2e-3, rtol=0
    )
    assert reach[:, [0, 1, 2, 5, 6, 7]].abs().max() < 1e-3


def test_exchanged_sides_are_flagged_and_leave_no_residual(windows: ObservedWindows) -> None:
    landmarks = windows.seen.landmarks_px.copy()
    exchange(landmarks, 0, slice(2, 6), LEGS)
    exchange(landmarks, 1, slice(0, 8), TRUNK)
    exchange(landmarks, 2, slice(5, 8), HEAD + TRUNK + LEGS)
    exchange(landmarks, 3, slice(4, 5), LEGS)
    seen = build(replace_seen(windows, landmarks_px=landmarks)).seen
    expected = torch.zeros(12, 8, 3, dtype=torch.bool)
    expected[0, 2:6, 2] = expected[1, :, 1] = expected[3, 4, 2] = True
    expected[2, 5:] = True
    assert torch.equal(seen.swapped, expected)
    assert seen.residual.abs().max() < 1e-3


def test_the_world_is_measured_under_the_same_exchange(windows: ObservedWindows) -> None:
    view = gather_seen(windows, POINTS).view
    scale = np.array([0.9, 0.8, 0.6], np.float32)
    world, landmarks = view.turned_m.numpy() * scale, windows.seen.landmarks_px.copy()
    exchange(landmarks, 0, slice(0, 8), LEGS)
    exchange(world, 0, slice(0, 8), LEGS)
    world[5, 2, 0, 2] += 0.25
    bank = build(replace_seen(windows, landmarks_px=landmarks, world_m=world))
    np.testing.assert_allclose(bank.world_scale, scale, atol=3e-3)
    residual = bank.seen.world_residual_m
    assert residual[5, 2, 0, 2] == pytest.approx(0.25, abs=3e-3)
    residual[5, 2, 0] = 0
    assert residual.abs().max() < 5e-3


def test_frames_without_a_person_say_nothing_of_sides(windows: ObservedWindows) -> None:
    landmarks, present = windows.seen.landmarks_px.copy(), windows.seen.present_mask.copy()
    exchange(landmarks, 0, slice(3, 4), LEGS)
    present[0, 3] = False
    landmarks[1, 0], present[1, 0] = 1e7, False
    seen = build(replace_seen(windows, landmarks_px=landmarks, present_mask=present)).seen
    assert not seen.swapped.any()
    assert torch.equal(seen.present_mask, torch.from_numpy(present))
    assert torch.isfinite(seen.residual).all()


def test_windows_of_nobody_and_of_films_are_left_out(windows: ObservedWindows) -> None:
    present, labelled, shape = windows.seen.present_mask.copy(), windows.labelled.copy(), windows.shape.copy()
    present[:4], labelled[4:6], shape[4:6] = False, False, np.nan
    bank = build(replace_seen(replace(windows, labelled=labelled, shape=shape), present_mask=present))
    assert len(bank) == 6
    assert torch.isfinite(bank.look_m).all()
    with pytest.raises(UserError, match="show nobody whose pose is known"):
        build(replace(windows, labelled=np.zeros(12, bool)))
    with pytest.raises(UserError, match="show nobody whose pose is known"):
        build()


def assert_same(first: NoiseBank, second: NoiseBank) -> None:
    for one, other in ((first.seen, second.seen), (first.occluded, second.occluded)):
        assert one is not None
        for field in fields(SightNoise):
            torch.testing.assert_close(getattr(one, field.name), getattr(other, field.name), atol=2e-3, rtol=0)
    torch.testing.assert_close(first.look_m, second.look_m)


def test_parts_are_as_good_as_the_whole_and_so_are_shards(windows: ObservedWindows, tmp_path: Path) -> None:
    other = make_windows(5, 8, seed=1)
    save_shard(tmp_path, 0, {"e": windows})
    save_shard(tmp_path, 1, {"e": other})
    fit, bank = measure_encoder(WindowSet(tmp_path), BODY)
    assert np.abs(fit.offset_m).max() < 1e-3
    assert len(bank) == 17
    assert_same(bank, build(windows, other))


def test_the_occluded_sight_is_measured_beside_the_clean_one(windows: ObservedWindows) -> None:
    bank = build(windows)
    assert bank.occluded is not None
    assert bank.occluded.residual.abs().max() > 0.01
    assert float(bank.occluded.confidence.float().mean()) == pytest.approx(0.5, abs=1e-3)
    gathered = gather_seen(windows, POINTS, occluded=True)
    measured = measure_noise(gathered, bank.world_scale, bank.width_map)
    assert torch.equal(measured.residual, bank.occluded.residual)
    alone = replace(windows, occluded=None)
    assert build(alone).occluded is None
    with pytest.raises(ValueError, match="windows should have an occluded sight, they have none"):
        gather_seen(alone, POINTS, occluded=True)


def test_what_was_measured_comes_back_from_its_replay(windows: ObservedWindows) -> None:
    random = np.random.default_rng(0)
    landmarks = windows.seen.landmarks_px.copy()
    landmarks[..., :2] += 8 * random.normal(size=(12, 8, 33, 2))
    for window in range(4):
        exchange(landmarks, window, slice(2, 6), LEGS)
    landmarks[..., 2] = random.uniform(0.2, 0.9, (12, 8, 33))
    bank = build(replace_seen(windows, landmarks_px=landmarks))
    people = gather_seen(windows, POINTS)
    parts = []
    for seed in range(10):
        generator = torch.Generator().manual_seed(seed)
        sight, _ = simulate_sights(generator, people.view.points_m, people.shape, bank)
        said = (sight.landmarks_px, sight.world_m, sight.widths_px, sight.present_mask)
        seen = SeenBodies(people.view, people.shape, *map(torch.from_numpy, said))
        parts.append(measure_noise(seen, bank.world_scale, bank.width_map))
    again, planted = (
        residual.float().std() for residual in (torch.cat([p.residual for p in parts]), bank.seen.residual)
    )
    assert float(again) == pytest.approx(float(planted), rel=0.1)
    swapped = torch.cat([part.swapped for part in parts]).float().mean((0, 1))
    torch.testing.assert_close(swapped, torch.tensor([0.0, 0.0, 4 * 4 / (12 * 8)]), atol=0.06, rtol=0)
    confidence = torch.cat([part.confidence for part in parts]).float()
    assert float(confidence.mean()) == pytest.approx(0.55, abs=0.02)


def test_the_cheapest_course_is_the_best_of_all() -> None:
    cost = torch.randn(2, 20, 7, generator=torch.Generator().manual_seed(0))
    course = find_cheapest(cost, change=0.7)
    for window in range(20):
        states = min(product((0, 1), repeat=7), key=lambda s, w=window: price(s, cost[:, w]))
        assert course[window].int().tolist() == list(states)


def price(states: tuple[int, ...], cost: torch.Tensor) -> float:
    changes = sum(a != b for a, b in pairwise(states))
    return 0.7 * changes + sum(float(cost[state, t]) for t, state in enumerate(states))


def test_windows_of_one_frame() -> None:
    seen = build(make_windows(4, 1)).seen
    assert seen.residual.abs().max() < 1e-3
    assert not seen.swapped.any()
