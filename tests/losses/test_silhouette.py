import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from reference import losses_loops
from spsnet.body import compute_vertices, load_body
from spsnet.geometry import axis_angle_to_matrix
from spsnet.losses import build_coarse_body, compute_silhouettes, project_faces
from spsnet.records import Pinhole
from spsnet.rendering import rasterize

FOCAL_PX = 1000.0
CENTER_PX = torch.zeros(2)
SIZE = 64


def make_faces(batch, faces, seed=0, spread=0.8):
    generator = torch.Generator().manual_seed(seed)
    points = spread * (2 * torch.rand(batch, faces, 2, dtype=torch.float64, generator=generator) - 1)
    return points, 0.1 * torch.rand(batch, faces, dtype=torch.float64, generator=generator)


def test_a_triangle_is_projected_as_said():
    vertices = torch.tensor([[[0.0, 0.0, 10.0], [0.6, 0.0, 10.0], [0.0, 0.6, 10.0]]])
    box = torch.tensor([[0.0, 0.0, 200.0]])
    for faces in ([[0, 1, 2]], [[0, 2, 1]]):
        seen = project_faces(vertices, torch.tensor(faces), box, FOCAL_PX, CENTER_PX)
        torch.testing.assert_close(seen.points, torch.tensor([[[0.2, 0.2]]]))
        torch.testing.assert_close(seen.areas, torch.tensor([[0.18]]))


def test_projection_is_the_loop():
    generator = torch.Generator().manual_seed(0)
    vertices = torch.randn(2, 5, 3, dtype=torch.float64, generator=generator) + torch.tensor([0, 0, 6.0])
    faces = torch.tensor([[0, 1, 2], [2, 3, 4], [0, 4, 1]])
    box = torch.tensor([[10.0, -20.0, 150.0], [0.0, 5.0, 300.0]], dtype=torch.float64)
    center = torch.tensor([7.0, 3.0], dtype=torch.float64)
    seen = project_faces(vertices, faces, box, FOCAL_PX, center)
    for b, f in np.ndindex(2, 3):
        point, area = losses_loops.project_face(
            vertices[b, faces[f]].tolist(), box[b].tolist(), FOCAL_PX, center.tolist()
        )
        np.testing.assert_allclose(seen.points[b, f], point)
        np.testing.assert_allclose(seen.areas[b, f], area)
    assert gradcheck(lambda v: tuple(project_faces(v, faces, box, FOCAL_PX, center)), (vertices.requires_grad_(),))


def test_faces_at_or_behind_the_camera_have_no_area_and_no_gradient():
    vertices = torch.tensor([[[0.0, 0.0, 5.0], [1.0, 0.0, 5.0], [0.0, 1.0, 0.01], [0.0, 1.0, -3.0]]]).requires_grad_()
    faces = torch.tensor([[0, 1, 2], [0, 1, 3]])
    seen = project_faces(vertices, faces, torch.tensor([[0.0, 0.0, 500.0]]), FOCAL_PX, CENTER_PX)
    assert (seen.areas == 0).all()
    compute_silhouettes(seen.points, seen.areas).sum().backward()
    assert (vertices.grad == 0).all()


def test_two_faces_fill_a_pixel_as_said():
    points, areas = torch.tensor([[[0.25, 0.25]] * 2]), torch.tensor([[0.25, 0.25]])
    expected = torch.zeros(1, 4, 4)
    expected[0, 2, 2] = 1 - 2**-8
    torch.testing.assert_close(compute_silhouettes(points, areas, 4), expected)
    # Half a pixel to the right, both pixels lie on the outline of what is seen.
    expected[0, 2, 2:] = 0.5
    torch.testing.assert_close(compute_silhouettes(points + torch.tensor([0.25, 0.0]), areas, 4), expected)


def test_silhouettes_are_the_loop_and_differentiate():
    points, areas = make_faces(3, 20, spread=1.3)
    silhouettes = compute_silhouettes(points, areas, 6)
    for b in range(3):
        expected = losses_loops.splat(points[b].tolist(), areas[b].tolist(), 6)
        np.testing.assert_allclose(silhouettes[b], expected, atol=1e-12)
    inputs = (points.requires_grad_(), areas.requires_grad_())
    assert gradcheck(lambda p, a: compute_silhouettes(p, a, 6), inputs)


def test_a_move_by_whole_pixels_moves_the_picture():
    points, areas = make_faces(1, 30, spread=0.5)
    moved = compute_silhouettes(points + torch.tensor([2 / 8, -3 / 8]), areas, 16)
    torch.testing.assert_close(moved, compute_silhouettes(points, areas, 16).roll((-3, 2), (1, 2)))


def test_faces_outside_the_picture_change_nothing_and_get_no_gradient():
    points, areas = make_faces(2, 10)
    outside = torch.tensor([[1.26, 0.0], [0.0, -1.26], [-7.0, 5.0], [1e30, 0.0], [torch.nan, 0.0], [torch.inf, 0.0]])
    outside = outside.double().expand(2, -1, -1).clone().requires_grad_()
    more = torch.ones(2, outside.shape[1], dtype=torch.float64, requires_grad=True)
    with_them = compute_silhouettes(torch.cat([points, outside], 1), torch.cat([areas, more], 1), 8)
    torch.testing.assert_close(with_them, compute_silhouettes(points, areas, 8))
    with_them.sum().backward()
    assert (outside.grad == 0).all()
    assert (more.grad == 0).all()


def test_a_face_astride_the_border_fills_the_part_inside():
    picture = compute_silhouettes(torch.tensor([[[1.0, 0.25]]]), torch.tensor([[0.5]]), 4)
    assert picture[0, 2, 3] == pytest.approx(0.5)
    assert picture.sum() == pytest.approx(0.5)


def test_no_faces_and_no_frames():
    assert (compute_silhouettes(torch.zeros(2, 0, 2), torch.zeros(2, 0), 4) == 0).all()
    assert compute_silhouettes(torch.zeros(0, 3, 2), torch.zeros(0, 3), 4).shape == (0, 4, 4)


@pytest.fixture(scope="module")
def posed():
    """Bent bodies, squares about them, and their exact silhouettes."""
    body, rng, count = load_body(), np.random.default_rng(0), 6
    axis_angle = 0.3 * rng.normal(size=(count, 24, 3))
    axis_angle[:, 0] = 0
    rotations = axis_angle_to_matrix(axis_angle)
    heading = np.stack([np.zeros(count), rng.uniform(-3, 3, count), np.zeros(count)], -1)
    rotations[:, 0] = np.diag([1.0, -1, -1]) @ axis_angle_to_matrix(heading)
    rotations, shape = rotations.astype(np.float32), rng.normal(size=(count, 10)).astype(np.float32)
    place = np.tile(np.array([0.0, 0.0, 4.0], np.float32), (count, 1))
    box = np.tile(np.array([0.0, 0.0, 550.0], np.float32), (count, 1))
    vertices = compute_vertices(body, rotations, shape, place)
    camera = Pinhole(focal_px=FOCAL_PX * SIZE / 550, center_px=(SIZE / 2, SIZE / 2), width=SIZE, height=SIZE)
    exact = np.zeros((count, SIZE, SIZE), bool)
    for picture, mesh in zip(exact, vertices, strict=True):
        raster = rasterize(mesh, body.faces, camera)
        picture[raster.window] = raster.face_id >= 0
    return body, (rotations, shape, place), torch.tensor(box), exact


@pytest.mark.parametrize(("vertices", "least"), [(6400, 0.95), (1000, 0.9)])
def test_bodies_have_the_rasterisers_outline(posed, vertices, least):
    body, parameters, box, exact = posed
    body = build_coarse_body(body, vertices)
    mesh = torch.tensor(compute_vertices(body, *parameters))
    seen = project_faces(mesh, torch.tensor(body.faces).long(), box, FOCAL_PX, CENTER_PX)
    silhouettes = compute_silhouettes(seen.points, seen.areas, SIZE).numpy()
    soft = silhouettes > 0.5
    overlap = (soft & exact).sum((1, 2)) / (soft | exact).sum((1, 2))
    assert overlap.min() > least
    np.testing.assert_allclose(silhouettes.sum((1, 2)), exact.sum((1, 2)), rtol=0.06)
    assert silhouettes.min() >= 0
    assert silhouettes.max() <= 1
