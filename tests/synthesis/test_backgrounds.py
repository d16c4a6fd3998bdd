import numpy as np
import pytest

from spsnet.synthesis.backgrounds import draw_background, draw_noise


def test_places_differ_are_repeatable_and_not_flat():
    pictures = [draw_background(np.random.default_rng(seed), 64) for seed in range(30)]
    again = [draw_background(np.random.default_rng(seed), 64) for seed in range(30)]
    for first, second in zip(pictures, again, strict=True):
        np.testing.assert_array_equal(first, second)
        assert first.shape == (64, 64, 3)
        assert first.dtype == np.uint8
    flat = np.array([p.std() for p in pictures])
    assert (flat > 3).mean() > 0.9
    apart = np.array([np.abs(pictures[0].astype(int) - p).mean() for p in pictures[1:]])
    assert apart.min() > 3


@pytest.mark.parametrize("cells", [1, 5, 64])
def test_noise_fills_zero_to_one(cells):
    noise = draw_noise(np.random.default_rng(0), 50, cells)
    assert noise.min() == 0
    assert noise.max() == pytest.approx(1)
