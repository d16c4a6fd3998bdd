import dataclasses

import numpy as np
import pytest

from spsnet.body import compute_vertices, load_body
from spsnet.encoders import load_encoder
from spsnet.records import Pinhole
from spsnet.synthesis.appearance import Companion, cut_camera, render_frame, sample_appearance
from spsnet.synthesis.occlusion import sample_standing_thing
from spsnet.synthesis.wardrobe import sample_outfit

CAMERA = Pinhole(focal_px=230.0, center_px=(64.0, 64.0), width=128, height=128)


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture(scope="module")
def standing(body):
    """Upright, facing the camera 4 m away, arms lowered."""
    rotations = np.tile(np.eye(3, dtype=np.float32), (1, 24, 1, 1))
    rotations[0, 0] = np.diag([1, -1, -1])
    for joint, angle in ((16, -1.1), (17, 1.1)):
        rotations[0, joint, :2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    vertices = compute_vertices(body, rotations, np.zeros(10, np.float32), np.array([[0, 0, 4]], np.float32))[0]
    return vertices - np.array([0, (vertices[:, 1].min() + vertices[:, 1].max()) / 2, 0], np.float32)


def test_person_is_where_the_camera_sees_it(body, standing):
    rng = np.random.default_rng(0)
    frame = render_frame(rng, body, sample_appearance(rng), standing, CAMERA)
    pixels = standing[:, :2] / standing[:, 2:] * 230 + 64
    rows, columns = np.nonzero(frame.mask)
    np.testing.assert_allclose([columns.min(), rows.min()], pixels.min(0), atol=4)
    np.testing.assert_allclose([columns.max(), rows.max()], pixels.max(0), atol=4)
    assert np.isfinite(frame.depth_m[frame.mask]).all()
    assert abs(np.median(frame.depth_m[frame.mask]) - 4) < 0.3
    np.testing.assert_array_equal(frame.mask, frame.body_mask)


def test_place_and_clothes_stay_while_noise_changes(body, standing):
    appearance = sample_appearance(np.random.default_rng(1))
    perfect = dataclasses.replace(appearance.look, noise=0.0, motion_px=0.0)
    still = dataclasses.replace(appearance, look=perfect)
    first, second = (render_frame(np.random.default_rng(s), body, still, standing, CAMERA) for s in (0, 1))
    np.testing.assert_array_equal(first.image_rgb, second.image_rgb)
    noisy = dataclasses.replace(appearance, look=dataclasses.replace(perfect, noise=5.0))
    first, second = (render_frame(np.random.default_rng(s), body, noisy, standing, CAMERA) for s in (0, 1))
    assert (first.image_rgb != second.image_rgb).any()


def test_things_before_the_person_leave_the_mask(body, standing):
    rng = np.random.default_rng(3)
    post = dataclasses.replace(
        sample_standing_thing(rng), corners=np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 10, start=np.full(2, 0.5),
        end=np.full(2, 0.5),
    )  # fmt: skip
    appearance = sample_appearance(rng)
    frame = render_frame(rng, body, appearance, standing, CAMERA, things=[post])
    bare = render_frame(rng, body, appearance, standing, CAMERA)
    np.testing.assert_array_equal(frame.body_mask, bare.mask)
    np.testing.assert_array_equal(frame.mask, frame.body_mask & ~frame.covered_mask)
    assert frame.covered_mask[52:76, 52:76].all()
    assert frame.covered_mask.sum() == pytest.approx((0.2 * 128) ** 2, rel=0.15)
    assert not bare.covered_mask.any()


@pytest.mark.parametrize(("step_m", "hidden"), [(-0.6, True), (0.6, False)])
def test_whoever_is_nearer_hides_the_other(body, standing, step_m, hidden):
    rng = np.random.default_rng(3)
    appearance = sample_appearance(rng)
    other = Companion(outfit=sample_outfit(rng), vertices_m=standing + np.array([0.1, 0, step_m], np.float32))
    frame = render_frame(rng, body, appearance, standing, CAMERA, companions=[other])
    alone = render_frame(rng, body, appearance, standing, CAMERA)
    np.testing.assert_array_equal(frame.body_mask, alone.mask)
    share = frame.mask.sum() / frame.body_mask.sum()
    assert share < 0.6 if hidden else share == 1
    assert frame.covered_mask.any() == hidden
    assert (frame.image_rgb != alone.image_rgb).any()


def test_out_of_the_picture_is_just_a_place(body, standing):
    rng = np.random.default_rng(0)
    frame = render_frame(rng, body, sample_appearance(rng), standing + np.array([50, 0, 0], np.float32), CAMERA)
    assert not frame.body_mask.any()


def test_a_picture_that_is_not_square(body, standing):
    camera = Pinhole(focal_px=100.0, center_px=(40.0, 30.0), width=80, height=60)
    rng = np.random.default_rng(0)
    assert render_frame(rng, body, sample_appearance(rng), standing, camera).image_rgb.shape == (60, 80, 3)


def test_crop_camera_by_hand():
    camera = Pinhole(focal_px=1000.0, center_px=(500.0, 400.0), width=1000, height=800)
    cut = cut_camera(camera, np.array([600.0, 400, 128]), 256)
    assert cut == Pinhole(focal_px=2000.0, center_px=(-72.0, 128.0), width=256, height=256)


def test_refusals():
    with pytest.raises(ValueError, match="the box should have a positive side, got 0"):
        cut_camera(CAMERA, np.zeros(3), 256)


def test_the_encoder_takes_it_for_a_person(body, standing):
    encoder = load_encoder("full")
    camera = Pinhole(focal_px=420.0, center_px=(128.0, 128.0), width=256, height=256)
    rng = np.random.default_rng(7)
    wanted = body.joint_regressor @ standing
    wanted = wanted[:, :2] / wanted[:, 2:] * 420 + 128
    presence, errors = [], []
    for _ in range(12):
        frame = render_frame(rng, body, sample_appearance(rng), standing, camera)
        output = encoder.encode((frame.image_rgb[None] / 255).astype(np.float32))
        presence.append(output.presence[0])
        errors.append(
            np.linalg.norm(output.landmarks_px[0, [11, 12, 23, 24, 27, 28], :2] - wanted[[16, 17, 1, 2, 7, 8]], axis=1)
        )
    assert np.mean(np.array(presence) >= 0.5) > 0.9
    assert np.median(errors) < 10
