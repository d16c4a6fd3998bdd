import numpy as np
import pytest

from spsnet.body import load_body
from spsnet.export.animation import choose_influences
from spsnet.viewer.simplifying import simplify_mesh

SQUARE = np.array(
    [[0.5, 0.5, 0.5], [0.6, 0.5, 0.5], [3.5, 0.5, 0.5], [3.5, 2.5, 0.5], [0.5, 2.5, 0.5], [0.58, 0.5, 0.5]]
)
FACES = np.array([[0, 1, 2], [0, 2, 3], [1, 2, 3], [0, 3, 4]])


def test_by_hand_the_vertices_of_a_cell_become_the_middle_one() -> None:
    kept, faces = simplify_mesh(SQUARE, FACES, np.zeros(6, np.int64), 1.0)
    assert kept.tolist() == [5, 4, 2, 3], "0, 1 and 5 lie in one cell, 5 the nearest to their mean"
    assert SQUARE[kept][faces].tolist() == SQUARE[[[5, 2, 3], [5, 3, 4]]].tolist()


def test_vertices_of_different_groups_stay_apart() -> None:
    kept, faces = simplify_mesh(SQUARE, FACES, np.array([0, 1, 0, 0, 0, 2]), 1.0)
    assert sorted(kept.tolist()) == [0, 1, 2, 3, 4, 5]
    assert len(faces) == 4


def test_a_body_keeps_its_form_with_a_quarter_of_its_faces() -> None:
    body = load_body()
    bones = choose_influences(body.skinning_weights)[0][:, 0].astype(np.int64)
    kept, faces = simplify_mesh(body.template_m, body.faces, bones, 0.04)
    assert len(faces) < 0.26 * len(body.faces)
    assert faces.max() < len(kept)
    light = body.template_m[kept]
    distance = np.linalg.norm(body.template_m[::10, None] - light, axis=-1).min(1)
    assert distance.max() < 0.04 * np.sqrt(3)
    assert measure_volume(light[faces]) == pytest.approx(measure_volume(body.template_m[body.faces]), rel=0.08)


def measure_volume(corners_m: np.ndarray) -> float:
    """Of a closed mesh, positive where its faces look outwards."""
    first, second, third = corners_m.transpose(1, 0, 2)
    return float((first * np.cross(second, third)).sum() / 6)
