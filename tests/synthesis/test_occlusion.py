from dataclasses import replace

import numpy as np
import pytest

from spsnet.crops import CropRegion, image_to_crop_px
from spsnet.synthesis.occlusion import (
    Blots,
    blot_out,
    draw_thing,
    sample_blots,
    sample_passing_thing,
    sample_standing_thing,
)

SQUARE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 8


def draw(thing, progress=0.0, size=(64, 48)):
    picture, covered = np.full((*size, 3), 128, np.uint8), np.zeros(size, bool)
    draw_thing(picture, covered, thing, progress)
    return picture, covered


def test_things_change_just_what_they_cover():
    rng = np.random.default_rng(0)
    for _ in range(12):
        picture, covered = draw(sample_standing_thing(rng))
        changed = (picture != 128).any(-1)
        assert (changed & covered).sum() >= 0.9 * covered.sum()
        assert (changed & ~covered).sum() <= 0.2 * covered.sum() + 200


def test_a_thing_by_hand():
    thing = replace(
        sample_standing_thing(np.random.default_rng(0)), corners=SQUARE, start=np.array([0.25, 0.5]),
        end=np.array([0.75, 0.5]), color_rgb=np.array([200.0, 100, 0]), shades=(0.5, 0.5),
    )  # fmt: skip
    for progress, middle in ((0.0, 16), (0.5, 32), (1.0, 48)):
        picture, covered = draw(thing, progress, (64, 64))
        assert covered[26:38, middle - 6 : middle + 6].all()
        assert covered.sum() == pytest.approx(16 * 16, rel=0.15)
        np.testing.assert_array_equal(picture[32, middle], [100, 50, 0])


def test_things_outside_of_the_picture_cover_nothing():
    thing = replace(sample_standing_thing(np.random.default_rng(0)), corners=SQUARE, start=np.array([-3.0, 0.5]))
    picture, covered = draw(thing)
    assert not covered.any()
    assert (picture == 128).all()


def test_passing_things_come_and_go():
    rng = np.random.default_rng(0)
    shares = np.array(
        [[draw(thing, p)[1].mean() for p in np.linspace(0, 1, 9)] for thing in map(sample_passing_thing, [rng] * 60)]
    )
    assert (shares.max(1) > 0).mean() > 0.9
    assert (np.ptp(shares, axis=1) > 0.02).mean() > 0.9  # they do not stand still
    assert (shares.min(1) == 0).mean() > 0.4  # and leave the picture free for a while


@pytest.mark.parametrize("size", [1.0, 0.5])
def test_three_to_five_landmarks_and_25_to_50_pixels_of_224(size):
    rng = np.random.default_rng(0)
    drawn = [sample_blots(rng, size) for _ in range(200)]
    assert {len(blots.landmarks) for blots in drawn} == {3, 4, 5}
    assert all(len(set(blots.landmarks)) == len(blots.landmarks) for blots in drawn)
    assert {int(k) for blots in drawn for k in blots.landmarks} == set(range(33))
    reach = np.concatenate([blots.reach for blots in drawn]) * 224 / size
    assert 25 <= reach.min() < 26
    assert 49 < reach.max() <= 50


@pytest.mark.parametrize("rotation_rad", [0.0, 0.5])
def test_a_region_is_upright_in_the_crop_and_of_the_mean_colour(rotation_rad):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (200, 200, 3), np.uint8)
    region = CropRegion(center_px=(100.0, 100.0), side_px=128.0, rotation_rad=rotation_rad)
    landmarks_px = np.tile([90.0, 110.0], (33, 1))
    blots = Blots(landmarks=np.array([7]), reach=np.array([[0.2, 0.1]]))
    covered = blot_out(picture, blots, landmarks_px, region)
    rows, columns = np.nonzero((covered != picture).any(-1))
    places = image_to_crop_px(np.stack([columns, rows], 1) + 0.5, region)
    middle, reach = image_to_crop_px(landmarks_px[7], region), np.array([51.2, 25.6])
    np.testing.assert_allclose(places.min(0), middle - reach, atol=5)
    np.testing.assert_allclose(places.max(0), middle + reach, atol=5)
    assert len(rows) == pytest.approx(0.4 * 0.2 * 128**2, rel=0.2)
    np.testing.assert_allclose(covered[110, 90], picture.mean((0, 1)), atol=1)
