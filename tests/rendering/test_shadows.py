import numpy as np
import pytest

from reference.rendering_shapes import make_ellipsoid
from spsnet.rendering import compute_lamp_visibility


def test_a_ball_over_a_plate_shades_its_middle():
    ball, ball_faces = make_ellipsoid([0, -1, 0], [0.3] * 3)
    plate, plate_faces = make_ellipsoid([0, 0, 0], [1, 0.02, 1], 40, 40)
    vertices = np.concatenate([ball, plate])
    faces = np.concatenate([ball_faces, plate_faces + len(ball)])
    lit = compute_lamp_visibility(vertices, faces, np.array([0.0, -1, 0]))[len(ball) :]
    distance, above = np.hypot(plate[:, 0], plate[:, 2]), plate[:, 1] < 0
    assert lit[above & (distance < 0.2)].max() == 0
    assert lit[above & (distance > 0.4) & (distance < 0.9)].min() == 1


@pytest.mark.parametrize("direction", [[0.0, -1, 0], [1.0, 0, 0], [0.3, 0.2, -2.0]])
def test_a_ball_alone_is_lit_on_the_lamps_side_only(direction):
    vertices, faces = make_ellipsoid([3, 1, 5], [0.5] * 3)
    direction = np.array(direction)
    lit = compute_lamp_visibility(vertices, faces, direction)
    towards = (vertices - np.array([3, 1, 5])) @ direction / np.linalg.norm(direction) / 0.5
    assert lit[towards > 0.6].min() == 1
    assert lit[towards < -0.3].max() == 0
    assert ((lit >= 0) & (lit <= 1)).all()
