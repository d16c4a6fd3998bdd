import math
from pathlib import Path

import numpy as np
import pytest

from spsnet.assets import find_asset
from spsnet.crops import CropRegion, compute_network_box
from spsnet.datasets.films import (
    FilmConfig,
    Sighting,
    choose_silhouette_box,
    cut_silhouette,
    cut_windows,
    require_trainable,
)
from spsnet.records import Observation, Pinhole, UserError

CAMERA = Pinhole(focal_px=500.0, center_px=(320.0, 240.0), width=640, height=480)
UPRIGHT = CropRegion(center_px=(128.0, 128.0), side_px=256.0)


def observe(x: float = 330.0, *, presence: float = 1.0, feature: bool = True) -> Observation:
    """33 landmarks in a box 40 px wide and 80 px high whose left top is (x, 100)."""
    points = np.stack([np.linspace(x, x + 40, 33), np.linspace(100, 180, 33), np.full(33, 0.8)], -1)
    return Observation(
        box_xys_px=compute_network_box(points),
        landmarks_px=points.astype(np.float32),
        world_m=np.full((33, 3), 0.25, np.float32),
        presence=presence,
        feature=np.full(3, x, np.float32) if feature else None,
        widths_px=np.full(12, 7.0, np.float32),
    )


def see(x: float = 330.0, *, presence: float = 1.0, side: float = 100.0) -> Sighting:
    return Sighting(
        seen=observe(x, presence=presence),
        occluded=observe(x + 1),
        silhouette=np.eye(64, dtype=bool),
        silhouette_box_xys_px=np.array([350.0, 140.0, side]),
    )


# Windows.


def test_windows_start_every_stride_and_the_last_ends_with_the_last_frame() -> None:
    sightings = {number: see(float(number)) for number in range(5, 75)}  # 70 frames
    windows = cut_windows(sightings, CAMERA, FilmConfig())
    assert windows.seen.feature[:, 0, 0].tolist() == [5, 21, 37, 42]
    assert windows.seen.feature[-1, -1, 0] == 74
    assert windows.occluded is not None
    assert windows.occluded.feature[:, 0, 0].tolist() == [6, 22, 38, 43]
    assert windows.seen.present_mask.all()


def test_one_window_where_the_frames_are_just_enough() -> None:
    windows = cut_windows({number: see() for number in range(33)}, CAMERA, FilmConfig())
    assert len(windows) == 1


def test_pixels_are_those_of_the_common_focal_length() -> None:
    windows = cut_windows({0: see(330.0)}, CAMERA, FilmConfig(frames=1, fewest_seen=1))
    landmarks = windows.seen.landmarks_px[0, 0]
    np.testing.assert_allclose(landmarks[0], [20, -280, 0.8], rtol=1e-5)  # (330 − 320) · 2, (100 − 240) · 2
    np.testing.assert_allclose(landmarks[-1], [100, -120, 0.8], rtol=1e-5)
    np.testing.assert_allclose(windows.silhouette_box_xys_px[0, 0], [60, -200, 200])
    np.testing.assert_array_equal(windows.seen.widths_px[0, 0], 14)
    np.testing.assert_array_equal(windows.seen.world_m, 0.25)
    np.testing.assert_array_equal(windows.silhouette[0, 0], np.eye(64, dtype=bool))


def test_labels_lie_in_the_frames_they_are_of_whether_the_person_was_seen_or_not() -> None:
    label = np.zeros((33, 3))
    label[15] = [330, 100, 0.5]
    sightings = {5: see(), 7: see(presence=0.4), 8: see()}
    windows = cut_windows(sightings, CAMERA, FilmConfig(frames=4, fewest_seen=2), {4: label, 6: label, 8: label})
    assert windows.keypoints_px is not None
    assert windows.keypoints_px[0, :, 15, 2].tolist() == [0, 0.5, 0, 0.5]
    np.testing.assert_allclose(windows.keypoints_px[0, 1, 15], [20, -280, 0.5], rtol=1e-5)  # as landmarks
    assert not windows.keypoints_px[0, :, :15].any()
    nobody = cut_windows({}, CAMERA, FilmConfig(frames=4, fewest_seen=2), {})
    assert nobody.keypoints_px is not None
    assert nobody.keypoints_px.shape == (0, 4, 33, 3)
    assert cut_windows(sightings, CAMERA, FilmConfig(frames=4, fewest_seen=2)).keypoints_px is None


def test_nothing_is_claimed_of_pose_shape_and_place() -> None:
    windows = cut_windows({0: see()}, CAMERA, FilmConfig(frames=2, fewest_seen=1))
    assert not windows.labelled.any()
    np.testing.assert_array_equal(windows.rotations, np.tile(np.eye(3), (1, 2, 24, 1, 1)))
    assert not windows.shape.any()
    assert not windows.translation_m.any()


def test_frames_that_are_missing_or_show_nobody_are_not_present() -> None:
    sightings = {0: see(), 1: see(presence=0.4), 3: see(presence=0.5)}
    windows = cut_windows(sightings, CAMERA, FilmConfig(frames=6, fewest_seen=2))
    assert windows.seen.present_mask.tolist() == [[True, False, False, True, False, False]]
    assert windows.silhouette_box_xys_px[0, :, 2].tolist() == [200, 200, 0, 200, 0, 0]
    assert windows.visible_mask[0, :, 0].tolist() == [True, True, False, True, False, False]


def test_windows_in_which_the_person_is_seldom_seen_are_left_out() -> None:
    sightings = {number: see(presence=float(number < 20)) for number in range(49)}
    windows = cut_windows(sightings, CAMERA, FilmConfig())  # from 0 with 20 frames, from 16 with 4
    assert len(windows) == 1
    assert windows.seen.present_mask.sum() == 20
    assert len(cut_windows(sightings, CAMERA, FilmConfig(fewest_seen=21))) == 0


def test_nobody_gives_no_windows() -> None:
    windows = cut_windows({}, CAMERA, FilmConfig())
    assert len(windows) == 0
    assert windows.seen.landmarks_px.shape == (0, 33, 33, 3)
    assert windows.silhouette.shape == (0, 33, 64, 64)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"stride": 0}, r"FilmConfig\.stride should be at least 1, got 0"),
        ({"frames": 4, "fewest_seen": 5}, r"FilmConfig\.fewest_seen should be 1 to 4, got 5"),
        ({"most_shared": 1.5}, r"FilmConfig\.most_shared should be 0 to 1, got 1\.5"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FilmConfig(**wrong)


# Films that training must not see.


def test_films_for_looking_are_refused_by_content_and_by_name() -> None:
    asset = find_asset("footage-pose2sim-multi-cam02")
    message = "footage-pose2sim-multi-cam02 is for looking only: what training gave is judged on it; leave it out"
    with pytest.raises(UserError, match=rf"renamed\.mp4: {message}"):
        require_trainable(Path("some/renamed.mp4"), asset.sha256)
    with pytest.raises(UserError, match=rf"{asset.filename}: {message}"):
        require_trainable(Path("some") / asset.filename, 64 * "0")


def test_all_eight_are_refused_and_the_others_are_not() -> None:
    for name in [f"footage-pose2sim-{kind}-cam0{i}" for kind in ("single", "multi") for i in range(1, 5)]:
        with pytest.raises(UserError, match="for looking only"):
            require_trainable(Path("x.mp4"), find_asset(name).sha256)
    for name in ("footage-sports2d", "footage-vtest"):
        require_trainable(Path(find_asset(name).filename), find_asset(name).sha256)
    require_trainable(Path("mine.mp4"), 64 * "0")


# Masks.


def test_the_crop_itself_is_the_mask_made_smaller() -> None:
    mask = np.zeros((256, 256), np.float32)
    mask[40:200, 100:140] = 1
    silhouette = cut_silhouette(mask, UPRIGHT, np.array([128.0, 128, 256]))
    expected = np.zeros((64, 64), bool)
    expected[10:50, 25:35] = True
    np.testing.assert_array_equal(silhouette, expected)


def test_a_turned_crop_is_turned_back() -> None:
    mask = np.zeros((256, 256), np.float32)
    mask[:64] = 1  # the upper quarter of the crop, where the head is: to the right in the image
    region = CropRegion(center_px=(300.0, 200.0), side_px=128.0, rotation_rad=math.pi / 2)
    silhouette = cut_silhouette(mask, region, np.array([300.0, 200, 128]))
    assert silhouette[:, 48:].all()
    assert not silhouette[:, :48].any()


def test_beyond_the_crop_there_is_nobody() -> None:
    silhouette = cut_silhouette(np.ones((256, 256), np.float32), UPRIGHT, np.array([128.0, 128, 512]))
    expected = np.zeros((64, 64), bool)
    expected[16:48, 16:48] = True
    np.testing.assert_array_equal(silhouette, expected)


def choose(
    seen: Observation,
    *,
    mask: float = 1.0,
    others: tuple[tuple[float, ...], ...] = (),
    size: tuple[int, int] = (640, 480),
) -> np.ndarray:
    region = CropRegion(center_px=(350.0, 140.0), side_px=120.0)
    boxes = [np.array(other) for other in others]
    return choose_silhouette_box(seen, np.full((256, 256), mask, np.float32), region, size, boxes, FilmConfig())


def test_a_whole_person_alone_has_a_mask() -> None:
    seen = observe()
    np.testing.assert_array_equal(choose(seen), seen.box_xys_px)
    beside = (375.0, 100.0, 500.0, 200.0)
    np.testing.assert_array_equal(choose(seen, others=(beside,)), seen.box_xys_px)


def test_a_mask_that_does_not_show_the_whole_person_is_not_used() -> None:
    seen = observe()
    before = (340.0, 100.0, 400.0, 200.0)  # somebody who covers three quarters
    for box in (
        choose(seen, others=((0.0, 0.0, 5.0, 5.0), before)),
        choose(seen, size=(640, 179)),  # the feet are out of the picture
        choose(observe(-1.0)),
        choose(observe(presence=0.49)),
        choose(seen, mask=0.4),
    ):
        assert box[2] == 0


def test_a_mask_of_half_the_person_is_not_used() -> None:
    mask = np.zeros((256, 256), np.float32)
    mask[:128] = 1
    seen, region = observe(), CropRegion(center_px=(350.0, 140.0), side_px=120.0)
    box = choose_silhouette_box(seen, mask, region, (640, 480), [], FilmConfig())
    assert box[2] == 0  # shoulders and elbows of the made-up body lie in the upper half, hips, knees and ankles do not
    box = choose_silhouette_box(seen, mask, region, (640, 480), [], FilmConfig(least_on_mask=0.4))
    np.testing.assert_array_equal(box, seen.box_xys_px)
