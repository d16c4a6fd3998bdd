from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from spsnet.assets import fetch
from spsnet.crops import CropRegion, PersonObserver, crop_to_image_px, cut_crops
from spsnet.encoders import BlazePose, load_encoder
from spsnet.engines import compile_graph, load_graph
from spsnet.records import Frame, UserError
from spsnet.video import open_film

NOSE, LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP, LEFT_ANKLE, RIGHT_ANKLE = 0, 11, 12, 23, 24, 27, 28
MAN_BOX = np.array([455.0, 36, 816, 451])
"""The man on the roof in frame 16 of the sports2d film: facing us, arms spread."""


@cache
def load(name: str, feature: bool = False, mask: bool = False, streams: int = 1) -> BlazePose:
    return load_encoder(name, feature=feature, mask=mask, streams=streams)


@cache
def read_man() -> Frame:
    for frame in open_film(fetch("footage-sports2d")).frames():
        if frame.index == 16:
            return frame
    raise AssertionError("the film is too short")


def cut_man(rotation_rad: float = 0.0, shift_px: float = 0.0, side_px: float = 520.0) -> tuple[CropRegion, np.ndarray]:
    region = CropRegion(center_px=(635 + shift_px, 245.0), side_px=side_px, rotation_rad=rotation_rad)
    return region, cut_crops(read_man().image_rgb, [region])


@pytest.mark.parametrize("name", ["heavy", "full"])
def test_the_cut_graph_agrees_with_the_whole_one(name: str):
    crops = np.concatenate([cut_man()[1], np.random.default_rng(0).random((1, 256, 256, 3), np.float32)])
    whole = compile_graph(load_graph(fetch(f"blazepose-{name}")))
    cut = load(name).encode(crops)
    more = load(name, feature=True, mask=True).encode(crops)
    for i, crop in enumerate(crops):
        landmarks, presence, mask, _, world = whole(crop[None])
        points = landmarks.reshape(39, 5)
        np.testing.assert_allclose(cut.landmarks_px[i, :, :2], points[:33, :2], atol=2e-3)
        np.testing.assert_allclose(cut.circle_px[i], points[33:35, :2], atol=2e-3)
        np.testing.assert_allclose(cut.landmarks_px[i, :, 2], expit(points[:33, 3]) * expit(points[:33, 4]), atol=1e-4)
        np.testing.assert_allclose(cut.world_m[i], world.reshape(39, 3)[:33], atol=2e-5)
        np.testing.assert_allclose(cut.presence[i], presence[0, 0], atol=1e-4)
        np.testing.assert_allclose(more.mask[i], expit(mask[0, ..., 0]), atol=1e-3)
    for field in ("landmarks_px", "circle_px", "world_m", "presence"):
        np.testing.assert_allclose(getattr(more, field), getattr(cut, field), atol=2e-3)


def read_constant(node: Any) -> np.ndarray:
    return node.data if node.get_type_name() == "Constant" else read_constant(node.input_value(0).get_node())


@pytest.mark.parametrize("name", ["heavy", "full"])
def test_the_world_landmarks_are_an_affine_map_of_the_feature(name: str):
    output = load(name, feature=True, mask=True).encode(np.random.default_rng(1).random((3, 256, 256, 3), np.float32))
    node = load_graph(fetch(f"blazepose-{name}")).output("Identity_4").get_node()
    while node.get_type_name() != "Add":
        node = node.input_value(0).get_node()
    weights, bias = (
        read_constant(node.input_value(0).get_node().input_value(1).get_node()),
        read_constant(node.input_value(1).get_node()),
    )
    assert output.feature.shape == (3, 1152)
    world = output.feature @ weights.reshape(117, 1152).astype(np.float32).T + bias.reshape(117)
    np.testing.assert_allclose(world.reshape(3, 39, 3)[:, :33], output.world_m, atol=1e-4)


def test_what_is_not_asked_for_is_not_given():
    plain = load("full").encode(np.zeros((1, 256, 256, 3), np.float32))
    assert plain.feature is None
    assert plain.mask is None


def test_a_batch_equals_its_people_one_by_one_whatever_the_streams():
    crops = np.random.default_rng(0).random((3, 256, 256, 3), np.float32)
    together = load("full", streams=2).encode(crops)
    for i in range(3):
        alone = load("full").encode(crops[i : i + 1])
        np.testing.assert_array_equal(together.landmarks_px[i], alone.landmarks_px[0])
        np.testing.assert_array_equal(together.world_m[i], alone.world_m[0])


def test_nobody_gives_empty_arrays():
    output = load("full", feature=True, mask=True).encode(np.zeros((0, 256, 256, 3), np.float32))
    assert len(output) == 0
    assert output.landmarks_px.shape == (0, 33, 3)
    assert output.feature.shape == (0, 1152)
    assert output.mask.shape == (0, 256, 256)


def test_a_real_man_stands_on_his_feet_and_his_left_is_on_our_right():
    region, crops = cut_man()
    output = load("heavy").encode(crops)
    points = crop_to_image_px(output.landmarks_px[0, :, :2].astype(float), region)
    assert output.presence[0] > 0.99
    assert points[NOSE, 1] < points[LEFT_SHOULDER, 1] < points[LEFT_HIP, 1] < points[LEFT_ANKLE, 1]
    assert points[RIGHT_SHOULDER, 0] < points[LEFT_SHOULDER, 0]
    assert points[RIGHT_ANKLE, 0] < points[LEFT_ANKLE, 0]
    assert (points > MAN_BOX[:2] - 20).all()
    assert (points < MAN_BOX[2:] + 20).all()
    assert (output.landmarks_px[0, [LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP], 2] > 0.9).all()
    world = output.world_m[0]
    np.testing.assert_allclose(world[[LEFT_HIP, RIGHT_HIP]].mean(0), 0, atol=0.02)
    assert world[LEFT_SHOULDER, 1] < -0.3, "y points down, in metres"


@pytest.mark.parametrize(("rotation", "shift", "side"), [(0.0, 9.0, 520.0), (0.15, 0.0, 520.0), (-0.1, -6.0, 560.0)])
def test_landmarks_stay_in_place_when_the_region_moves_turns_or_grows(rotation: float, shift: float, side: float):
    region, crops = cut_man()
    moved, moved_crops = cut_man(rotation, shift, side)
    encoder = load("heavy")
    first, second = (
        crop_to_image_px(encoder.encode(c).landmarks_px[0, :, :2].astype(float), r)
        for c, r in ((crops, region), (moved_crops, moved))
    )
    off = np.linalg.norm(first - second, axis=-1)[[11, 12, 13, 14, 23, 24, 25, 26, 27, 28]]
    assert np.median(off) < 6
    assert np.abs((first - second)[[11, 12, 23, 24]].mean(0)).max() < 4


def test_an_observer_turns_a_lying_man_back():
    """The film on its side: the same landmarks, turned."""
    frame = read_man()
    height = frame.image_rgb.shape[0]
    turned = Frame(index=0, time_s=0.0, image_rgb=np.ascontiguousarray(np.rot90(frame.image_rgb, -1)))
    left, top, right, bottom = MAN_BOX
    upright = PersonObserver(load("heavy").encode).observe(frame, {1: MAN_BOX})[1]
    observer = PersonObserver(load("heavy").encode)
    for _ in range(4):
        lying = observer.observe(turned, {1: np.array([height - bottom, left, height - top, right])})[1]
    back = np.stack([lying.landmarks_px[:, 1], height - lying.landmarks_px[:, 0]], -1)
    off = np.linalg.norm(back - upright.landmarks_px[:, :2], axis=-1)[11:29]
    assert np.median(off) < 8
    assert lying.world_m[LEFT_SHOULDER, 0] > 0.3, "the head points to the right"


def test_an_empty_wall_shows_nobody():
    assert load("heavy").encode(np.full((1, 256, 256, 3), 0.4, np.float32)).presence[0] < 0.5


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="no encoder is called 'lite'; there are blazepose-heavy, blazepose-full"):
        load_encoder("lite")


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(UserError, match=r"absent\.tflite does not exist"):
        load_encoder("heavy", path=tmp_path / "absent.tflite")
