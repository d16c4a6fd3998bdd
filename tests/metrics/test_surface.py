import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from spsnet.metrics import compute_pve


def test_pve_by_hand() -> None:
    target = np.zeros((2, 4, 3), np.float32)
    predicted = target.copy()
    predicted[1, 2] = [0, 0.012, 0.016]
    np.testing.assert_allclose(compute_pve(predicted, target), [[0, 0, 0, 0], [0, 0, 20, 0]], rtol=1e-6)


def test_roots_take_the_place_off() -> None:
    rng = np.random.default_rng(0)
    target, root = rng.normal(size=(3, 10, 3)), rng.normal(size=(3, 3))
    move = rng.normal(size=(3, 3))
    error = compute_pve(target + move[:, None], target, predicted_root_m=root + move, target_root_m=root)
    np.testing.assert_allclose(error, 0, atol=1e-10)
    expected = np.tile(1000 * np.linalg.norm(move, axis=1)[:, None], 10)
    np.testing.assert_allclose(compute_pve(target + move[:, None], target), expected)


def test_it_is_scipys_distance() -> None:
    rng = np.random.default_rng(1)
    predicted, target = rng.normal(size=(2, 3, 10, 3))
    roots = rng.normal(size=(2, 3, 3))
    error = compute_pve(predicted, target, predicted_root_m=roots[0], target_root_m=roots[1])
    for frame in range(3):
        distances = cdist(predicted[frame] - roots[0, frame], target[frame] - roots[1, frame])
        np.testing.assert_allclose(error[frame], 1000 * np.diag(distances))


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_neither_axes_nor_the_order_of_vertices_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    predicted, target = rng.normal(size=(2, 2, 10, 3))
    turn, order = Rotation.random(rng=rng).as_matrix().T, rng.permutation(10)
    error = compute_pve(predicted, target)
    np.testing.assert_allclose(compute_pve(predicted @ turn + 5, target @ turn + 5), error)
    np.testing.assert_array_equal(compute_pve(predicted[:, order], target[:, order]), error[:, order])
    np.testing.assert_array_equal(compute_pve(target, predicted), error)


def test_one_root_is_refused() -> None:
    mesh = np.zeros((1, 10, 3))
    with pytest.raises(ValueError, match="both or neither"):
        compute_pve(mesh, mesh, target_root_m=np.zeros((1, 3)))
