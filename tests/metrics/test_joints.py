import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from spsnet.metrics import compute_mpjpe, compute_pa_mpjpe


def draw_joints(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(*shape, 3))


def test_mpjpe_by_hand() -> None:
    target = np.zeros((1, 3, 3))
    predicted = target.copy()
    predicted[0, 1] = [0.03, 0.04, 0]
    np.testing.assert_allclose(compute_mpjpe(predicted, target, root=(0,)), [[0, 50, 0]])
    # Half of the moved joint's way is the root's: everything is 25 mm off but the third joint's share.
    np.testing.assert_allclose(compute_mpjpe(predicted, target, root=(0, 1)), [[25, 25, 25]])
    np.testing.assert_allclose(compute_mpjpe(predicted + 1, target + 1, root=None), [[0, 50, 0]])


def test_mpjpe_heeds_place_only_without_a_root() -> None:
    target = draw_joints(0, 4, 14)
    moved = target + np.array([1.0, -2.0, 3.0])
    np.testing.assert_allclose(compute_mpjpe(moved, target, root=(2, 3)), 0, atol=1e-9)
    np.testing.assert_allclose(compute_mpjpe(moved, target, root=None), 1000 * np.sqrt(14))


def test_mpjpe_agrees_with_loops() -> None:
    predicted, target = draw_joints(20, 5, 14), draw_joints(21, 5, 14)
    error = compute_mpjpe(predicted, target, root=(2, 3))
    for frame in range(5):
        roots = [(joints[frame, 2] + joints[frame, 3]) / 2 for joints in (predicted, target)]
        for joint in range(14):
            expected = math.dist(predicted[frame, joint] - roots[0], target[frame, joint] - roots[1])
            assert error[frame, joint] == pytest.approx(1000 * expected)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), root=st.sampled_from([None, (0,), (2, 3), tuple(range(14))]))
def test_mpjpe_is_a_distance(seed: int, root: tuple[int, ...] | None) -> None:
    """The same the other way round, in axes turned for both, and never longer than by way of a third body."""
    first, second, third = (draw_joints(seed + step, 14) for step in range(3))
    error = compute_mpjpe(first, second, root=root)
    np.testing.assert_allclose(compute_mpjpe(second, first, root=root), error)
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    np.testing.assert_allclose(compute_mpjpe(first @ turn.T, second @ turn.T, root=root), error)
    detour = compute_mpjpe(first, third, root=root) + compute_mpjpe(third, second, root=root)
    assert (error <= detour + 1e-9).all()


@pytest.mark.parametrize("root", [(), (14,), (-1,)])
def test_mpjpe_refuses_a_root_that_is_none(root: tuple[int, ...]) -> None:
    joints = draw_joints(0, 1, 14)
    with pytest.raises(ValueError, match="root should name joints from 0 to 13, got "):
        compute_mpjpe(joints, joints, root=root)


def test_float32_far_from_the_camera_loses_nothing_inside() -> None:
    target = (draw_joints(1, 2, 14) + np.array([0, 0, 100.0])).astype(np.float32)
    error = compute_mpjpe(target, target, root=(2, 3))
    assert error.dtype == np.float64
    assert not error.any()


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.05, 20), near_identity=st.booleans())
def test_pa_mpjpe_is_blind_to_similarities(seed: int, scale: float, near_identity: bool) -> None:
    rng = np.random.default_rng(seed)
    target, noise = draw_joints(seed, 14), 0.05 * draw_joints(seed + 1, 14)
    turn = Rotation.from_rotvec(rng.normal(size=3) * (1e-4 if near_identity else 2)).as_matrix()
    predicted = target + noise
    moved = scale * predicted @ turn.T + 10 * rng.normal(size=3)
    before, after = compute_pa_mpjpe(predicted, target), compute_pa_mpjpe(moved, target)
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-8)
    assert before.max() > 1


def test_pa_mpjpe_never_turns_the_label() -> None:
    """Were the target brought onto the prediction, a prediction twice as large would give errors twice as large."""
    target = draw_joints(2, 5, 14)
    predicted = target + 0.1 * draw_joints(3, 5, 14)
    np.testing.assert_allclose(compute_pa_mpjpe(2 * predicted, target), compute_pa_mpjpe(predicted, target))
    np.testing.assert_allclose(compute_pa_mpjpe(predicted, 2 * target), 2 * compute_pa_mpjpe(predicted, target))


def test_pa_mpjpe_refuses_reflections() -> None:
    target = draw_joints(4, 3, 14)
    mirrored = target * np.array([-1.0, 1.0, 1.0])
    assert (compute_pa_mpjpe(mirrored, target).mean(1) > 100).all()


def test_pa_mpjpe_agrees_with_scipy() -> None:
    """Scipy's disparity is the squared error over the target's spread, where no reflection is needed."""
    target = draw_joints(5, 40, 14)
    predicted = target + 0.2 * draw_joints(6, 40, 14)
    error = compute_pa_mpjpe(predicted, target) / 1000
    for frame in range(40):
        _, _, disparity = procrustes(target[frame], predicted[frame])
        spread = ((target[frame] - target[frame].mean(0)) ** 2).sum()
        assert (error[frame] ** 2).sum() == pytest.approx(disparity * spread, rel=1e-9)


def test_pa_mpjpe_agrees_with_scipys_rotations_where_reflections_would_fit_better() -> None:
    """`align_vectors` knows rotations only; the best scale of a turned body is a quotient of two sums."""
    target = draw_joints(14, 40, 14)
    predicted = (target + 0.2 * draw_joints(15, 40, 14)) * np.array([-1.0, 1, 1])
    error = compute_pa_mpjpe(predicted, target)
    for frame in range(40):
        centred, wanted = (joints[frame] - joints[frame].mean(0) for joints in (predicted, target))
        turned = Rotation.align_vectors(wanted, centred)[0].apply(centred)
        aligned = turned * (turned * wanted).sum() / (turned * turned).sum()
        np.testing.assert_allclose(error[frame], 1000 * np.linalg.norm(aligned - wanted, axis=1), rtol=1e-7)


def test_pa_mpjpe_by_hand() -> None:
    """A square of edge 2 against a rectangle of 2 × 4: of scale 1.5, every corner half a metre off each way."""
    target = np.array([[1.0, 2, 0], [1, -2, 0], [-1, -2, 0], [-1, 2, 0]])
    predicted = np.array([[1.0, 1, 0], [1, -1, 0], [-1, -1, 0], [-1, 1, 0]])
    np.testing.assert_allclose(compute_pa_mpjpe(predicted, target), 500 * np.sqrt(2))


def test_pa_mpjpe_aligns_each_frame_of_a_batch_by_itself() -> None:
    target = draw_joints(7, 2, 3, 14)
    predicted = target + 0.1 * draw_joints(8, 2, 3, 14)
    together = compute_pa_mpjpe(predicted, target)
    assert together.shape == (2, 3, 14)
    np.testing.assert_allclose(together[1, 2], compute_pa_mpjpe(predicted[1, 2], target[1, 2]))


def test_pa_mpjpe_is_no_more_than_mpjpe_of_the_mean() -> None:
    """Least squares over rotation and scale too: the squares sum to no more than with the means together."""
    target = draw_joints(9, 20, 14)
    predicted = target + 0.3 * draw_joints(10, 20, 14)
    aligned = (compute_pa_mpjpe(predicted, target) ** 2).sum(1)
    assert (aligned <= (compute_mpjpe(predicted, target, root=tuple(range(14))) ** 2).sum(1) + 1e-6).all()


def test_pa_mpjpe_over_valid_joints_alone() -> None:
    target = draw_joints(11, 4, 14)
    predicted = target + 0.1 * draw_joints(12, 4, 14)
    valid = np.ones((4, 14), bool)
    valid[0, [2, 7]] = False
    valid[1, 2:] = False
    valid[2] = False
    target[~valid] = np.nan
    error = compute_pa_mpjpe(predicted, target, valid_mask=valid)
    np.testing.assert_allclose(error[0, valid[0]], compute_pa_mpjpe(predicted[0, valid[0]], target[0, valid[0]]))
    assert np.isnan(error[0, [2, 7]]).all()
    assert np.isnan(error[1:3]).all()
    np.testing.assert_allclose(error[3], compute_pa_mpjpe(predicted[3], target[3]))
    np.testing.assert_array_equal(compute_pa_mpjpe(predicted[3:], target[3:], valid_mask=valid[3:]), error[3:])
    assert np.isnan(compute_pa_mpjpe(predicted[3, :2], target[3, :2])).all()


def test_pa_mpjpe_refuses_a_valid_joint_that_is_none() -> None:
    target = draw_joints(16, 2, 14)
    predicted = target.copy()
    predicted[1, 3, 0] = np.nan
    for valid in (None, np.ones((2, 14), bool)):
        with pytest.raises(ValueError, match="points to align should be finite"):
            compute_pa_mpjpe(predicted, target, valid_mask=valid)


def test_no_frames_and_joints_in_one_place() -> None:
    assert compute_pa_mpjpe(np.zeros((0, 14, 3)), np.zeros((0, 14, 3))).shape == (0, 14)
    target = draw_joints(13, 14)
    expected = 1000 * np.linalg.norm(target - target.mean(0), axis=1)
    np.testing.assert_allclose(compute_pa_mpjpe(np.full((14, 3), 2.0), target), expected)
