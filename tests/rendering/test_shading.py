import numpy as np
import pytest

from reference.rendering_shapes import make_ellipsoid
from spsnet.rendering import Light, compute_irradiance, compute_vertex_normals, shade_vertices


def test_normals_of_a_sphere_point_outwards():
    vertices, faces = make_ellipsoid([1, 2, 3], [0.5] * 3, 40, 40)
    normals = compute_vertex_normals(vertices, faces)
    outwards = (vertices - [1, 2, 3]) / 0.5
    used = np.unique(faces)
    assert (normals * outwards).sum(1)[used].min() > 0.995


def test_normal_of_one_triangle_and_of_a_loose_vertex():
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5]])
    normals = compute_vertex_normals(vertices, np.array([[0, 1, 2]]))
    np.testing.assert_allclose(normals, [[0, 0, 1]] * 3 + [[0, 0, 0]])


def test_colour_by_hand():
    light = Light(
        direction=np.array([0.0, -2, 0]), lamp_rgb=(0.5, 0.4, 0.3), sky_rgb=(0.5, 0.5, 0.5), ground_rgb=(0.1, 0.1, 0.1)
    )
    normals = np.array([[0.0, -1, 0], [0, 1, 0], [0, 0, -1]])
    vertices = np.array([[0.0, 0, 4]] * 3)
    shaded = shade_vertices(np.array([[1.0, 0.5, 0.2]]), vertices, normals, light)
    np.testing.assert_allclose(shaded[0], [1.0, 0.45, 0.16])  # sky and lamp full on
    np.testing.assert_allclose(shaded[1], [0.1, 0.05, 0.02])  # the ground alone
    np.testing.assert_allclose(shaded[2], [0.3, 0.15, 0.06])  # half sky, half ground


def test_rim_darkens_grazing_surfaces_only_and_gloss_brightens():
    vertices, normals = np.array([[0.0, 0, 4]] * 2), np.array([[0.0, 0, -1], [1, 0, 0]])
    white = np.ones((1, 3))
    plain = shade_vertices(white, vertices, normals, Light(direction=np.array([0.0, 0, -1])))
    rim = shade_vertices(white, vertices, normals, Light(direction=np.array([0.0, 0, -1]), rim=0.5))
    np.testing.assert_allclose(rim[0], plain[0])
    np.testing.assert_allclose(rim[1], plain[1] / 2)
    _, highlight = compute_irradiance(vertices, normals, Light(direction=np.array([0.0, 0, -1]), gloss=0.3))
    np.testing.assert_allclose(highlight[:, 0], [0.3, 0.3 * np.sqrt(0) ** 24], atol=1e-9)


def test_turning_scene_and_lamp_together_about_the_vertical_changes_nothing_without_rim():
    rng = np.random.default_rng(1)
    normals = rng.normal(size=(20, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    vertices, lamp = rng.normal(size=(20, 3)), np.array([0.3, -0.5, 0.8])
    turn = np.array([[0.6, 0, 0.8], [0, 1, 0], [-0.8, 0, 0.6]])
    white = np.ones((1, 3))
    np.testing.assert_allclose(
        shade_vertices(white, vertices, normals, Light(direction=lamp)),
        shade_vertices(white, vertices @ turn.T, normals @ turn.T, Light(direction=turn @ lamp)),
    )


def test_refuses_a_lamp_without_direction_and_a_wild_rim():
    with pytest.raises(ValueError, match=r"Light.direction should not be the zero vector"):
        Light(direction=np.zeros(3))
    with pytest.raises(ValueError, match=r"Light.rim should lie in 0 to 1, got 2"):
        Light(rim=2.0)
