import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spsnet.metrics import (
    Ground,
    average,
    compute_foot_skate,
    compute_ground_penetration,
    find_contacts,
    fit_ground,
)

UP = np.array([0.0, -1.0, 0.0])
"""Of a camera held level."""
FLOOR = Ground(up=UP, height_m=-1.5)


def lift(heights_m: list[float]) -> np.ndarray:
    """A foot that stays where it is, so high above the floor in each frame."""
    return np.array([[[0.2, 1.5 - height, 3.0]] for height in heights_m])


def draw_walk(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two feet near the floor that sometimes stand, and uneven times."""
    rng = np.random.default_rng(seed)
    feet = np.array([0, 1.47, 3]) + np.cumsum(rng.normal(0, 0.01, size=(12, 2, 3)), axis=0)
    return feet, np.cumsum(rng.uniform(0.02, 0.06, 12))


def test_heights_by_hand() -> None:
    """OpenCV axes: what lies 1.5 m below the camera's centre is at y = 1.5, on the floor."""
    points = np.array([[0, 1.5, 3], [1, 1.4, 2], [0, 1.6, 5]])
    np.testing.assert_allclose(FLOOR.measure_height(points), [0, 0.1, -0.1], atol=1e-15)


def test_the_floor_lies_under_all_but_a_few_points() -> None:
    feet = np.linspace(0, 1, 101)[:, None] * UP
    floor = fit_ground(feet, up=UP)
    assert floor.height_m == pytest.approx(0.05)
    assert (floor.measure_height(feet) < -1e-9).sum() == 5
    assert fit_ground(feet, up=UP, percentile=0.0).height_m == 0
    holes = np.concatenate([feet, np.full((40, 3), np.nan)]).reshape(-1, 3, 3)
    assert fit_ground(holes, up=UP).height_m == pytest.approx(0.05)
    with pytest.raises(ValueError, match="at least one known point"):
        fit_ground(np.full((4, 3), np.nan), up=UP)


def test_contacts_by_hand() -> None:
    """The docstring's: 5 mm in 1/30 s stand, 15 mm do not; and a foot is low in both frames, or it does not stand."""
    time_s = np.arange(3) / 30
    foot = lift([0.01, 0.01, 0.01])
    foot[1:, 0, 0] += 0.005
    foot[2, 0, 0] += 0.015
    np.testing.assert_array_equal(find_contacts(foot, FLOOR, time_s=time_s), [[True], [False]])
    np.testing.assert_array_equal(find_contacts(foot, FLOOR, time_s=2 * time_s), [[True], [True]])
    raised = lift([0.049, 0.049, 0.051, 0.049, 0.049])
    np.testing.assert_array_equal(
        find_contacts(raised, FLOOR, time_s=np.arange(5.0)), [[True], [False], [False], [True]]
    )
    anywhere = find_contacts(raised, FLOOR, time_s=np.arange(5.0), height_limit_m=math.inf)
    assert anywhere.all()
    assert find_contacts(foot, FLOOR, time_s=time_s, speed_limit_m_s=math.inf).all()
    raised[1] = np.nan
    np.testing.assert_array_equal(find_contacts(raised, FLOOR, time_s=np.arange(5.0))[:, 0], [0, 0, 0, 1])


def test_foot_skate_by_hand() -> None:
    """3 mm along the floor and 4 mm up in 1/30 s: 90 mm/s, and nothing for the lift alone."""
    foot = lift([0, 0.004, 0.008])
    foot[1:, 0, 2] += 0.003
    skate = compute_foot_skate(foot, up=UP, time_s=np.arange(3) / 30)
    np.testing.assert_allclose(skate, [[90], [0]], atol=1e-9)
    standing = find_contacts(lift([0, 0, 1]), FLOOR, time_s=np.arange(3) / 30)
    assert average(skate, standing) == pytest.approx(90)


def test_penetration_by_hand() -> None:
    points = np.array([[[0, 1.52, 3], [0, 1.5, 3], [5, 1.0, 2], [np.nan, 1.52, 3]]])
    depth = compute_ground_penetration(points, FLOOR)
    np.testing.assert_allclose(depth, [[20, 0, 0, np.nan]], atol=1e-9)
    assert average(depth, np.isfinite(depth)) == pytest.approx(20 / 3)


def test_loops_agree() -> None:
    feet, time_s = draw_walk(0)
    contacts = find_contacts(feet, FLOOR, time_s=time_s)
    skate = compute_foot_skate(feet, up=UP, time_s=time_s)
    depth = compute_ground_penetration(feet, FLOOR)
    for frame in range(11):
        seconds = time_s[frame + 1] - time_s[frame]
        for foot in range(2):
            (x, y, z), (x_next, y_next, z_next) = feet[frame, foot], feet[frame + 1, foot]
            speed = math.sqrt((x_next - x) ** 2 + (y_next - y) ** 2 + (z_next - z) ** 2) / seconds
            assert contacts[frame, foot] == (1.5 - y < 0.05 and 1.5 - y_next < 0.05 and speed < 0.3)
            assert skate[frame, foot] == pytest.approx(1000 * math.hypot(x_next - x, z_next - z) / seconds)
            assert depth[frame, foot] == pytest.approx(1000 * (y - 1.5) if y > 1.5 else 0)
    assert 3 < contacts.sum() < 19
    assert 0 < (depth > 0).sum() < depth.size


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_axes_do_not_matter(seed: int) -> None:
    """Feet, up and floor turned and moved together are the same feet on the same floor."""
    feet, time_s = draw_walk(seed)
    rng = np.random.default_rng(seed)
    turn, move = Rotation.random(rng=rng).as_matrix(), rng.normal(size=3)
    turned, up = feet @ turn.T + move, turn @ UP
    floor = fit_ground(feet, up=UP)
    turned_floor = fit_ground(turned, up=up)
    assert turned_floor.height_m == pytest.approx(floor.height_m + up @ move)
    np.testing.assert_array_equal(
        find_contacts(turned, turned_floor, time_s=time_s), find_contacts(feet, floor, time_s=time_s)
    )
    skate = compute_foot_skate(feet, up=UP, time_s=time_s)
    np.testing.assert_allclose(compute_foot_skate(turned, up=up, time_s=time_s), skate, atol=1e-9)
    np.testing.assert_allclose(
        compute_ground_penetration(turned, turned_floor), compute_ground_penetration(feet, floor), atol=1e-9
    )


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), slower=st.floats(1, 10))
def test_skate_heeds_neither_height_nor_place_and_goes_with_speed(seed: int, slower: float) -> None:
    feet, time_s = draw_walk(seed)
    skate = compute_foot_skate(feet, up=UP, time_s=time_s)
    hopping = feet + np.random.default_rng(seed).normal(size=(12, 2, 1)) * UP + np.array([3.0, 0, -2])
    np.testing.assert_allclose(compute_foot_skate(hopping, up=UP, time_s=time_s), skate, atol=1e-9)
    np.testing.assert_allclose(compute_foot_skate(feet, up=UP, time_s=slower * time_s), skate / slower)
    lower = compute_ground_penetration(feet - 0.01 * UP, FLOOR) - compute_ground_penetration(feet, FLOOR)
    assert (lower >= -1e-9).all()
    assert (lower <= 10 + 1e-9).all()


@pytest.mark.parametrize("frames", [0, 1])
def test_too_few_frames_have_no_steps(frames: int) -> None:
    feet, time_s = np.zeros((2, frames, 4, 3)), np.arange(frames, dtype=float)
    assert find_contacts(feet, FLOOR, time_s=time_s).shape == (2, 0, 4)
    assert compute_foot_skate(feet, up=UP, time_s=time_s).shape == (2, 0, 4)


def test_axes_and_times_that_are_none_are_refused() -> None:
    feet, long = np.zeros((3, 1, 3)), np.array([0.0, -2.0, 0.0])
    for call in (
        lambda: Ground(up=long, height_m=0.0),
        lambda: fit_ground(feet, up=long),
        lambda: compute_foot_skate(feet, up=long, time_s=np.arange(3.0)),
    ):
        with pytest.raises(ValueError, match=r"up should have length 1, got .* of length 2"):
            call()
    with pytest.raises(ValueError, match=r"Ground\.height_m should be finite, got nan"):
        Ground(up=UP, height_m=math.nan)
    still = np.array([0, 0.1, 0.1])
    with pytest.raises(ValueError, match="time_s should rise"):
        compute_foot_skate(feet, up=UP, time_s=still)
    with pytest.raises(ValueError, match="time_s should rise"):
        find_contacts(feet, FLOOR, time_s=still)
