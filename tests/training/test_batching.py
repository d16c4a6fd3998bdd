"""Batches of several origins."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reference.made_windows import draw_batch, make_windows
from spsnet.datasets.motion_clips import MotionClip
from spsnet.datasets.shards import WindowSet, save_shard
from spsnet.synthesis.batches import TrainingWindows
from spsnet.synthesis.motions import MotionLibrary
from spsnet.training.batching import BatchConfig, BatchSampler
from spsnet.training.judging import RealMotions

STILL = MotionClip(
    name="still", rotations=np.tile(np.eye(3, dtype=np.float32), (40, 24, 1, 1)), root_m=np.zeros((40, 3), np.float32)
)
ONLY_SIMULATED = BatchConfig(rendered_share=0.0, covered_share=0.0, blind_share=0.0)


def simulate(generator: torch.Generator, count: int, frames: int = 5) -> TrainingWindows:
    return draw_batch(count, frames, seed=int(torch.randint(1000, (1,), generator=generator)))


def simulate_stills(generator: torch.Generator, count: int) -> TrainingWindows:
    return simulate(generator, count, 1)


def write_set(folder: Path, count: int = 4, frames: int = 5) -> WindowSet:
    save_shard(folder, 0, {"blazepose-heavy": make_windows(count, frames, seed=9)})
    return WindowSet(folder)


def test_shares_become_whole_windows() -> None:
    assert BatchConfig(rendered_share=0.4).count_windows(32) == (19, 13, 0)
    assert BatchConfig(rendered_share=7 / 16, film_share=9 / 16).count_windows(16) == (0, 7, 9)
    assert BatchConfig(rendered_share=0.5, film_share=0.5).count_windows(1) == (1, 0, 0)


def test_parts_come_from_their_sources(tmp_path: Path) -> None:
    config = BatchConfig(rendered_share=0.5, covered_share=0.0, blind_share=0.0, stills=3)
    sampler = BatchSampler(
        config,
        5,
        simulate=simulate,
        rendered=write_set(tmp_path / "windows"),
        stills=write_set(tmp_path / "stills", frames=1),
        real_motions=RealMotions(MotionLibrary([STILL]), "heading"),
    )
    batch = sampler(torch.Generator().manual_seed(0), 6)
    assert batch.windows.seen.mask.shape == (6, 5)
    assert batch.stills is not None
    assert batch.stills.seen.mask.shape == (3, 1)
    assert batch.real is not None
    assert batch.real.pose.shape == (6, 4, 72)


def test_simulated_stills_join_the_rendered_ones(tmp_path: Path) -> None:
    config = replace(ONLY_SIMULATED, stills=3, simulated_stills=4)
    sampler = BatchSampler(
        config, 5, simulate=simulate, simulate_stills=simulate_stills, stills=write_set(tmp_path, frames=1)
    )
    stills = sampler(torch.Generator().manual_seed(0), 2).stills
    assert stills is not None
    assert stills.seen.mask.shape == (7, 1)
    rendered = WindowSet(tmp_path).take(np.arange(4)).shape
    is_rendered = [any(np.allclose(shape, one) for one in rendered) for shape in stills.shape.numpy()]
    assert is_rendered == [False] * 4 + [True] * 3


def test_the_same_generator_gives_the_same_batch(tmp_path: Path) -> None:
    sampler = BatchSampler(BatchConfig(), 5, simulate=simulate, rendered=write_set(tmp_path))
    first, second = (sampler(torch.Generator().manual_seed(4), 5).windows for _ in range(2))
    for a, b in zip([*first.seen, *first[2:]], [*second.seen, *second[2:]], strict=True):
        torch.testing.assert_close(a, b)


def test_covered_windows_show_what_the_covered_pictures_do() -> None:
    config = BatchConfig(rendered_share=0.0, covered_share=1.0, blind_share=0.0)
    windows = BatchSampler(config, 5, simulate=simulate)(torch.Generator(), 3).windows
    torch.testing.assert_close(windows.seen.landmarks_px, windows.occluded.landmarks_px)
    whole = BatchSampler(ONLY_SIMULATED, 5, simulate=simulate)(torch.Generator(), 3).windows
    assert not torch.equal(whole.seen.landmarks_px, whole.occluded.landmarks_px)
    torch.testing.assert_close(whole.rotations, windows.rotations)


def test_blind_windows_have_no_widths() -> None:
    config = BatchConfig(rendered_share=0.0, covered_share=0.0, blind_share=1.0)
    windows = BatchSampler(config, 5, simulate=simulate)(torch.Generator(), 3).windows
    assert not windows.seen.widths_px.any()
    assert BatchSampler(ONLY_SIMULATED, 5, simulate=simulate)(torch.Generator(), 3).windows.seen.widths_px.all()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (BatchConfig(rendered_share=1.0), "rendered windows but no source"),
        (BatchConfig(rendered_share=0.0, film_share=1.0), "filmed windows but no source"),
        (BatchConfig(rendered_share=0.0), "simulated windows but nothing to simulate them"),
        (BatchConfig(rendered_share=0.0, simulated_stills=1), "simulated stills but nothing to simulate them"),
    ],
)
def test_a_missing_source_is_named(config: BatchConfig, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BatchSampler(config, 5, simulate=None if "windows but nothing" in message else simulate)(torch.Generator(), 4)


def test_impossible_mixtures_are_refused() -> None:
    with pytest.raises(ValueError, match="at most all"):
        BatchConfig(rendered_share=0.7, film_share=0.7)
    with pytest.raises(ValueError, match="stills should not be negative"):
        BatchConfig(stills=-1)
    with pytest.raises(ValueError, match="simulated_stills should not be negative"):
        BatchConfig(simulated_stills=-1)
    with pytest.raises(ValueError, match=r"blind_share should be from 0 to 1, got 1\.5"):
        BatchConfig(blind_share=1.5)


@pytest.mark.parametrize(("frames", "carried"), [(5, 2), (1, 1)])
def test_no_frame_carries_its_silhouette_twice(frames: int, carried: int) -> None:
    for seed in range(5):
        batch = draw_batch(3, frames, seed=seed, silhouettes=True)
        assert batch.has_silhouette.sum(1).tolist() == [carried] * 3
        assert all(len(set(row.tolist())) == carried for row in batch.silhouette_frame)
