import numpy as np
import pytest

from spsnet.rendering import SideView


@pytest.fixture
def view():
    return SideView(np.array([-1.0, -1, 3]), np.array([1.0, 1, 7]), 200, 300)


def test_axes_far_is_right_down_is_down_and_right_is_near(view):
    middle = np.array([0.0, 0, 5])
    origin = view.transform(middle[None])[0]
    steps = view.transform(middle + np.eye(3)) - origin
    np.testing.assert_allclose(steps[2], [1, 0, 0], atol=1e-9)  # away from the film's camera: to the right
    assert steps[1, 1] > 0.95
    assert steps[0, 2] < -0.95
    np.testing.assert_allclose(steps @ steps.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(steps) == pytest.approx(1)


def test_whole_box_is_in_the_panel(view):
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (3, 7)], float)
    pixels = view.project(corners)
    assert view.contains(corners)
    assert (pixels >= 0).all()
    assert (pixels <= [200, 300]).all()
    assert not view.contains(corners + np.array([0, 0, 1]))


def test_a_flat_box_is_fine():
    point = np.array([0.0, 0, 4])
    panel = SideView(point, point, 60, 80).draw([], np.array([[0, 1, 2]]))
    assert panel.shape == (80, 60, 3)


def test_refuses_a_box_inside_out():
    with pytest.raises(ValueError, match="high_m should not be under low_m"):
        SideView(np.ones(3), np.zeros(3), 100, 100)
