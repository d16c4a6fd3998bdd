import dataclasses

import numpy as np
import pytest

from spsnet.body import load_body
from spsnet.rendering import compute_vertex_normals
from spsnet.synthesis.body_map import map_body
from spsnet.synthesis.wardrobe import (
    BOTTOM,
    HAIR,
    SHOE,
    SKIN,
    SOLE,
    TOP,
    classify_points,
    dress,
    paint_points,
    sample_outfit,
)


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture
def plain():
    """T-shirt, trousers, shoes, short hair."""
    return dataclasses.replace(
        sample_outfit(np.random.default_rng(0)),
        sleeve=0.4, collar_m=0.0, top_hem_m=0.0, bottom_hem=0.95, skirt=False, hair_m=0.02, long_hair_m=0.0,
        beard=False, shoe_m=0.01, boot=0.02, top_loose_m=0.01, bottom_loose_m=0.01,
    )  # fmt: skip


def find_vertex(body, target):
    return int(np.argmin(np.linalg.norm(body.template_m - target, axis=1)))


def test_each_part_wears_its_own(body, plain):
    where = map_body(body)
    cover = classify_points(plain, where, where.channels)
    joints = body.rest_joints_m
    wanted = {
        TOP: [joints[9] + np.array([0, 0, 0.15]), joints[6] - np.array([0, 0, 0.2])],
        BOTTOM: [joints[4] + np.array([0, 0, 0.1]), (joints[1] + joints[4]) / 2],
        SKIN: [joints[20], joints[18] * np.array([1.2, 1, 1]), joints[22], joints[15] + np.array([0, 0, 0.2])],
        SHOE: [joints[10] + np.array([0, 0.05, 0])],
        HAIR: [np.array([0, where.top_y, where.head_z])],
        SOLE: [np.array([joints[10, 0], where.floor_y - 0.02, joints[10, 2]])],
    }
    for kind, spots in wanted.items():
        for spot in spots:
            assert cover[find_vertex(body, spot)] == kind, (kind, spot)


def test_face_is_found_on_the_open_body(body):
    where = map_body(body)
    eyes = (body.regressors["coco17"] @ body.template_m)[1:3]
    down = (where.top_y - eyes[:, 1]) / (where.top_y - where.chin_y)
    np.testing.assert_allclose(down, 0.5, atol=0.06)
    np.testing.assert_allclose(np.abs(eyes[:, 0]), 0.032, atol=0.008)


def test_clothes_lie_outside_the_body_and_bare_skin_stays(body, plain):
    where = map_body(body)
    cover = classify_points(plain, where, where.channels)
    dressed = dress(plain, body, body.template_m)
    moved = dressed.vertices_m[: len(body.template_m)] - body.template_m
    outwards = (moved * compute_vertex_normals(body.template_m, body.faces)).sum(1)
    assert np.abs(outwards[cover == SKIN]).max() < 1e-6
    assert outwards[cover == TOP].min() > 0
    assert outwards[cover == TOP].max() < 0.05


@pytest.mark.parametrize(
    ("change", "kind", "low", "high"),
    [
        ({"skirt": True, "bottom_hem": 0.5}, BOTTOM, -0.6, 0.3),
        ({"long_hair_m": 0.2}, HAIR, 0.2, 0.9),
        ({}, SHOE, -1.2, -0.7),
    ],
    ids=["skirt", "hair", "shoes"],
)
def test_added_pieces_are_closed_and_where_they_belong(change, kind, low, high, body, plain):
    # A posed body stands on its head in camera axes (y down); at rest here y is up, so hair that falls along +y rises.
    upside = body.template_m * np.array([1.0, -1, -1], np.float32)
    dressed = dress(dataclasses.replace(plain, **change), body, upside)
    piece = dressed.channels[8] == kind
    assert piece.any()
    faces = dressed.faces[piece[dressed.faces].all(1)]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    forth = set(map(tuple, edges.tolist()))
    assert forth == {(b, a) for a, b in forth}
    height = -dressed.vertices_m[piece, 1]
    assert height.min() > low
    assert height.max() < high
    volume = np.einsum("fi,fi->f", *_split(dressed.vertices_m[faces])).sum() / 6
    assert volume > 0


def _split(corners):
    return np.cross(corners[:, 0], corners[:, 1]), corners[:, 2]


def test_bare_feet_and_short_hair_add_nothing(body, plain):
    dressed = dress(dataclasses.replace(plain, shoe_m=0.0), body, body.template_m)
    assert len(dressed.vertices_m) == len(body.template_m)
    np.testing.assert_array_equal(dressed.faces, body.faces)


def test_paint_uses_skin_and_cloth_in_range(body, plain):
    dressed = dress(plain, body, body.template_m)
    rgb = paint_points(plain, map_body(body), dressed.channels)
    assert rgb.shape == (3, len(dressed.vertices_m))
    assert np.isfinite(rgb).all()
    wrist = find_vertex(body, body.rest_joints_m[22])
    np.testing.assert_allclose(rgb[:, wrist], plain.skin_rgb, rtol=0.08)


def test_same_seed_same_outfit():
    first, second = (sample_outfit(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.flesh, second.flesh)
    assert first.top.kind == second.top.kind
