import numpy as np
import pytest

from reference.rendering_shapes import make_ellipsoid
from spsnet.records import Pinhole
from spsnet.rendering import Light, render_person, scale_camera

FLAT = Light(lamp_rgb=(0.0, 0.0, 0.0), sky_rgb=(1.0, 1.0, 1.0), ground_rgb=(1.0, 1.0, 1.0))


@pytest.fixture
def camera():
    return Pinhole(focal_px=100.0, center_px=(31.0, 24.0), width=63, height=49)


@pytest.fixture
def background():
    return np.full((49, 63, 3), 40, np.uint8)


def test_mask_depth_and_colour_of_a_ball(camera, background):
    vertices, faces = make_ellipsoid([0, 0, 4], [0.5] * 3, 60, 60)
    portrait = render_person(vertices, faces, np.array([[0.2, 0.6, 1.0]]), FLAT, camera, background)
    assert portrait.mask.sum() == pytest.approx(np.pi * (100 * 0.5) ** 2 / (16 - 0.25), rel=0.02)
    np.testing.assert_array_equal(portrait.image_rgb[24, 31], [51, 153, 255])
    np.testing.assert_array_equal(portrait.image_rgb[0, 0], [40, 40, 40])
    assert portrait.depth_m[24, 31] == pytest.approx(3.5, abs=1e-3)
    assert np.isinf(portrait.depth_m[0, 0])
    assert np.isfinite(portrait.depth_m[portrait.mask]).all()


def test_edges_are_between_the_two_colours(camera, background):
    vertices, faces = make_ellipsoid([0, 0, 4], [0.5] * 3, 60, 60)
    smooth = render_person(vertices, faces, np.ones((1, 3)), FLAT, camera, background).image_rgb[..., 0]
    rough = render_person(vertices, faces, np.ones((1, 3)), FLAT, camera, background, supersampling=1).image_rgb[..., 0]
    assert set(np.unique(rough)) == {40, 255}
    assert len(np.unique(smooth)) > 2


def test_a_texture_sees_every_covered_pixel(camera, background):
    vertices, faces = make_ellipsoid([0, 0, 4], [0.5] * 3)

    def paint(fragments):
        return np.repeat((vertices[faces[fragments.face, 0], 0] > 0).astype(np.float32)[None], 3, 0)

    image = render_person(vertices, faces, paint, FLAT, camera, background).image_rgb
    assert image[24, 27, 0] == 0
    assert image[24, 35, 0] == 255


def test_vertex_colours_run_over(camera, background):
    vertices, faces = make_ellipsoid([0, 0, 4], [0.5] * 3, 60, 60)
    albedo = np.repeat((vertices[:, :1] + 0.5), 3, 1)
    image = render_person(vertices, faces, albedo, FLAT, camera, background).image_rgb
    assert (np.diff(image[24, 21:42, 0].astype(int)) > 0).all()


@pytest.mark.parametrize("center", [[0, 0, -4], [30, 0, 4]])
def test_nobody_in_view_gives_the_background(center, camera, background):
    vertices, faces = make_ellipsoid(center, [0.5] * 3)
    portrait = render_person(vertices, faces, np.ones((1, 3)), Light(), camera, background)
    np.testing.assert_array_equal(portrait.image_rgb, background)
    assert not portrait.mask.any()


def test_a_body_over_every_border(camera, background):
    vertices, faces = make_ellipsoid([0, 0, 4], [3] * 3)
    portrait = render_person(vertices, faces, np.ones((1, 3)), FLAT, camera, background)
    assert portrait.mask.all()
    assert (portrait.image_rgb == 255).all()


def test_scaled_camera_sees_the_same():
    camera = scale_camera(Pinhole(focal_px=100.0, center_px=(31.0, 24.0), width=63, height=49), 2.0, 126, 98)
    assert camera == Pinhole(focal_px=200.0, center_px=(62.0, 48.0), width=126, height=98)


def test_refuses_another_size_and_no_samples(camera, background):
    vertices, faces = make_ellipsoid([0, 0, 4], [0.5] * 3)
    with pytest.raises(ValueError, match="the background is 10x12, the camera 63x49"):
        render_person(vertices, faces, np.ones((1, 3)), FLAT, camera, np.zeros((12, 10, 3), np.uint8))
    with pytest.raises(ValueError, match="supersampling should be at least 1, got 0"):
        render_person(vertices, faces, np.ones((1, 3)), FLAT, camera, background, supersampling=0)
