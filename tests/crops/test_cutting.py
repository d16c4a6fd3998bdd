import math

import numpy as np
import pytest

from spsnet.crops import CropRegion, crop_to_image_px, cut_crops


def make_ramps(width: int, height: int) -> np.ndarray:
    """A picture whose red tells the column and whose green the row."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(width)
    image[..., 1] = np.arange(height)[:, None]
    return image


_MIDDLES = np.stack(np.meshgrid(np.arange(256) + 0.5, np.arange(256) + 0.5), -1)


@pytest.mark.parametrize("rotation", [0.0, 0.3, math.pi / 2, -2.5, math.pi])
@pytest.mark.parametrize("side", [60.0, 140.5])
def test_every_pixel_shows_the_place_that_the_region_says(rotation: float, side: float):
    region = CropRegion(center_px=(128.3, 120.7), side_px=side, rotation_rad=rotation)
    crop = cut_crops(make_ramps(256, 240), [region])[0]
    places = crop_to_image_px(_MIDDLES, region)
    np.testing.assert_allclose(crop[..., :2] * 255 + 0.5, places, atol=0.55)


@pytest.mark.parametrize("rotation", [0.0, 0.3, math.pi / 2])
@pytest.mark.parametrize("side", [500.0, 600.0, 1030.0, 1500.0, 2900.0])
def test_places_stay_exact_when_large_regions_are_averaged_first(rotation: float, side: float):
    columns, rows = np.meshgrid(np.arange(2041) + 0.5, np.arange(2003) + 0.5)
    blob = 255 * np.exp(-((columns - 900.3) ** 2 + (rows - 1100.8) ** 2) / (2 * 50**2))
    image = np.repeat(blob[..., None], 3, -1).astype(np.uint8)
    region = CropRegion(center_px=(950.0, 1060.0), side_px=side, rotation_rad=rotation)
    weights = cut_crops(image, [region])[0, ..., 0]
    middle = (crop_to_image_px(_MIDDLES, region) * weights[..., None]).sum((0, 1)) / weights.sum()
    np.testing.assert_allclose(middle, (900.3, 1100.8), atol=0.25)


def test_thin_lines_do_not_vanish_from_large_regions():
    image = np.zeros((2048, 2048, 3), np.uint8)
    image[:, 1003] = 255
    crop = cut_crops(image, [CropRegion(center_px=(1024.0, 1024.0), side_px=2048.0)])[0]
    np.testing.assert_allclose(crop.sum(1), 1 / 8, atol=0.02)


def test_outside_of_the_image_is_black():
    white = np.full((50, 80, 3), 255, np.uint8)
    inside, half, far, far_large = cut_crops(
        white,
        [
            CropRegion(center_px=(40.0, 25.0), side_px=20.0, rotation_rad=1.0),
            CropRegion(center_px=(0.0, 25.0), side_px=20.0),
            CropRegion(center_px=(-500.0, 25.0), side_px=20.0),
            CropRegion(center_px=(5000.0, 25.0), side_px=2000.0),
        ],
    )
    assert inside.min() == 1
    assert half[:, :120].max() == 0
    assert half[:, 140:].min() == 1
    assert far.max() == far_large.max() == 0


def test_no_regions_give_no_crops():
    crops = cut_crops(make_ramps(20, 20), [])
    assert crops.shape == (0, 256, 256, 3)
    assert crops.dtype == np.float32


def test_a_moved_picture_gives_the_same_crop():
    image = np.random.default_rng(0).integers(0, 256, (400, 400, 3)).astype(np.uint8)
    region = CropRegion(center_px=(200.0, 200.0), side_px=120.0, rotation_rad=0.7)
    moved = CropRegion(center_px=(217.0, 191.0), side_px=120.0, rotation_rad=0.7)
    shifted = np.roll(image, (-9, 17), (0, 1))
    np.testing.assert_allclose(cut_crops(image, [region]), cut_crops(shifted, [moved]), atol=1.01 / 255)
