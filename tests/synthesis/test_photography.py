import dataclasses

import numpy as np
import pytest

from spsnet.synthesis.photography import CameraLook, sample_camera_look, sample_light, take_picture

PERFECT = CameraLook(
    gamma=1.0, gain_rgb=np.ones(3), contrast=1.0, blur_px=0.0, motion_px=0.0, noise=0.0, jpeg_quality=100, shrink=1.0
)


@pytest.fixture
def scene():
    picture = np.full((64, 64, 3), 60, np.uint8)
    picture[:, 32:] = 200
    return picture


def take(scene, **fault):
    return take_picture(np.random.default_rng(0), scene, dataclasses.replace(PERFECT, **fault)).astype(int)


def test_a_perfect_camera_changes_nothing(scene):
    np.testing.assert_array_equal(take(scene), scene)


@pytest.mark.parametrize("fault", [{"blur_px": 8.0}, {"shrink": 0.2}, {"motion_px": 60.0}])
def test_blur_softens_the_edge_and_keeps_the_mean(fault, scene):
    out = take(scene, **fault)
    assert np.abs(np.diff(out[32, :, 0])).max() < 140
    assert out.mean() == pytest.approx(scene.mean(), abs=4)


def test_noise_has_the_wanted_strength(scene):
    assert (take(scene, noise=8.0) - scene).std() == pytest.approx(8, rel=0.1)


def test_colour_by_hand(scene):
    out = take(scene, gain_rgb=np.array([1.1, 1.0, 0.5]))
    np.testing.assert_allclose(out[0, 0], [66, 60, 30], atol=1)
    out = take(scene, gamma=2.0)
    np.testing.assert_allclose(out[0, 0], [14, 14, 14], atol=1)
    out = take(scene, contrast=0.5)
    np.testing.assert_allclose(out[0, 63], [164, 164, 164], atol=1)


def test_compression_damages_little(scene):
    scene = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    damage = np.abs(take(scene, jpeg_quality=30) - scene).mean()
    assert 1 < damage < 80


def test_lamps_hang_above_and_cameras_are_repeatable():
    rng = np.random.default_rng(0)
    lights = [sample_light(rng) for _ in range(50)]
    assert all(light.direction[1] < 0 for light in lights)
    first, second = (sample_camera_look(np.random.default_rng(1)) for _ in range(2))
    assert dataclasses.replace(first, gain_rgb=second.gain_rgb) == second
