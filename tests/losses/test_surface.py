import numpy as np
import pytest

from spsnet.body import compute_joints, compute_vertices, load_body
from spsnet.geometry import axis_angle_to_matrix
from spsnet.losses import build_coarse_body

BODY = load_body()
COARSE = build_coarse_body(BODY)


def make_parameters(count=4):
    rng = np.random.default_rng(0)
    rotations = axis_angle_to_matrix(0.5 * rng.normal(size=(count, 24, 3)))
    return rotations, rng.normal(size=(count, 10)), rng.normal(size=(count, 3))


def measure(body):
    """Volume and area of a body at rest."""
    a, b, c = body.template_m[body.faces].astype(np.float64).transpose(1, 0, 2)
    volume = (a * np.cross(b, c)).sum() / 6
    return volume, np.linalg.norm(np.cross(b - a, c - a), axis=-1).sum() / 2


def test_joints_are_the_whole_bodys_in_every_shape_and_pose():
    parameters = make_parameters()
    np.testing.assert_allclose(COARSE.joint_regressor.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(compute_joints(COARSE, *parameters), compute_joints(BODY, *parameters), atol=1e-5)


def test_vertices_go_where_the_whole_bodys_go_a_little_further_out():
    parameters = make_parameters()
    few, all_of_them = compute_vertices(COARSE, *parameters), compute_vertices(BODY, *parameters)
    assert few.shape[1] == len(COARSE.template_m)
    assert 990 <= few.shape[1] <= 1000
    at_rest = np.linalg.norm(COARSE.template_m[:, None] - BODY.template_m, axis=-1)
    source, step = at_rest.argmin(1), at_rest.min(1)
    assert step.max() < 0.003
    distance = np.linalg.norm(few - all_of_them[:, source], axis=-1)
    assert distance.max() < 0.006


def test_surface_is_closed_and_as_large_as_the_whole_bodys():
    edges = np.concatenate([COARSE.faces[:, [0, 1]], COARSE.faces[:, [1, 2]], COARSE.faces[:, [2, 0]]])
    forward, counts = np.unique(edges, axis=0, return_counts=True)
    backward, counts_back = np.unique(edges[:, ::-1], axis=0, return_counts=True)
    np.testing.assert_array_equal(forward, backward)
    np.testing.assert_array_equal(counts, counts_back)
    assert np.array_equal(np.unique(COARSE.faces), np.arange(len(COARSE.template_m)))
    (volume, area), (whole_volume, whole_area) = measure(COARSE), measure(BODY)
    assert volume == pytest.approx(whole_volume, rel=0.01)
    assert area == pytest.approx(whole_area, rel=0.05)


def test_keeping_every_vertex_keeps_the_body():
    same = build_coarse_body(BODY, len(BODY.template_m))
    np.testing.assert_allclose(same.template_m, BODY.template_m, atol=1e-6)
    assert len(same.faces) == len(BODY.faces)


@pytest.mark.parametrize("vertices", [49, 6401])
def test_too_few_and_too_many(vertices):
    with pytest.raises(ValueError, match=rf"vertices should be 50 to 6400, got {vertices}"):
        build_coarse_body(BODY, vertices)
