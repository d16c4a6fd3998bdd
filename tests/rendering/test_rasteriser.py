import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.rendering_shapes import make_doll, make_ellipsoid
from reference.rendering_triangle import rasterize_slowly
from spsnet.records import Pinhole
from spsnet.rendering import compute_fragments, interpolate_corners, interpolate_vertices, rasterize


@pytest.fixture
def camera():
    return Pinhole(focal_px=10.0, center_px=(5.0, 5.0), width=10, height=10)


def put_in_picture(raster, camera):
    face_id = np.full((camera.height, camera.width), -1)
    depth = np.full((camera.height, camera.width), np.inf)
    face_id[raster.window] = raster.face_id
    with np.errstate(divide="ignore"):
        depth[raster.window] = 1 / raster.inverse_depth
    return face_id, depth


def test_one_triangle_by_hand(camera):
    # At z = 1 a metre is 10 px: corners at (0, 0), (0, 10) and (10, 0) in the picture, seen from its front.
    vertices = np.array([[-0.5, -0.5, 1], [-0.5, 0.5, 1], [0.5, -0.5, 1]])
    raster = rasterize(vertices, np.array([[0, 1, 2]]), camera)
    face_id, depth = put_in_picture(raster, camera)
    row, column = np.mgrid[:10, :10]
    inside = (row + 0.5) + (column + 0.5) < 10
    outside = (row + 0.5) + (column + 0.5) > 10
    assert (face_id[inside] == 0).all()
    assert (face_id[outside] == -1).all()
    np.testing.assert_allclose(depth[inside], 1, rtol=1e-6)

    fragments = compute_fragments(raster, vertices, np.array([[0, 1, 2]]), camera)
    first = fragments.weights[:, 0]  # the centre (0.5, 0.5) of the first pixel
    np.testing.assert_allclose(first, [0.9, 0.05, 0.05], atol=1e-6)


def test_shares_are_perspective_correct(camera):
    # Two corners at depth 1, one at depth 3: on the screen's mid-line the third has a third of the weight it seems.
    vertices = np.array([[-0.4, -0.4, 1], [-0.4, 0.4, 1], [1.2, 0, 3]])
    faces = np.array([[0, 1, 2]])
    raster = rasterize(vertices, faces, camera)
    fragments = compute_fragments(raster, vertices, faces, camera)
    place = interpolate_vertices(fragments, faces, vertices)
    row, column = np.divmod(fragments.pixel, raster.face_id.shape[1])
    np.testing.assert_allclose(place[0] / place[2] * 10 + 5, column + raster.x + 0.5, atol=1e-4)
    np.testing.assert_allclose(place[1] / place[2] * 10 + 5, row + raster.y + 0.5, atol=1e-4)
    np.testing.assert_allclose(1 / place[2], raster.inverse_depth.ravel()[fragments.pixel], rtol=1e-5)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_agrees_with_the_slow_version(seed):
    rng = np.random.default_rng(seed)
    camera = Pinhole(focal_px=14.0, center_px=(7.0, 5.0), width=13, height=11)
    vertices = rng.uniform([-1.5, -1.5, -0.5], [1.5, 1.5, 4], (12, 3))
    faces = rng.permutation(12).reshape(4, 3)
    face_id, depth = put_in_picture(rasterize(vertices, faces, camera), camera)
    wanted_id, wanted_depth = rasterize_slowly(vertices, faces, camera)
    np.testing.assert_array_equal(face_id, wanted_id)
    np.testing.assert_allclose(depth, wanted_depth, rtol=1e-4)


def test_shared_edges_leave_no_hole_and_are_drawn_once():
    camera = Pinhole(focal_px=64.0, center_px=(32.0, 32.0), width=64, height=64)
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.linspace(-0.6, 0.6, 12), np.linspace(-0.6, 0.6, 12)), -1).reshape(-1, 2)
    grid[(np.abs(grid) < 0.59).all(1)] += rng.uniform(-0.03, 0.03, ((np.abs(grid) < 0.59).all(1).sum(), 2))
    vertices = np.concatenate([grid, np.ones((144, 1))], 1)
    corner = np.add.outer(np.arange(11) * 12, np.arange(11)).ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + 12, corner + 1], -1), np.stack([corner + 1, corner + 12, corner + 13], -1)]
    )
    raster = rasterize(vertices, faces, camera)
    assert raster.face_id.shape == (64, 64)
    assert (raster.face_id >= 0).all()
    alone = sum((rasterize(vertices, face[None], camera).face_id >= 0).sum() for face in faces)
    assert alone == 64 * 64


def test_sphere_covers_the_circle_of_the_formula():
    # A sphere of radius r at depth d on the axis is a circle of radius f r / √(d² − r²).
    camera = Pinhole.from_size(400, 400, 500.0)
    vertices, faces = make_ellipsoid([0, 0, 3], [0.8] * 3, 80, 80)
    raster = rasterize(vertices, faces, camera)
    radius = 500 * 0.8 / np.sqrt(9 - 0.64)
    assert (raster.face_id >= 0).sum() == pytest.approx(np.pi * radius**2, rel=4e-3)
    assert 1 / raster.inverse_depth.max() == pytest.approx(2.2, abs=2e-3)


def test_a_hole_seen_from_inside_is_culled_on_request():
    camera = Pinhole.from_size(40, 40)
    vertices, faces = make_ellipsoid([0, 0, 3], [0.5] * 3)
    inside_out = faces[:, ::-1]
    near = rasterize(vertices, faces, camera)
    far = rasterize(vertices, inside_out, camera)
    both = rasterize(vertices, inside_out, camera, cull_back_faces=False)
    assert near.inverse_depth.max() > far.inverse_depth.max()
    np.testing.assert_array_equal(both.inverse_depth, near.inverse_depth)


@pytest.mark.parametrize(
    "center", [[0, 0, -3], [50, 0, 3], [-50, 0, 3], [0, 50, 3], [0, -50, 3]], ids=["behind", "r", "l", "down", "up"]
)
def test_nothing_to_see_gives_an_empty_window(center, camera):
    vertices, faces = make_ellipsoid(center, [0.5] * 3)
    raster = rasterize(vertices, faces, camera)
    assert raster.face_id.shape == (0, 0)
    fragments = compute_fragments(raster, vertices, faces, camera)
    assert fragments.weights.shape == (3, 0)
    assert interpolate_vertices(fragments, faces, vertices).shape == (3, 0)


def test_a_body_around_the_camera_does_not_smear():
    camera = Pinhole.from_size(64, 48)
    vertices, faces = make_ellipsoid([0.2, 0, 0.4], [0.5] * 3)
    with np.errstate(all="raise"):
        raster = rasterize(vertices, faces, camera, cull_back_faces=False)
    assert raster.face_id.shape == (48, 64)
    assert 1 / raster.inverse_depth.max() >= 0.05


def test_a_body_over_the_border_is_the_same_inside():
    small = Pinhole(focal_px=100.0, center_px=(20.0, 20.0), width=60, height=50)
    large = Pinhole(focal_px=100.0, center_px=(120.0, 120.0), width=300, height=300)
    vertices, faces = make_ellipsoid([0, 0, 3], [1, 1.4, 0.5])
    part, _ = put_in_picture(rasterize(vertices, faces, small), small)
    whole, _ = put_in_picture(rasterize(vertices, faces, large), large)
    np.testing.assert_array_equal(part, whole[100:150, 100:160])


def test_left_is_on_the_right_of_the_picture_and_the_arm_before_the_belly():
    vertices, faces, parts = make_doll()
    camera = Pinhole.from_size(200, 200)
    raster = rasterize(vertices + np.array([0, 0, 3]), faces, camera)
    part = np.where(raster.face_id >= 0, parts[faces[np.maximum(raster.face_id, 0), 0]], -1)
    columns = np.arange(part.shape[1]) + raster.x
    assert columns[(part == 2).any(0)].min() > 100
    row = round(100 + 200 * -0.2 / 2.83) - raster.y
    assert part[row, round(100 - raster.x)] == 3


def test_corner_values_may_jump_at_a_seam(camera):
    vertices = np.array([[-0.5, -0.5, 1], [-0.5, 0.5, 1], [0.5, -0.5, 1], [0.5, 0.5, 1]])
    faces = np.array([[0, 1, 2], [2, 1, 3]])
    fragments = compute_fragments(rasterize(vertices, faces, camera), vertices, faces, camera)
    values = np.stack([np.full((3, 2), 1.0), np.full((3, 2), 5.0)])
    seen = interpolate_corners(fragments, values)
    np.testing.assert_allclose(seen, np.where(fragments.face == 0, 1.0, 5.0) * np.ones((2, 1)), rtol=1e-5)


def test_same_input_same_picture():
    vertices, faces, _ = make_doll()
    camera = Pinhole.from_size(120, 90)
    first, second = (rasterize(vertices + np.array([0, 0, 2.5]), faces, camera) for _ in range(2))
    np.testing.assert_array_equal(first.face_id, second.face_id)


def test_refuses_a_near_plane_at_the_eye(camera):
    with pytest.raises(ValueError, match="near_m should be positive, got 0"):
        rasterize(np.zeros((3, 3)), np.array([[0, 1, 2]]), camera, near_m=0.0)
