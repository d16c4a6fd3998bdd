import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spsnet.geometry import (
    axis_angle_to_matrix,
    bridge_rotations,
    bridge_vectors,
    geodesic_angle,
    project_to_rotations,
    smooth_rotations,
    smooth_vectors,
)

EVEN_S = np.arange(30) / 30
UNEVEN_S = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.2, 30))


def draw_rotations(seed: int, *shape: int) -> np.ndarray:
    return axis_angle_to_matrix(np.random.default_rng(seed).normal(size=(*shape, 3)) * 2)


@pytest.mark.parametrize("time_s", [EVEN_S, UNEVEN_S], ids=["even", "uneven"])
def test_what_stands_still_stays(time_s: np.ndarray) -> None:
    rotations = np.tile(draw_rotations(1, 1, 24), (30, 1, 1, 1))
    np.testing.assert_allclose(smooth_rotations(rotations, time_s, 0.1), rotations, atol=1e-12)
    np.testing.assert_allclose(smooth_vectors(np.full((30, 3), 7.0), time_s, 0.1), 7, atol=1e-12)


def test_steady_motion_stays_away_from_the_ends() -> None:
    turning = axis_angle_to_matrix(EVEN_S[:, None] * np.array([0.3, -0.5, 1.0]))
    inside = slice(8, -8)
    smooth = smooth_rotations(turning, EVEN_S, 0.045)
    np.testing.assert_allclose(smooth[inside], turning[inside], atol=1e-9)
    moving = EVEN_S[:, None] * np.array([1.0, -2.0])
    np.testing.assert_allclose(smooth_vectors(moving, EVEN_S, 0.045)[inside], moving[inside], atol=1e-9)


def test_weights_by_hand() -> None:
    """Two samples one σ apart weigh 1 and exp(−1/2)."""
    share = np.exp(-0.5) / (1 + np.exp(-0.5))
    smooth = smooth_vectors(np.array([[0.0], [1.0]]), np.array([0, 0.2]), 0.2)
    np.testing.assert_allclose(smooth[:, 0], [share, 1 - share])


def test_average_of_two_rotations_by_hand() -> None:
    """Halfway between two equally weighted turns about one axis: sigma so wide that both weigh the same."""
    turns = axis_angle_to_matrix(np.array([[0.0, 0, 0.2], [0, 0, 1.0]]))
    smooth = smooth_rotations(turns, np.array([0, 0.01]), 100.0)
    np.testing.assert_allclose(smooth, axis_angle_to_matrix(np.array([[0, 0, 0.6], [0, 0, 0.6]])), atol=1e-8)


def test_chordal_mean_agrees_with_scipy() -> None:
    rotations = draw_rotations(2, 6)
    smooth = smooth_rotations(rotations, np.arange(6) / 30, 0.04)
    weight = np.exp(-0.5 * ((np.arange(6) - 2) / 30 / 0.04) ** 2)
    weight[np.abs(np.arange(6) - 2) / 30 > 0.16] = 0
    expected = Rotation.from_matrix(rotations).mean(weight).as_matrix()
    np.testing.assert_allclose(smooth[2], expected, atol=1e-9)


def test_time_counts_and_not_the_number_of_frames() -> None:
    """A frame a second away has no say; nor do frames beyond four sigma."""
    values = np.array([[0.0], [0.0], [9.0]])
    smooth = smooth_vectors(values, np.array([0, 0.03, 1.03]), 0.05)
    np.testing.assert_array_equal(smooth, values)


def test_noise_falls() -> None:
    noisy = axis_angle_to_matrix(0.1 * np.random.default_rng(3).normal(size=(300, 3)))
    still = np.broadcast_to(np.eye(3), noisy.shape)
    smooth = smooth_rotations(noisy, np.arange(300) / 30, 0.1)
    assert geodesic_angle(smooth, still).mean() < 0.4 * geodesic_angle(noisy, still).mean()
    np.testing.assert_allclose(np.linalg.det(smooth), 1, atol=1e-12)


def test_near_half_a_turn_no_axis_angle_jump_is_seen() -> None:
    """About π and −π are neighbours: the mean stays there and does not fall to 0."""
    angle = np.array([np.pi - 0.1, np.pi + 0.1] * 10)
    rotations = axis_angle_to_matrix(angle[:, None] * np.array([0.0, 1.0, 0.0]))
    smooth = smooth_rotations(rotations, np.arange(20) / 30, 0.2)
    middle = axis_angle_to_matrix(np.array([0.0, np.pi, 0.0]))
    assert geodesic_angle(smooth, np.broadcast_to(middle, smooth.shape)).max() < 0.05


@pytest.mark.parametrize("frames", [0, 1])
def test_no_neighbours(frames: int) -> None:
    rotations = draw_rotations(4, frames, 24)
    np.testing.assert_allclose(smooth_rotations(rotations, np.arange(frames) / 30, 0.1), rotations, atol=1e-12)


def test_sigma_zero_returns_the_input_and_negative_is_refused() -> None:
    rotations = draw_rotations(5, 4, 2)
    np.testing.assert_array_equal(smooth_rotations(rotations, np.arange(4.0), 0.0), rotations)
    for smooth, values in ((smooth_rotations, rotations), (smooth_vectors, np.zeros((4, 1)))):
        with pytest.raises(ValueError, match=r"sigma_s should not be negative, got -0\.1"):
            smooth(values, np.arange(4.0), -0.1)


@given(seed=st.integers(0, 10**6), size=st.floats(0.1, 10))
def test_nearest_rotation(seed: int, size: float) -> None:
    """No small turn brings the rotation nearer to the matrix; scaling does not change it."""
    matrix = np.random.default_rng(seed).normal(size=(3, 3))
    found = project_to_rotations(matrix)
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(found) == pytest.approx(1)
    np.testing.assert_allclose(project_to_rotations(size * matrix), found, atol=1e-6)
    distance = np.linalg.norm(found - matrix)
    for turn in 0.01 * np.concatenate([np.eye(3), -np.eye(3)]):
        assert np.linalg.norm(axis_angle_to_matrix(turn) @ found - matrix) >= distance - 1e-9


def test_rotations_are_their_own_nearest_and_the_input_is_left_alone() -> None:
    rotations = draw_rotations(6, 5, 3)
    kept = rotations.copy()
    np.testing.assert_allclose(project_to_rotations(rotations), rotations, atol=1e-12)
    np.testing.assert_array_equal(rotations, kept)


def test_a_gap_is_the_shortest_arc_by_time_and_not_by_frame() -> None:
    time_s = np.array([0.0, 0.1, 0.15, 0.3, 0.4])
    known = np.array([True, False, False, True, True])
    turn = np.array([1.0, 10.0, 0.0, -2.0, 3.0])
    rotations = axis_angle_to_matrix(turn[:, None, None] * np.array([[0, 0, 1.0], [0, 1.0, 0]]))
    bridged = bridge_rotations(rotations, time_s, known)
    by_hand = axis_angle_to_matrix(np.array([1.0, 0.0, -0.5, -2.0, 3.0])[:, None, None] * np.eye(3)[[2, 1]])
    np.testing.assert_allclose(bridged, by_hand, atol=1e-12)
    np.testing.assert_allclose(rotations[1], axis_angle_to_matrix(10.0 * np.eye(3)[[2, 1]]))  # the input stays
    values = bridge_vectors(turn[:, None], time_s, known)
    np.testing.assert_allclose(values[:, 0], [1.0, 0.0, -0.5, -2.0, 3.0], atol=1e-12)


def test_what_is_known_stays_bit_by_bit_and_the_ends_are_held() -> None:
    rotations, known = draw_rotations(3, 6, 24), np.array([False, True, False, True, True, False])
    bridged = bridge_rotations(rotations, UNEVEN_S[:6], known)
    assert np.array_equal(bridged[known], rotations[known])
    np.testing.assert_allclose(bridged[[0, 5]], rotations[[1, 4]], atol=1e-12)
    half = geodesic_angle(bridged[2], rotations[1]) + geodesic_angle(bridged[2], rotations[3])
    np.testing.assert_allclose(half, geodesic_angle(rotations[1], rotations[3]), atol=1e-6)
    values = bridge_vectors(np.arange(6.0)[:, None] ** 2, UNEVEN_S[:6], known)[:, 0]
    assert list(values[known]) == [1.0, 9.0, 16.0]
    assert (values[0], values[5]) == (1.0, 16.0)


def test_gaps_need_something_known() -> None:
    with pytest.raises(ValueError, match="known_mask should be True somewhere"):
        bridge_vectors(np.zeros((2, 3)), np.arange(2.0), np.zeros(2, bool))
