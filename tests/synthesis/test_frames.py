"""Real pictures, drawn small; the encoder is one that always sees the same figure in the middle of its crop."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reference.tiny_training import write_mocap
from spsnet.body import compute_vertices, load_body
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows, load_windows
from spsnet.geometry import project_points
from spsnet.records import EncoderOutput, Observation
from spsnet.synthesis.frames import FrameConfig, synthesize_windows
from spsnet.synthesis.mocap import load_mocap
from spsnet.synthesis.motions import MotionLibrary

CONFIG = FrameConfig(windows=3, frames=2, windows_per_shard=2, picture_px=96, seed=4)
Picture = tuple[int, int, np.ndarray, Observation]


class FixedEye:
    """Says that the person fills four fifths of the crop, upright."""

    def __init__(self, presence: float = 0.9) -> None:
        self.presence, self.calls = presence, 0

    def __call__(self, crops: np.ndarray) -> EncoderOutput:
        self.calls += 1
        people = len(crops)
        points = np.stack([np.linspace(90, 166, 33), np.linspace(26, 230, 33), np.full(33, 0.8)], axis=1)
        return EncoderOutput(
            landmarks_px=np.tile(points.astype(np.float32), (people, 1, 1)),
            circle_px=np.tile(np.array([[128.0, 128.0], [128.0, 26.0]]), (people, 1, 1)),
            world_m=np.zeros((people, 33, 3), np.float32),
            presence=np.full(people, self.presence, np.float32),
        )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> MotionLibrary:
    return MotionLibrary(load_mocap(write_mocap(tmp_path_factory.mktemp("mocap"), ("train/walk/walk_1",))))


@pytest.fixture(scope="module")
def made(library: MotionLibrary, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Picture]]:
    folder = tmp_path_factory.mktemp("frames")
    pictures: list[Picture] = []
    show: Callable[..., None] = lambda *picture: pictures.append(picture)  # noqa: E731
    assert list(synthesize_windows(library, load_body(), FixedEye(), CONFIG, folder, show=show)) == [1, 2, 3]
    return folder, pictures


def test_every_picture_is_shown_and_every_window_stored(made: tuple[Path, list[Picture]]) -> None:
    folder, pictures = made
    assert [picture[:2] for picture in pictures] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert all(picture[2].shape == (96, 96, 3) for picture in pictures)
    assert sorted(path.name for path in folder.iterdir()) == ["shard_00000.safetensors", "shard_00001.safetensors"]
    windows = load_windows(folder)
    assert windows.seen.present_mask.shape == (3, 2)
    assert windows.seen.present_mask.all()
    np.testing.assert_allclose(windows.seen.landmarks_px[..., 2], 0.8)


def test_a_window_is_one_person_in_one_look_and_windows_differ(made: tuple[Path, list[Picture]]) -> None:
    windows, pictures = load_windows(made[0]), made[1]
    assert (np.abs(np.diff(windows.shape, axis=0)).max(1) > 0.1).all()
    means = [picture[2].reshape(-1, 3).mean(0) for picture in pictures]
    within = np.abs(means[0] - means[1]).max()
    assert within < min(np.abs(means[0] - means[2]).max(), np.abs(means[2] - means[4]).max())


def locate(windows: ObservedWindows, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the person in each frame, at `FOCAL_PX`."""
    vertices = compute_vertices(
        load_body(), windows.rotations[window], windows.shape[window], windows.translation_m[window]
    )
    pixels = project_points(vertices, FOCAL_PX, np.zeros(2))
    return pixels.min(1), pixels.max(1)


def test_landmarks_lie_where_the_true_body_is(made: tuple[Path, list[Picture]]) -> None:
    windows = load_windows(made[0])
    for window in range(3):
        low, high = locate(windows, window)
        seen = windows.seen.landmarks_px[window, ..., :2]
        longer = (high - low).max(1, keepdims=True)
        # The eye's figure is in the middle of the box, which is off by a few hundredths as a detector's is.
        assert (np.abs((seen.min(1) + seen.max(1)) / 2 - (low + high) / 2) < 0.15 * longer).all()
        assert (np.abs(np.ptp(seen[..., 1], axis=1)[:, None] / longer - 1) < 0.35).all()


def test_the_person_is_in_the_picture(made: tuple[Path, list[Picture]]) -> None:
    for _, _, _, seen in made[1]:
        assert (seen.landmarks_px[:, :2].mean(0) > 20).all()
        assert (seen.landmarks_px[:, :2].mean(0) < 76).all()


def test_a_run_that_was_cut_off_makes_the_same_shards(
    library: MotionLibrary, made: tuple[Path, list[Picture]], tmp_path: Path
) -> None:
    # One window less and another size of shard: neither changes what a window is.
    config = replace(CONFIG, windows=2, windows_per_shard=1)
    run = synthesize_windows(library, load_body(), FixedEye(), config, tmp_path)
    assert next(run) == 1
    run.close()  # before the first shard is whole
    assert list(tmp_path.iterdir()) == []
    eye = FixedEye()
    assert list(synthesize_windows(library, load_body(), eye, config, tmp_path)) == [1, 2]
    again, expected = load_windows(tmp_path), load_windows(made[0])
    np.testing.assert_array_equal(again.rotations, expected.rotations[:2])
    np.testing.assert_array_equal(again.seen.landmarks_px, expected.seen.landmarks_px[:2])
    calls = eye.calls
    assert list(synthesize_windows(library, load_body(), eye, config, tmp_path)) == [1, 2]
    assert eye.calls == calls


def test_frames_in_which_nobody_is_seen_are_masked(library: MotionLibrary, tmp_path: Path) -> None:
    config = replace(CONFIG, windows=1, frames=1)
    list(synthesize_windows(library, load_body(), FixedEye(presence=0.3), config, tmp_path))
    assert not load_windows(tmp_path).seen.present_mask.any()


@pytest.mark.parametrize("name", ["windows", "frames", "windows_per_shard", "picture_px"])
def test_empty_work_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"FrameConfig.{name} should be at least 1, got 0"):
        replace(CONFIG, **{name: 0})
