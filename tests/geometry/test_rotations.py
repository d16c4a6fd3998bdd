from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from reference.rotations_slow import convert_to_matrices, draw_axis_angles, exponentiate
from spsnet import geometry
from spsnet.geometry import (
    axis_angle_to_matrix,
    cross,
    geodesic_angle,
    identity_like,
    interpolate_rotations,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    matrix_to_six_d,
    quaternion_to_axis_angle,
    quaternion_to_matrix,
    rotation_between,
    six_d_to_matrix,
    skew,
    transpose,
)

HARD = draw_axis_angles(0, 300)
any_vector = arrays(np.float64, 3, elements=st.floats(-10, 10))
near_identity = arrays(np.float64, 3, elements=st.floats(-1e-3, 1e-3))
half_turn = st.tuples(arrays(np.float64, 3, elements=st.floats(-1, 1)), st.floats(-1e-7, 1e-7)).map(
    lambda pair: (pair[0] + (0, 0, 2)) / np.linalg.norm(pair[0] + (0, 0, 2)) * (np.pi + pair[1])
)
axis_angles = st.one_of(any_vector, near_identity, half_turn)


def assert_rotation(matrix: np.ndarray, atol: float = 1e-9) -> None:
    np.testing.assert_allclose(
        matrix @ np.swapaxes(matrix, -1, -2), np.broadcast_to(np.eye(3), matrix.shape), atol=atol
    )
    np.testing.assert_allclose(np.linalg.det(matrix), 1, atol=atol)


def test_a_quarter_turn_by_hand() -> None:
    quarter = axis_angle_to_matrix(np.array([0, 0, np.pi / 2]))
    np.testing.assert_allclose(quarter @ [1.0, 0, 0], [0, 1, 0], atol=1e-15)
    np.testing.assert_allclose(matrix_to_quaternion(quarter), [np.sqrt(0.5), 0, 0, np.sqrt(0.5)], atol=1e-15)
    np.testing.assert_allclose(matrix_to_six_d(quarter), [0, 1, 0, -1, 0, 0], atol=1e-15)


def test_zero_is_the_identity_in_every_form() -> None:
    np.testing.assert_array_equal(axis_angle_to_matrix(np.zeros(3)), np.eye(3))
    np.testing.assert_array_equal(matrix_to_axis_angle(np.eye(3)), np.zeros(3))
    np.testing.assert_array_equal(matrix_to_quaternion(np.eye(3)), [1, 0, 0, 0])
    np.testing.assert_array_equal(six_d_to_matrix(np.array([2.0, 0, 0, 5, 3, 0])), np.eye(3))


def test_matrices_agree_with_scipy_and_with_the_exponential() -> None:
    matrices = axis_angle_to_matrix(HARD)
    np.testing.assert_allclose(matrices, convert_to_matrices(HARD), atol=1e-14)
    for vector, matrix in zip(HARD[:40], matrices[:40], strict=True):
        np.testing.assert_allclose(matrix, exponentiate(vector), atol=1e-13)
    assert_rotation(matrices)


def test_quaternions_agree_with_scipy() -> None:
    matrices = convert_to_matrices(HARD)
    expected = Rotation.from_matrix(matrices).as_quat(scalar_first=True)
    got = matrix_to_quaternion(matrices)
    sign = np.sign(np.sum(got * expected, -1, keepdims=True))
    np.testing.assert_allclose(got, sign * expected, atol=1e-10)
    assert (got[:, 0] >= 0).all()
    np.testing.assert_allclose(quaternion_to_matrix(got), matrices, atol=1e-10)


def test_a_quaternion_and_its_negative_and_its_multiples_are_one_rotation() -> None:
    quaternion = np.random.default_rng(1).normal(size=(20, 4))
    matrices = quaternion_to_matrix(quaternion)
    assert_rotation(matrices)
    np.testing.assert_allclose(quaternion_to_matrix(-3 * quaternion), matrices, atol=1e-14)
    unit = quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True)
    np.testing.assert_allclose(quaternion_to_axis_angle(unit), quaternion_to_axis_angle(-unit), atol=1e-14)


@settings(max_examples=300)
@given(vector=axis_angles)
def test_there_and_back_is_the_same_rotation(vector: np.ndarray) -> None:
    matrix = axis_angle_to_matrix(vector)
    back = matrix_to_axis_angle(matrix)
    assert np.linalg.norm(back) <= np.pi + 1e-12
    np.testing.assert_allclose(axis_angle_to_matrix(back), matrix, atol=1e-10)
    np.testing.assert_allclose(six_d_to_matrix(matrix_to_six_d(matrix)), matrix, atol=1e-12)
    np.testing.assert_allclose(quaternion_to_matrix(matrix_to_quaternion(matrix)), matrix, atol=1e-10)
    if np.linalg.norm(vector) < np.pi - 1e-3:
        np.testing.assert_allclose(back, vector, atol=1e-10)


@given(left=axis_angles, right=axis_angles)
def test_angle_between_rotations(left: np.ndarray, right: np.ndarray) -> None:
    a, b = axis_angle_to_matrix(left), axis_angle_to_matrix(right)
    expected = (Rotation.from_matrix(a).inv() * Rotation.from_matrix(b)).magnitude()
    np.testing.assert_allclose(geodesic_angle(a, b), expected, atol=1e-9)
    np.testing.assert_allclose(geodesic_angle(a, b), geodesic_angle(b, a), atol=1e-9)
    np.testing.assert_allclose(geodesic_angle(b @ a, b), geodesic_angle(a, np.eye(3)), atol=1e-9)


def test_small_angles_are_not_lost() -> None:
    for angle in (1e-3, 1e-7, 1e-10):
        turned = axis_angle_to_matrix(np.array([0, angle, 0]))
        np.testing.assert_allclose(geodesic_angle(np.eye(3), turned), angle, rtol=1e-5)
    np.testing.assert_allclose(
        geodesic_angle(np.eye(3), axis_angle_to_matrix(np.array([np.pi, 0, 0]))), np.pi, rtol=1e-12
    )


def test_single_precision_holds_five_digits() -> None:
    single = HARD.astype(np.float32)
    matrices = axis_angle_to_matrix(single)
    assert matrices.dtype == np.float32
    np.testing.assert_allclose(matrices, convert_to_matrices(single.astype(np.float64)), atol=3e-6)
    np.testing.assert_allclose(axis_angle_to_matrix(matrix_to_axis_angle(matrices)), matrices, atol=3e-5)


def test_six_d_repairs_any_two_vectors() -> None:
    six_d = np.random.default_rng(2).normal(size=(50, 6))
    matrices = six_d_to_matrix(six_d)
    assert_rotation(matrices)
    x = six_d[:, :3] / np.linalg.norm(six_d[:, :3], axis=1, keepdims=True)
    np.testing.assert_allclose(matrices[..., 0], x, atol=1e-12)
    assert (np.sum(matrices[..., 1] * six_d[:, 3:], -1) > 0).all()
    assert np.isfinite(six_d_to_matrix(np.zeros(6))).all()


def test_interpolation_ends_at_its_ends_and_moves_evenly() -> None:
    left, right = convert_to_matrices(HARD[8:60]), convert_to_matrices(HARD[60:112])
    angle = geodesic_angle(left, right)
    for weight in (0.0, 0.25, 1.0):
        between = interpolate_rotations(left, right, np.full(52, weight))
        assert_rotation(between)
        np.testing.assert_allclose(geodesic_angle(left, between), weight * angle, atol=1e-9)
        np.testing.assert_allclose(geodesic_angle(between, right), (1 - weight) * angle, atol=1e-9)


def test_vector_products() -> None:
    a, b = np.random.default_rng(3).normal(size=(2, 5, 3))
    np.testing.assert_allclose(cross(a, b), np.cross(a, b))
    np.testing.assert_allclose(np.einsum("bij,bj->bi", skew(a), b), np.cross(a, b))
    np.testing.assert_array_equal(transpose(skew(a)), -skew(a))


def test_identity_like_has_the_same_shape_and_type() -> None:
    identity = identity_like(np.full((2, 3, 4, 4), np.nan, np.float32))
    assert identity.dtype == np.float32
    np.testing.assert_array_equal(identity, np.broadcast_to(np.eye(4), (2, 3, 4, 4)))


CONVERSIONS: list[tuple[Callable[..., object], np.ndarray]] = [
    (axis_angle_to_matrix, HARD),
    (matrix_to_axis_angle, convert_to_matrices(HARD)),
    (matrix_to_quaternion, convert_to_matrices(HARD)),
    (matrix_to_six_d, convert_to_matrices(HARD)),
    (six_d_to_matrix, np.random.default_rng(4).normal(size=(20, 6))),
    (quaternion_to_matrix, np.random.default_rng(5).normal(size=(20, 4))),
    (skew, HARD),
    (transpose, convert_to_matrices(HARD)),
    (identity_like, convert_to_matrices(HARD)),
]


@pytest.mark.parametrize(("function", "values"), CONVERSIONS, ids=lambda x: getattr(x, "__name__", ""))
def test_numpy_and_torch_give_the_same(function: Callable[..., np.ndarray], values: np.ndarray) -> None:
    result = function(torch.from_numpy(values))  # type: ignore[arg-type]
    assert isinstance(result, torch.Tensor)
    np.testing.assert_allclose(result.numpy(), function(values), atol=1e-13)
    leading = values[: 2 * (len(values) // 2)].reshape(2, -1, *values.shape[1:])
    np.testing.assert_allclose(
        function(leading).reshape(-1), function(leading.reshape(-1, *values.shape[1:])).reshape(-1)
    )
    assert function(values[:0]).shape[0] == 0


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-5, 0.3, 2.0, 3.0])
def test_gradients_of_axis_angle(angle: float) -> None:
    vector = torch.tensor([0.6, 0.0, 0.8], dtype=torch.float64) * angle
    assert torch.autograd.gradcheck(axis_angle_to_matrix, (vector.requires_grad_(),))

    def go_round(vector: torch.Tensor) -> torch.Tensor:
        return matrix_to_axis_angle(axis_angle_to_matrix(vector))

    assert torch.autograd.gradcheck(go_round, (vector,))


def test_gradients_of_six_d_and_quaternions() -> None:
    rng = np.random.default_rng(6)
    six_d, quaternion = (torch.from_numpy(rng.normal(size=(3, n))).requires_grad_() for n in (6, 4))
    assert torch.autograd.gradcheck(six_d_to_matrix, (six_d,))
    assert torch.autograd.gradcheck(quaternion_to_matrix, (quaternion,))
    assert torch.autograd.gradcheck(lambda q: matrix_to_quaternion(quaternion_to_matrix(q)), (quaternion,))


def test_gradients_are_finite_at_a_half_turn_and_for_equal_rotations() -> None:
    for values in (np.pi * np.eye(3), -np.pi * np.eye(3), np.zeros((3, 3))):
        vector = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        matrix_to_axis_angle(axis_angle_to_matrix(vector)).sum().backward()
        assert vector.grad is not None
        assert torch.isfinite(vector.grad).all()
    matrix = torch.eye(3, dtype=torch.float64)[None].requires_grad_()
    geodesic_angle(matrix, torch.eye(3, dtype=torch.float64)[None]).sum().backward()
    assert matrix.grad is not None
    assert torch.isfinite(matrix.grad).all()


def test_public_names_are_what_they_say() -> None:
    assert all(callable(getattr(geometry, name)) for name in geometry.__all__)
    assert geometry.__all__ == sorted(geometry.__all__)


def test_rotation_between_by_hand() -> None:
    quarter = rotation_between(np.array([2.0, 0, 0]), np.array([0, 3.0, 0]))
    np.testing.assert_allclose(quarter, [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-12)


def test_rotation_between_turns_the_shortest_way() -> None:
    source, target = np.random.default_rng(0).normal(size=(2, 100, 3))
    turn = rotation_between(source, target)
    moved = np.einsum("bij,bj->bi", turn, source)
    np.testing.assert_allclose(np.cross(moved, target), 0, atol=1e-9)
    assert ((moved * target).sum(-1) > 0).all()
    np.testing.assert_allclose(turn @ turn.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (100, 3, 3)), atol=1e-9)
    cosine = (source * target).sum(-1) / np.linalg.norm(source, axis=-1) / np.linalg.norm(target, axis=-1)
    angle = geodesic_angle(np.broadcast_to(np.eye(3), (100, 3, 3)), turn)
    np.testing.assert_allclose(np.cos(angle), cosine, atol=1e-9)
