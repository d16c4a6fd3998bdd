import numpy as np
import pytest
import torch

from spsnet.network.config import FeatureConfig
from spsnet.network.features import build_features

CENTER = np.array([500.0, 400.0])


def make(frames=4, seed=0):
    random = np.random.default_rng(seed)
    landmarks = np.concatenate([random.uniform(0, 800, (frames, 33, 2)), random.uniform(0, 1, (frames, 33, 1))], -1)
    boxes = np.concatenate([random.uniform(200, 600, (frames, 2)), random.uniform(100, 400, (frames, 1))], -1)
    return {"landmarks_px": landmarks, "box_xys_px": boxes, "focal_px": 1000.0, "center_px": CENTER}


def test_values_by_hand():
    landmarks = np.zeros((1, 33, 3))
    landmarks[0, 0] = 500, 400, 1  # the middle of the box
    landmarks[0, 1] = 650, 400, 0.5  # its right edge
    box = np.array([[500.0, 400.0, 300.0]])
    config = FeatureConfig()
    out = build_features(config, landmarks_px=landmarks, box_xys_px=box, focal_px=1000.0, center_px=CENTER)
    assert out.shape == (1, 102)
    np.testing.assert_allclose(out[0, :6], [0, 0, 1, 1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(out[0, 99:], [(np.log(0.3) + 1.2) / 0.6, 0, 0], atol=1e-12)
    box[0, 0] += 300
    out = build_features(config, landmarks_px=landmarks, box_xys_px=box, focal_px=1000.0, center_px=CENTER)
    np.testing.assert_allclose(out[0, 100:], [1, 0], atol=1e-12)


def test_torch_gives_the_same_numbers():
    given = make()
    config = FeatureConfig(kind="both", vector_width=5, vector_scale=2.0)
    vector = np.ones((4, 5))
    there = {name: torch.as_tensor(value) if name != "focal_px" else value for name, value in given.items()}
    out = build_features(config, **there, vector=torch.as_tensor(vector))
    np.testing.assert_allclose(out.numpy(), build_features(config, **given, vector=vector), atol=1e-12)
    assert out.shape == (4, config.width)
    np.testing.assert_array_equal(out[:, 102:], 0.5)


def test_batches_and_a_focal_length_per_frame():
    given = make(6)
    flat = build_features(FeatureConfig(), **given)
    batched = {name: np.reshape(given[name], (2, 3, *given[name].shape[1:])) for name in ("landmarks_px", "box_xys_px")}
    focal = np.full((2, 3), 1000.0)
    out = build_features(FeatureConfig(), **batched, focal_px=focal, center_px=np.broadcast_to(CENTER, (2, 3, 2)))
    np.testing.assert_allclose(out.reshape(6, -1), flat)


def test_a_larger_picture_of_the_same_scene_gives_the_same_features():
    given = make()
    larger = {name: 2 * value for name, value in given.items() if name != "landmarks_px"}
    larger["landmarks_px"] = given["landmarks_px"] * [2, 2, 1]
    np.testing.assert_allclose(build_features(FeatureConfig(), **larger), build_features(FeatureConfig(), **given))


def test_vector_alone_needs_nothing_else():
    config = FeatureConfig(kind="vector")
    vector = np.random.default_rng(0).normal(size=(3, 1152))
    np.testing.assert_array_equal(build_features(config, vector=vector), vector)


@pytest.mark.parametrize(
    ("config", "leave_out", "message"),
    [
        (FeatureConfig(), "focal_px", "'landmarks' features need landmarks_px"),
        (FeatureConfig(kind="both"), None, "'both' features need vector"),
        (FeatureConfig(kind="world"), None, "'world' features need world_m"),
        (FeatureConfig(use_widths=True), None, "features with widths need widths_px and world_m"),
        (FeatureConfig(landmarks=17), None, "landmarks_px should hold 17 along axis -2, got 33"),
    ],
)
def test_what_is_missing_is_named(config, leave_out, message):
    given = {name: value for name, value in make().items() if name != leave_out}
    with pytest.raises(ValueError, match=message):
        build_features(config, **given)


def test_vector_of_another_length_is_refused():
    with pytest.raises(ValueError, match="vector should hold 1152 along axis -1, got 7"):
        build_features(FeatureConfig(kind="vector"), vector=np.zeros((2, 7)))


def test_confidence_can_be_left_out() -> None:
    config = FeatureConfig(use_confidence=False)
    landmarks = np.full((2, 33, 3), 0.25)
    landmarks[:, :, :2] = 100.0
    box = np.array([[100.0, 100.0, 50.0]] * 2)
    features = build_features(
        config, landmarks_px=landmarks, box_xys_px=box, focal_px=1000.0, center_px=np.array([100.0, 100.0])
    )
    assert features.shape == (2, 69) == (2, config.width)
    np.testing.assert_allclose(features[:, :66], 0)


def test_world_landmarks_follow_the_view():
    config = FeatureConfig(kind="world", world_scale_m=0.5)
    world = np.random.default_rng(1).normal(size=(4, 33, 3))
    features = build_features(config, **make(), world_m=world)
    assert features.shape == (4, 201) == (4, config.width)
    np.testing.assert_allclose(features[:, 102:], 2 * world.reshape(4, 99))


def test_widths_are_in_the_encoders_metres_and_told_from_unknown_ones():
    config = FeatureConfig(use_widths=True, width_scale_m=0.1)
    given = make()
    # The picture shows the 3D landmarks at 80 pixels a metre, somewhere.
    world = np.random.default_rng(2).normal(size=(4, 33, 3))
    given["landmarks_px"][..., :2] = 80 * world[..., :2] + 400
    widths = np.zeros((4, 12))
    widths[:, 3] = 16
    features = build_features(config, **given, widths_px=widths, world_m=world)
    assert features.shape == (4, 126) == (4, config.width)
    np.testing.assert_allclose(features[:, 102:114], 2 * np.eye(12)[[3] * 4])
    np.testing.assert_allclose(features[:, 114:], np.eye(12)[[3] * 4])


def test_widths_stay_finite_where_the_3d_landmarks_say_nothing():
    config = FeatureConfig(use_widths=True)
    features = build_features(config, **make(), widths_px=np.full((4, 12), 20.0), world_m=np.zeros((4, 33, 3)))
    assert np.isfinite(features).all()
    assert np.abs(features[:, 102:]).max() < 100


def test_widths_without_landmarks_are_refused():
    with pytest.raises(ValueError, match="use_widths needs landmarks"):
        FeatureConfig(kind="vector", use_widths=True)
