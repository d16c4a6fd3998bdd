import numpy as np
import pytest

from reference.rendering_shapes import make_doll, make_ellipsoid
from spsnet.records import Pinhole
from spsnet.rendering import Figure, Light, lay_over, paint_figures

RED, BLUE = np.array([1.0, 0, 0]), np.array([0.0, 0, 1])
FLAT = Light(lamp_rgb=(0.0, 0.0, 0.0), sky_rgb=(1.0, 1.0, 1.0), ground_rgb=(1.0, 1.0, 1.0))


@pytest.fixture
def camera():
    return Pinhole.from_size(80, 60, 80.0)


def make_ball(x, z, radius=0.4):
    return make_ellipsoid([x, 0, z], [radius] * 3)


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearer_ball_hides_the_other_in_any_order(order, camera):
    near, faces = make_ball(0.1, 2.0)
    far, _ = make_ball(-0.1, 3.0)
    figures = [Figure(vertices_m=near, color=RED), Figure(vertices_m=far, color=BLUE)][::order]
    layer = paint_figures(figures, faces, camera, FLAT)
    np.testing.assert_array_equal(layer.color_rgb[30, 40], [255, 0, 0])
    assert layer.color_rgb[..., 2].any()
    assert (layer.coverage > 0).sum() == layer.color_rgb.any(-1).sum()


def test_balls_that_cross_are_cut_where_they_meet(camera):
    left, faces = make_ball(-0.2, 2.5)
    right, _ = make_ball(0.2, 2.5)
    layer = paint_figures(
        [Figure(vertices_m=left, color=RED), Figure(vertices_m=right, color=BLUE)], faces, camera, FLAT
    )
    covered = layer.coverage > 0
    assert (layer.color_rgb[:, :40][covered[:, :40]][:, 0] > 0).mean() > 0.99
    assert (layer.color_rgb[:, 40:][covered[:, 40:]][:, 2] > 0).mean() > 0.99


def test_a_limb_before_the_body_has_a_dark_line_behind_it():
    camera = Pinhole.from_size(200, 200)
    vertices, faces, _ = make_doll()
    layer = paint_figures([Figure(vertices_m=vertices + np.array([0, 0, 3]), color=RED)], faces, camera, FLAT)
    values = set(np.unique(layer.color_rgb[layer.coverage > 0][:, 0]).tolist())
    assert 255 in values
    assert 140 in values  # 0.55 of it


def test_blending_by_hand(camera):
    ball, faces = make_ball(0, 2.0)
    picture = np.full((60, 80, 3), 100, np.uint8)
    lay_over(picture, paint_figures([Figure(vertices_m=ball, color=RED, opacity=0.5)], faces, camera, FLAT), 0.8)
    # Half of 0.8: 0.4 of (255, 0, 0) over 0.6 of grey 100.
    np.testing.assert_allclose(picture[30, 40], [162, 60, 60], atol=1)
    np.testing.assert_array_equal(picture[0, 0], [100, 100, 100])


def test_outlines_are_smoothed(camera):
    ball, faces = make_ball(0, 2.0)
    picture = np.zeros((60, 80, 3), np.uint8)
    lay_over(picture, paint_figures([Figure(vertices_m=ball, color=RED)], faces, camera, FLAT))
    reds = picture[30, :40, 0].astype(int)
    assert ((reds > 20) & (reds < 235)).any()
    assert (np.diff(reds) >= 0).all()


def test_two_overlapping_windows_are_blended_once(camera):
    # Two bodies whose windows overlap though they themselves do not.
    left, faces = make_ellipsoid([-0.3, -0.2, 2], [0.25, 0.25, 0.25])
    right, _ = make_ellipsoid([0.1, 0.2, 2], [0.25, 0.25, 0.25])
    picture = np.full((60, 80, 3), 100, np.uint8)
    figures = [Figure(vertices_m=v, color=BLUE) for v in (left, right)]
    lay_over(picture, paint_figures(figures, faces, camera, FLAT), 0.5)
    np.testing.assert_allclose(picture[38, 44], [50, 50, 178], atol=1)


def test_nobody_leaves_the_picture_alone(camera):
    picture = np.full((60, 80, 3), 7, np.uint8)
    layer = paint_figures([], np.array([[0, 1, 2]]), camera)
    assert layer.windows == ()
    lay_over(picture, layer)
    assert (picture == 7).all()


def test_refuses_a_picture_of_another_size(camera):
    layer = paint_figures([], np.array([[0, 1, 2]]), camera)
    with pytest.raises(ValueError, match=r"the layer is \(60, 80, 3\), the picture \(10, 10, 3\)"):
        lay_over(np.zeros((10, 10, 3), np.uint8), layer)
