import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spsnet.crops import (
    CropRegion,
    box_to_region,
    circle_to_region,
    compute_network_box,
    crop_to_image_px,
    image_to_crop_px,
    rotate_world,
)

_REGIONS = st.builds(
    CropRegion,
    center_px=st.tuples(st.floats(-1e3, 3e3), st.floats(-1e3, 3e3)),
    side_px=st.floats(5, 4e3),
    rotation_rad=st.floats(-math.pi, math.pi),
)


def test_box_to_region_by_hand():
    assert box_to_region(np.array([0.0, 0.0, 10.0, 20.0])) == CropRegion(center_px=(5.0, 10.0), side_px=25.0)


@pytest.mark.parametrize(
    ("top", "rotation"), [((0, -10), 0), ((10, 0), math.pi / 2), ((-10, 0), -math.pi / 2), ((0, 10), math.pi)]
)
def test_circle_to_region_turns_with_the_person(top: tuple[int, int], rotation: float):
    region = circle_to_region(np.array([(100.0, 50.0), (100.0 + top[0], 50.0 + top[1])]))
    assert region.center_px == (100, 50)
    assert region.side_px == 25
    assert region.rotation_rad == pytest.approx(rotation)


def test_a_circle_of_no_size_is_refused():
    with pytest.raises(ValueError, match=r"side_px should be positive and finite, got 0"):
        circle_to_region(np.ones((2, 2)))


def test_a_region_has_to_be_finite():
    with pytest.raises(ValueError, match="should be finite"):
        CropRegion(center_px=(math.nan, 0.0), side_px=1.0)


def test_crop_to_image_by_hand():
    region = CropRegion(center_px=(100.0, 50.0), side_px=256.0, rotation_rad=math.pi / 2)
    np.testing.assert_allclose(crop_to_image_px(np.array([128.0, 0.0]), region), [228, 50])
    upright = CropRegion(center_px=(100.0, 50.0), side_px=128.0)
    np.testing.assert_allclose(crop_to_image_px(np.array([[0.0, 0.0], [256, 256]]), upright), [[36, -14], [164, 114]])


@given(_REGIONS)
def test_image_to_crop_undoes_crop_to_image(region: CropRegion):
    points = np.random.default_rng(0).uniform(-100, 400, (4, 7, 2))
    np.testing.assert_allclose(image_to_crop_px(crop_to_image_px(points, region), region), points, atol=1e-6)


@given(_REGIONS)
def test_world_turns_as_the_picture_does_and_keeps_depth(region: CropRegion):
    points = np.random.default_rng(0).normal(size=(5, 3))
    turned = rotate_world(points, region)
    pixels = crop_to_image_px(points[:, :2] * 10 + 128, region) - region.center_px
    np.testing.assert_allclose(turned[:, :2], pixels / 10 * 256 / region.side_px, atol=1e-6)
    np.testing.assert_array_equal(turned[:, 2], points[:, 2])


def test_network_box_by_hand_and_the_same_in_torch():
    landmarks = np.full((2, 33, 3), 5.0)
    landmarks[0, 0, :2], landmarks[0, 1, :2] = (0, 0), (10, 20)
    box = compute_network_box(landmarks)
    np.testing.assert_allclose(box, [[5, 10, 25], [5, 5, 1]])
    np.testing.assert_allclose(compute_network_box(torch.from_numpy(landmarks)).numpy(), box)


def test_network_box_moves_and_grows_with_the_landmarks():
    landmarks = np.random.default_rng(0).normal(size=(3, 33, 2)) * 100
    box = compute_network_box(landmarks)
    moved = compute_network_box(landmarks * 2 + np.array([7.0, -3.0]))
    np.testing.assert_allclose(moved, box * 2 + np.array([7.0, -3.0, 0.0]))
