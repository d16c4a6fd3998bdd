import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spsnet.geometry import axis_angle_to_matrix, geodesic_angle, project_to_rotations
from spsnet.network import FeatureConfig, ModelConfig, NetworkConfig, SpsHead
from spsnet.network.exported import place_windows

FEATURES = FeatureConfig(landmarks=1)  # six numbers
LENGTHS = (1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 100)


def make_head(graph, window=32):
    network = NetworkConfig(feature_width=FEATURES.width, window=window)
    return SpsHead(graph, ModelConfig(network=network, features=FEATURES, encoder="e", body="b"))


def framewise(features, mask):
    """A head without memory: root turned by the first three numbers, the camera the other three."""
    rotations = np.broadcast_to(np.eye(3), (*mask.shape, 24, 3, 3)).copy()
    rotations[:, :, 0] = axis_angle_to_matrix(features[..., :3].astype(np.float64))
    weight = mask / mask.sum(1, keepdims=True)
    shape = np.repeat((weight * features[..., 0]).sum(1)[:, None], 10, 1)
    return [rotations, shape, features[..., 3:].astype(np.float64)]


def make_features(frames, seed=0):
    return np.random.default_rng(seed).normal(size=(frames, 6)).astype(np.float32)


@pytest.mark.parametrize("frames", LENGTHS)
def test_what_all_windows_agree_on_is_unchanged(frames):
    features = make_features(frames)
    out = make_head(framewise).predict(features)
    assert out.rotations.shape == (frames, 24, 3, 3)
    np.testing.assert_allclose(out.rotations[:, 0], axis_angle_to_matrix(features[:, :3]), atol=1e-5)
    np.testing.assert_allclose(out.camera, features[:, 3:], atol=1e-5)


@pytest.mark.parametrize("frames", LENGTHS)
def test_constant_features_leave_no_seam(frames):
    def count_frames(features, mask):
        """A head whose answer depends on how many frames it sees, and on nothing else."""
        rotations, shape, camera = framewise(features, mask)
        return [rotations, shape + mask.sum(1)[:, None], camera * mask.sum(1)[:, None, None]]

    out = make_head(count_frames).predict(np.ones((frames, 6), np.float32))
    for values in (out.rotations, out.camera):
        np.testing.assert_allclose(values, np.broadcast_to(values[:1], values.shape), atol=1e-5)
    np.testing.assert_allclose(out.shape, 1 + min(frames, 32), atol=1e-5)


def test_windows_that_disagree_are_blended_without_a_jump():
    def drift(features, mask):
        """A head whose whole window turns with its first frame: each window has another opinion."""
        first = np.broadcast_to(features[:, :1], features.shape).copy()
        return framewise(first, mask)

    ramp = np.zeros((200, 6), np.float32)
    ramp[:, 0] = ramp[:, 3] = np.linspace(0, 2, 200)
    out = make_head(drift).predict(ramp)
    step = 16 * 2 / 199  # windows are 16 frames apart
    assert np.abs(np.diff(out.camera[:, 0])).max() < 0.15 * step
    angle = geodesic_angle(out.rotations[1:, 0].astype(np.float64), out.rotations[:-1, 0].astype(np.float64))
    assert angle.max() < 0.15 * step


@pytest.mark.parametrize("frames", [1, 31, 32, 33, 100])
def test_short_films_are_padded_and_masked(frames):
    seen = []

    def record(features, mask):
        seen.append((features.copy(), mask.copy()))
        return framewise(features, mask)

    make_head(record).predict(make_features(frames))
    features = np.concatenate([f for f, _ in seen])
    mask = np.concatenate([m for _, m in seen])
    assert features.shape[1:] == (32, 6)
    assert features.dtype == np.float32
    assert mask.sum(1).min() == min(frames, 32)
    assert (features[~mask] == 0).all()


def test_long_films_go_through_in_batches_and_give_the_same():
    sizes = []

    def record(features, mask):
        sizes.append(len(mask))
        return framewise(features, mask)

    features = make_features(1000)
    out = make_head(record).predict(features)
    assert max(sizes) == 16
    assert len(sizes) > 1
    np.testing.assert_allclose(out.camera, features[:, 3:], atol=1e-5)


def test_far_frames_do_not_matter():
    features = make_features(200)
    changed = features.copy()
    changed[150:] += 1
    before, after = make_head(framewise).predict(features), make_head(framewise).predict(changed)
    np.testing.assert_array_equal(before.rotations[:100], after.rotations[:100])


@given(frames=st.integers(1, 300), window=st.integers(1, 40))
@settings(max_examples=200)
def test_windows_cover_every_frame_and_stay_inside(frames, window):
    starts = place_windows(frames, window)
    covered = np.zeros(frames, bool)
    for start in starts:
        covered[start : start + window] = True
    assert covered.all()
    assert starts[0] == 0
    assert (np.diff(starts) > 0).all()
    assert starts[-1] + window <= max(frames, window)


def test_windows_by_hand():
    assert place_windows(100, 32).tolist() == [0, 16, 32, 48, 64, 68]
    assert place_windows(96, 32).tolist() == [0, 16, 32, 48, 64]
    assert place_windows(33, 32).tolist() == [0, 1]
    assert place_windows(1, 32).tolist() == [0]


def test_chordal_mean_of_two_turns_is_the_turn_between():
    turns = axis_angle_to_matrix(np.array([[0.0, 0.0, 0.2], [0.0, 0.0, 1.0]]))
    middle = project_to_rotations(turns.mean(0))
    np.testing.assert_allclose(middle, axis_angle_to_matrix(np.array([0.0, 0.0, 0.6])), atol=1e-12)


def test_projection_gives_rotations_even_from_mirrors():
    matrices = np.random.default_rng(0).normal(size=(500, 3, 3))
    out = project_to_rotations(matrices)
    np.testing.assert_allclose(np.linalg.det(out), 1, atol=1e-9)
    np.testing.assert_allclose(out @ np.swapaxes(out, -1, -2), np.broadcast_to(np.eye(3), out.shape), atol=1e-9)
    np.testing.assert_allclose(project_to_rotations(out), out, atol=1e-9)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((0, 6), np.float32), r"1 or more, 6\), got \(0, 6\)"),
        (np.zeros((3, 5), np.float32), r"1 or more, 6\), got \(3, 5\)"),
        (np.full((3, 6), np.nan, np.float32), "finite"),
    ],
)
def test_wrong_features_are_refused(features, message):
    with pytest.raises(ValueError, match=message):
        make_head(framewise).predict(features)
