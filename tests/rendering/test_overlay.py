import numpy as np
import pytest

from reference.rendering_shapes import make_doll
from spsnet.records import Pinhole
from spsnet.rendering import OverlayConfig, OverlayPerson, OverlayScene, compose_overlay, get_track_color

VERTICES, FACES, _ = make_doll()


def stand(x=0.0, z=4.0, track_id=1, **more):
    return OverlayPerson(vertices_m=VERTICES + np.array([x, 0, z]), track_id=track_id, **more)


@pytest.fixture
def camera():
    return Pinhole.from_size(320, 180)


@pytest.fixture
def picture():
    return np.full((180, 320, 3), 128, np.uint8)


@pytest.mark.parametrize("size", [(320, 180), (321, 181), (1768, 994), (1088, 1920), (7680, 4320), (40, 2000)])
def test_sizes_are_even_and_bounded(size):
    scene = OverlayScene(FACES, Pinhole.from_size(*size))
    width, height = scene.size
    assert width % 2 == height % 2 == 0
    assert width <= 1922
    assert height <= 1080
    out = scene.compose(np.zeros((size[1], size[0], 3), np.uint8), [])
    assert out.shape == (height, width, 3)


def test_body_is_drawn_where_it_stands_in_its_colour(camera, picture):
    out = OverlayScene(FACES, camera).compose(picture, [stand(track_id=3)])
    body = out[85, 160] / 255
    assert np.argmax(body) == np.argmax(get_track_color(3))
    np.testing.assert_array_equal(out[:180, :40], picture[:, :40])


def test_left_hand_is_right_in_the_picture_and_near_is_left_in_the_side_view(camera, picture):
    scene = OverlayScene(FACES, camera)
    out = scene.compose(picture, [stand()])
    changed = np.flatnonzero((out[:, :320] != 128).any((0, 2)))
    assert changed.max() - 160 > 160 - changed.min()
    out = scene.compose(picture, [stand(z=3.8, track_id=1), stand(z=4.2, track_id=2)])
    panel = out[:, 320:].astype(int)
    blue, orange = panel[..., 2] - panel[..., 0] > 60, panel[..., 0] - panel[..., 2] > 60
    assert np.nonzero(blue)[1].mean() < np.nonzero(orange)[1].mean()


def test_filled_frames_are_fainter_and_marked(camera, picture):
    scene = OverlayScene(FACES, camera, config=OverlayConfig(panel_share=0.0))
    seen, filled = (scene.compose(picture, [stand(filled=f)]).astype(int) for f in (False, True))
    assert np.abs(filled[85, 160] - 128).sum() < np.abs(seen[85, 160] - 128).sum()
    label = slice(0, 30)
    assert (filled[label] != 128).any(-1).sum() > 1.5 * (seen[label] != 128).any(-1).sum()


def test_side_camera_stands_still_while_people_stay(camera, picture):
    scene = OverlayScene(FACES, camera)
    first = scene.compose(picture, [stand()])[:, 320:]
    scene.compose(picture, [stand(x=0.2, z=4.3)])
    np.testing.assert_array_equal(scene.compose(picture, [stand()])[:, 320:], first)


def test_side_camera_steps_back_when_somebody_leaves_it(camera, picture):
    scene = OverlayScene(FACES, camera)
    scene.compose(picture, [stand()])
    scene.compose(picture, [stand(z=9.0)])
    away = scene.compose(picture, [stand(z=9.0)])[:, 320:]
    empty = scene.compose(picture, [])[:, 320:]
    assert (away != empty).any(-1).sum() > 50


def test_known_extent_keeps_the_camera_from_the_start(camera, picture):
    extent = np.array([[-1, -1, 3.0], [1, 1, 10.0]])
    scene = OverlayScene(FACES, camera, extent_m=extent)
    before = scene.compose(picture, [])[:, 320:]
    scene.compose(picture, [stand(z=9)])
    np.testing.assert_array_equal(scene.compose(picture, [])[:, 320:], before)


def test_input_picture_is_not_written_to(camera, picture):
    OverlayScene(FACES, camera).compose(picture, [stand()])
    assert (picture == 128).all()


def test_behind_the_camera_and_nobody_at_all(camera, picture):
    out = compose_overlay(picture, [stand(z=-4.0)], FACES, camera)
    np.testing.assert_array_equal(out[:, :320], picture)
    assert compose_overlay(picture, [], FACES, camera).shape == out.shape


def test_same_input_same_picture(camera, picture):
    people = [stand(), stand(x=0.5, z=5, track_id=2)]
    np.testing.assert_array_equal(
        compose_overlay(picture, people, FACES, camera), compose_overlay(picture, people, FACES, camera)
    )


def test_refuses_wrong_settings():
    with pytest.raises(ValueError, match=r"OverlayConfig.opacity should lie in 0 to 1, got 1.5"):
        OverlayConfig(opacity=1.5)
    with pytest.raises(ValueError, match="at least 32 pixels a side"):
        OverlayConfig(max_width=10)
