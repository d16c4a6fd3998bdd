"""Real pictures, drawn small; the encoder is one that always sees the same figure in the middle of its crop."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reference.fixed_eye import FixedEye
from reference.tiny_training import write_mocap
from spsnet.body import compute_vertices, load_body
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows, load_windows
from spsnet.geometry import project_points
from spsnet.synthesis.cameras import CameraConfig
from spsnet.synthesis.frames import Exposure, WindowMaker, make_shard, make_windows, plan_shards
from spsnet.synthesis.mocap import load_mocap
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.scenes import FrameConfig

CONFIG = FrameConfig(
    windows=3, frames=2, windows_per_shard=2, picture_px=96, truncated_share=0.0, crowd_share=0.0, passing_share=0.0,
    standing_share=0.0, seed=4,
)  # fmt: skip
Picture = tuple[int, int, Exposure]


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> WindowMaker:
    library = MotionLibrary(load_mocap(write_mocap(tmp_path_factory.mktemp("mocap"), ("train/walk/walk_1",))))
    return WindowMaker(
        library=library, body=load_body(), encoders={"a": FixedEye()}, config=CONFIG, cameras=CameraConfig()
    )


@pytest.fixture(scope="module")
def made(maker: WindowMaker, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Picture]]:
    folder, pictures = tmp_path_factory.mktemp("frames"), []
    shown = replace(maker, show=lambda *picture: pictures.append(picture))
    assert list(make_windows(shown, folder)) == [1, 2, 3]
    return folder, pictures


def test_every_picture_is_shown_and_every_window_stored(made: tuple[Path, list[Picture]]) -> None:
    folder, pictures = made
    assert [picture[:2] for picture in pictures] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert all(exposure.image_rgb.shape == (96, 96, 3) for _, _, exposure in pictures)
    assert sorted(path.name for path in folder.iterdir()) == ["shard_00000.safetensors", "shard_00001.safetensors"]
    windows = load_windows(folder)
    assert windows.seen.present_mask.shape == (3, 2)
    assert windows.seen.present_mask.all()
    assert windows.labelled.all()
    np.testing.assert_allclose(windows.seen.landmarks_px[..., 2], 0.8)


def test_a_window_is_one_person_in_one_look_and_windows_differ(made: tuple[Path, list[Picture]]) -> None:
    windows, pictures = load_windows(made[0]), made[1]
    assert (np.abs(np.diff(windows.shape, axis=0)).max(1) > 0.1).all()
    means = [exposure.image_rgb.reshape(-1, 3).mean(0) for _, _, exposure in pictures]
    within = np.abs(means[0] - means[1]).max()
    assert within < min(np.abs(means[0] - means[2]).max(), np.abs(means[2] - means[4]).max())


def test_windows_in_a_row_may_share_a_person(maker: WindowMaker) -> None:
    shared = replace(maker, config=replace(CONFIG, person_windows=2, frames=1))
    first, second, third = (shared.make_window(i)["a"] for i in (2, 3, 4))
    np.testing.assert_array_equal(first.shape, second.shape)
    assert (first.translation_m != second.translation_m).any()
    assert (second.shape != third.shape).any()


def project_body(windows: ObservedWindows, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the person in each frame, at `FOCAL_PX`."""
    vertices = compute_vertices(
        load_body(), windows.rotations[window], windows.shape[window], windows.translation_m[window]
    )
    pixels = project_points(vertices, FOCAL_PX, np.zeros(2))
    return pixels.min(1), pixels.max(1)


def test_landmarks_and_silhouettes_lie_where_the_true_body_is(made: tuple[Path, list[Picture]]) -> None:
    windows = load_windows(made[0])
    for window in range(3):
        low, high = project_body(windows, window)
        seen = windows.seen.landmarks_px[window, ..., :2]
        longer = (high - low).max(1, keepdims=True)
        # The eye's figure is in the middle of the box, which is off by a few hundredths as a detector's is.
        assert (np.abs((seen.min(1) + seen.max(1)) / 2 - (low + high) / 2) < 0.15 * longer).all()
        assert (np.abs(np.ptp(seen, axis=1).max(1, keepdims=True) / longer - 1) < 0.35).all()
        box = windows.silhouette_box_xys_px[window]
        np.testing.assert_allclose(box, np.concatenate([(low + high) / 2, 1.1 * longer], axis=1), rtol=1e-3, atol=0.1)
        for outline, corners in zip(windows.silhouette[window], (high - low) / (1.1 * longer) * 64, strict=True):
            sides = [np.ptp(np.flatnonzero(outline.any(axis))) + 1 for axis in (0, 1)]
            np.testing.assert_allclose(sides, corners, atol=4)


def test_widths_are_counted_in_common_pixels(made: tuple[Path, list[Picture]]) -> None:
    windows = load_windows(made[0])
    # The eye's mask has no end, so that nothing can be measured.
    assert (windows.seen.widths_px == 0).all()


def test_occluded_pictures_differ_in_patches_and_are_seen_through_the_same_region(
    made: tuple[Path, list[Picture]],
) -> None:
    windows, pictures = load_windows(made[0]), made[1]
    assert windows.occluded is not None
    np.testing.assert_array_equal(windows.seen.landmarks_px, windows.occluded.landmarks_px)
    assert (windows.seen.feature != windows.occluded.feature).any(-1).all()
    for _, _, exposure in pictures:
        changed = (exposure.image_rgb != exposure.occluded_rgb).any(-1)
        assert 0.02 < changed.mean() < 0.98


def test_all_look_once_through_the_region_that_the_last_finds(maker: WindowMaker) -> None:
    heavy, full = FixedEye(), FixedEye()
    single = replace(maker, config=replace(CONFIG, frames=1), encoders={"heavy": heavy, "full": full})
    windows = single.make_window(0)
    assert (heavy.calls, full.calls) == (2, 3)
    np.testing.assert_array_equal(windows["heavy"].seen.landmarks_px, windows["full"].seen.landmarks_px)
    np.testing.assert_array_equal(windows["heavy"].rotations, windows["full"].rotations)


def test_a_run_that_was_cut_off_makes_the_same_shards(
    maker: WindowMaker, made: tuple[Path, list[Picture]], tmp_path: Path
) -> None:
    # One window less and another size of shard: neither changes what a window is.
    eye = FixedEye()
    other = replace(maker, config=replace(CONFIG, windows=2, windows_per_shard=1), encoders={"a": eye})
    run = make_windows(replace(other, config=replace(CONFIG, windows=2)), tmp_path)
    assert next(run) == 1
    run.close()  # before the first shard is whole
    assert list(tmp_path.iterdir()) == []
    assert list(make_windows(other, tmp_path)) == [1, 2]
    again, expected = load_windows(tmp_path), load_windows(made[0])
    np.testing.assert_array_equal(again.rotations, expected.rotations[:2])
    np.testing.assert_array_equal(again.seen.landmarks_px, expected.seen.landmarks_px[:2])
    np.testing.assert_array_equal(again.seen.feature, expected.seen.feature[:2])
    calls = eye.calls
    assert list(make_windows(other, tmp_path)) == [1, 2]
    assert eye.calls == calls


def test_frames_in_which_nobody_is_seen_are_kept_and_masked(maker: WindowMaker) -> None:
    blind = replace(maker, encoders={"a": FixedEye(presence=0.3)}, config=replace(CONFIG, frames=1))
    window = blind.make_window(0)["a"]
    assert not window.seen.present_mask.any()
    assert (window.seen.landmarks_px[..., 2] > 0).all()


def test_shards_are_planned_and_made_one_by_one(maker: WindowMaker, tmp_path: Path) -> None:
    assert plan_shards(replace(CONFIG, windows=5)) == [range(2), range(2, 4), range(4, 5)]
    assert list(make_shard(maker, tmp_path, 1)) == [2]
    assert [path.name for path in tmp_path.iterdir()] == ["shard_00001.safetensors"]
