from dataclasses import replace

import numpy as np
import pytest

from spsnet.body import compute_vertices, load_body
from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import Pinhole
from spsnet.synthesis.appearance import render_frame, sample_appearance
from spsnet.synthesis.labels import cut_silhouette, find_visible, measure_silhouette_box, project_landmarks

CAMERA = Pinhole(focal_px=430.0, center_px=(120.0, 120.0), width=240, height=240)
LEFT, RIGHT = [11, 13, 15, 23, 25, 27], [12, 14, 16, 24, 26, 28]
FACE = list(range(7))


@pytest.fixture(scope="module")
def body():
    return load_body()


def stand(body, turn_rad=0.0, place=(0.0, 0.0, 4.0)):
    """Upright, arms lowered; a turn of 0 faces the camera."""
    rotations = np.tile(np.eye(3, dtype=np.float32), (1, 24, 1, 1))
    rotations[0, 0] = np.diag([1, -1, -1]) @ axis_angle_to_matrix(np.array([0.0, turn_rad, 0.0]))
    for joint, angle in ((16, -1.1), (17, 1.1)):
        rotations[0, joint] = axis_angle_to_matrix(np.array([0.0, 0.0, angle]))
    vertices = compute_vertices(body, rotations, np.zeros(10, np.float32), np.zeros((1, 3), np.float32))[0]
    middle = np.array([0, (vertices[:, 1].min() + vertices[:, 1].max()) / 2, 0])
    return (vertices - middle + place).astype(np.float32)


def look(body, vertices, cover=None):
    rng = np.random.default_rng(0)
    frame = render_frame(rng, body, sample_appearance(rng), vertices, CAMERA)
    if cover is not None:
        frame = replace(frame, covered_mask=cover)
    return find_visible(body, frame, *project_landmarks(body, vertices, CAMERA))


def test_facing_the_camera_the_face_is_seen_and_from_behind_the_face_is_not(body):
    seen = look(body, stand(body))
    assert seen[LEFT + RIGHT + FACE].all()
    assert not seen[[29, 30]].any()  # the heels are behind the feet
    behind = look(body, stand(body, np.pi))
    assert not behind[FACE].any()
    assert behind[LEFT + RIGHT].all()


def test_from_the_side_the_far_arm_is_hidden(body):
    seen = look(body, stand(body, np.pi / 2))
    assert seen[[11, 13, 15]].sum() != seen[[12, 14, 16]].sum()
    assert {bool(seen[[11, 13]].all()), bool(seen[[12, 14]].all())} == {True, False}


def test_what_is_cut_or_covered_is_not_seen(body):
    vertices = stand(body, place=(0.0, 0.9, 4.0))
    pixels, _ = project_landmarks(body, vertices, CAMERA)
    inside = (pixels > 1).all(1) & (pixels < 239).all(1)
    assert 5 < inside.sum() < 30
    seen = look(body, vertices)
    assert not (seen & ~inside).any()
    assert (inside & ~seen).sum() <= 4
    cover = np.zeros((240, 240), bool)
    cover[:, :120] = True
    seen = look(body, stand(body), cover)
    pixels, _ = project_landmarks(body, stand(body), CAMERA)
    assert not (seen & (pixels[:, 0] < 120)).any()
    assert seen[LEFT].all()
    assert not seen[RIGHT].any()


def test_the_box_by_hand():
    vertices = np.array([[0, 0, 1], [10, 20, 1], [5, 5, 1]], dtype=float)
    np.testing.assert_allclose(measure_silhouette_box(vertices, 1.0, np.zeros(2)), [5, 10, 22])


def test_a_silhouette_is_the_part_of_the_mask_in_the_box():
    mask = np.zeros((100, 100), bool)
    mask[20:60, 30:50] = True
    whole = cut_silhouette(mask, np.array([50.0, 50, 64]))  # a pixel for a pixel, from 18 to 82
    expected = np.zeros((64, 64), bool)
    expected[2:42, 12:32] = True
    np.testing.assert_array_equal(whole, expected)
    half = cut_silhouette(mask, np.array([50.0, 50, 128]))
    np.testing.assert_array_equal(half, np.pad(expected[::2, ::2], 16))
    outside = cut_silhouette(np.ones((100, 100), bool), np.array([100.0, 50, 64]))
    np.testing.assert_array_equal(outside.any(0), np.arange(64) < 32)
