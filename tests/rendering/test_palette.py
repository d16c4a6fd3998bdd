import numpy as np

from spsnet.rendering import get_track_color


def test_colours_are_stable_distinct_and_in_range():
    colors = np.array([get_track_color(i) for i in range(1, 15)])
    np.testing.assert_allclose(colors[0], np.array([86, 180, 233]) / 255)
    np.testing.assert_array_equal(colors[3], get_track_color(4))
    assert colors.min() >= 0
    assert colors.max() <= 1
    apart = np.abs(colors[:, None] - colors[None]).sum(-1) + 9 * np.eye(14)
    assert apart.min() > 0.15


def test_colours_come_again_after_two_rounds():
    np.testing.assert_array_equal(get_track_color(1), get_track_color(15))
