import dataclasses

import numpy as np
import pytest

from spsnet.synthesis.fabrics import paint_fabric, sample_cloth_color, sample_fabric, sample_noise


@pytest.fixture
def fabric():
    fabric = sample_fabric(np.random.default_rng(0))
    black, white = np.full(3, 0.1), np.full(3, 0.9)
    return dataclasses.replace(fabric, base_rgb=black, second_rgb=white, period_m=0.1, share=0.4, crease=0.0)


def test_bands_run_around_the_body(fabric):
    fabric = dataclasses.replace(fabric, kind="bands")
    along = np.array([0.01, 0.03, 0.05, 0.09, 0.11])
    rgb = paint_fabric(fabric, along, np.zeros(5))
    np.testing.assert_allclose(rgb[0], [0.9, 0.9, 0.1, 0.1, 0.9], atol=1e-6)


def test_pinstripes_run_along_the_body(fabric):
    fabric = dataclasses.replace(fabric, kind="pinstripes")
    rgb = paint_fabric(fabric, np.array([0.0, 0.5]), np.array([0.01, 0.01]))
    np.testing.assert_allclose(rgb, 0.9, atol=1e-6)
    np.testing.assert_allclose(paint_fabric(fabric, np.array([0.0]), np.array([0.05])), 0.1, atol=1e-6)


@pytest.mark.parametrize("kind", ["plain", "bands", "pinstripes", "checks", "dots", "camouflage", "print", "panels"])
def test_every_kind_uses_its_two_colours_only(kind, fabric):
    rng = np.random.default_rng(1)
    rgb = paint_fabric(dataclasses.replace(fabric, kind=kind), rng.uniform(-1, 1, 2000), rng.uniform(-0.3, 0.3, 2000))
    values = set(np.unique(rgb).astype(np.float64).round(4).tolist())
    assert values == ({0.1} if kind == "plain" else {0.1, 0.9})


def test_noise_is_smooth_periodic_and_in_range():
    x = np.arange(0.0, 256)
    noise = sample_noise(x, np.full(256, 7.0))
    assert noise.min() >= 0
    assert noise.max() <= 1
    assert np.abs(np.diff(noise)).max() < 0.2
    np.testing.assert_array_equal(noise, sample_noise(x + 256, np.full(256, 7.0 - 256)))


def test_cloth_is_told_from_the_skin():
    skin = np.array([0.88, 0.7, 0.55])
    rng = np.random.default_rng(0)
    for _ in range(50):
        assert np.abs(sample_fabric(rng, unlike_rgb=skin).base_rgb - skin).max() >= 0.2


def test_colours_are_in_range():
    rng = np.random.default_rng(0)
    colors = np.array([sample_cloth_color(rng) for _ in range(200)])
    assert colors.min() >= 0.03
    assert colors.max() <= 0.97
