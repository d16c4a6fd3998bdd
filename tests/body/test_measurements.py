import math
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from spsnet.body import BodyModel, compute_vertices, load_body
from spsnet.body.measurements import BodyMeasurements, measure_body

SIDES = 360


def make_cone(*, arms: bool = True) -> BodyModel:
    """A trunk whose radius shrinks from 0.2 m at y = 0 to 0.1 m at y = 1, with a beam through it for arms.

    Hip joints at a height of 0.2 m, shoulder joints at 0.8 m. The first shape coefficient makes it twice as tall, the
    second moves its surface outwards by 1 cm.
    """
    heights = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    angles = 2 * np.pi * np.arange(SIDES) / SIDES
    outward = np.stack([np.cos(angles), 0 * angles, np.sin(angles)], axis=1)
    rings = [(0.2 - 0.1 * y) * outward + [0, y, 0] for y in heights]
    beam = np.array([[x, y, z] for x in (-0.7, 0.7) for y in (0.6, 0.7) for z in (-0.05, 0.05)])
    vertices = np.concatenate([*rings, beam]).astype(np.float32)
    i = np.arange(SIDES)
    j = (i + 1) % SIDES
    faces = []
    for ring in range(len(heights) - 1):
        low, high = ring * SIDES, (ring + 1) * SIDES
        faces += [np.stack([low + i, high + i, high + j], 1), np.stack([low + i, high + j, low + j], 1)]
    if arms:
        faces.append(len(rings) * SIDES + np.array([[0, 2, 6], [0, 6, 4], [1, 3, 7], [1, 7, 5]]))
    weights = np.zeros((len(vertices), 24), np.float32)
    weights[:-8, 0] = 1
    weights[-8:, 18] = 1
    regressor = np.zeros((24, len(vertices)), np.float32)
    for joint in range(24):
        ring = 4 if joint in (16, 17) else 1
        regressor[joint, ring * SIDES : (ring + 1) * SIDES] = 1 / SIDES
    directions = np.zeros((len(vertices), 3, 10), np.float32)
    directions[:, 1, 0] = vertices[:, 1]
    directions[:-8, :, 1] = 0.01 * np.tile(outward, (len(heights), 1))
    return replace(
        load_body(),
        template_m=vertices,
        shape_directions=directions,
        pose_directions=None,
        skinning_weights=weights,
        joint_regressor=regressor,
        faces=np.concatenate(faces),
        regressors={},
        part_labels=None,
        uv=None,
        uv_faces=None,
    )


def shape_by(first: float = 0.0, second: float = 0.0) -> np.ndarray:
    return np.array([[first, second, *[0.0] * 8]])


def girth_at(height_m: float, more_m: float = 0.0) -> float:
    """Perimeter of the polygon that the cone's rings are."""
    return 2 * SIDES * math.sin(math.pi / SIDES) * (0.2 - 0.1 * height_m + more_m)


def test_a_cone_by_hand_arms_left_out() -> None:
    measured = measure_body(make_cone(), shape_by())
    assert measured.stature_m == pytest.approx([1])
    assert measured.hip_girth_m == pytest.approx([girth_at(0.2)], rel=1e-4)
    assert measured.waist_girth_m == pytest.approx([girth_at(0.2 + 0.42 * 0.6)], rel=1e-4)
    assert measured.chest_girth_m == pytest.approx([girth_at(0.2 + 0.72 * 0.6)], rel=1e-4)


def test_places_follow_the_joints_of_a_taller_body() -> None:
    cone = make_cone()
    average, tall = measure_body(cone, shape_by()), measure_body(cone, shape_by(first=1))
    assert tall.stature_m == pytest.approx(2 * average.stature_m)
    assert tall.waist_girth_m == pytest.approx(average.waist_girth_m, rel=1e-4)


def test_a_wider_surface_is_longer_to_go_round() -> None:
    measured = measure_body(make_cone(), shape_by(second=3))
    assert measured.waist_girth_m == pytest.approx([girth_at(0.2 + 0.42 * 0.6, 0.03)], rel=1e-4)


def test_the_average_adult_is_one() -> None:
    measured = measure_body(load_body(), np.zeros((1, 10)))
    values = [getattr(measured, field.name)[0] for field in fields(BodyMeasurements)]
    assert values == pytest.approx([1.696, 0.993, 0.857, 1.038], abs=1e-3)


def test_bodies_are_measured_each_for_itself() -> None:
    shapes = np.random.default_rng(0).normal(size=(5, 10))
    body = load_body()
    together = measure_body(body, shapes)
    for i in range(5):
        alone = measure_body(body, shapes[i : i + 1])
        for field in fields(BodyMeasurements):
            assert getattr(alone, field.name)[0] == getattr(together, field.name)[i]


def test_girths_lie_between_the_slice_of_vertices_about_their_height() -> None:
    """The hull of all trunk vertices within 2 cm of the height is at least as wide as a slice, and hardly wider."""
    body = load_body()
    shape = np.random.default_rng(1).normal(size=(1, 10))
    still = np.tile(np.eye(3), (1, 24, 1, 1))
    vertices = compute_vertices(body, still, shape, np.zeros((1, 3)))[0]
    trunk = ~np.isin(body.skinning_weights.argmax(1), range(16, 24))
    height = (body.rest_joints_m + body.rest_joint_shape @ shape[0])[[1, 2], 1].mean()
    near = trunk & (np.abs(vertices[:, 1] - height) < 0.02)
    loose = ConvexHull(vertices[near][:, [0, 2]]).area
    assert 0.97 * loose < measure_body(body, shape).hip_girth_m[0] <= loose


def test_no_bodies_no_lengths() -> None:
    measured = measure_body(load_body(), np.zeros((0, 10)))
    assert measured.stature_m.shape == measured.chest_girth_m.shape == (0,)
