from pathlib import Path

import numpy as np
import pytest
import torch
from body_models.smpl.numpy import SMPL

from reference.body_loops import make_body_arrays, pose_body
from spsnet.body import BodyModel, build_body, compute_joints, compute_pose_feature, compute_vertices, load_body
from spsnet.geometry import axis_angle_to_matrix

OPEN_BODY = Path(__file__).parents[2] / "src" / "spsnet" / "body" / "data" / "open_body.npz"


def draw_pose(seed: int, batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(batch, 24, 3)) * 0.5, rng.normal(size=(batch, 10)), rng.normal(size=(batch, 3))


def make_body(seed: int = 0, *, with_pose: bool = True) -> BodyModel:
    return build_body(make_body_arrays(seed, with_pose=with_pose), Path("random.npz"))


def test_body_at_rest_is_its_template_moved() -> None:
    body = make_body()
    rest = np.broadcast_to(np.eye(3), (1, 24, 3, 3))
    vertices = compute_vertices(body, rest, np.zeros(10), np.array([[1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(vertices[0], body.template_m + np.array([1.0, 2.0, 3.0]), atol=1e-6)


def test_shape_coefficient_moves_vertices_by_its_direction() -> None:
    body = make_body()
    rest = np.broadcast_to(np.eye(3), (1, 24, 3, 3))
    vertices = compute_vertices(body, rest, 2.0 * np.eye(10)[3], np.zeros((1, 3)))
    np.testing.assert_allclose(vertices[0], body.template_m + 2 * body.shape_directions[..., 3], atol=1e-6)


@pytest.mark.parametrize("with_pose", [True, False])
def test_agrees_with_loops_over_vertices_and_joints(with_pose: bool) -> None:
    arrays = make_body_arrays(1, with_pose=with_pose)
    body = build_body(arrays, Path("random.npz"))
    pose, shape, translation = draw_pose(2, 3)
    rotations = axis_angle_to_matrix(pose)
    vertices = compute_vertices(body, rotations, shape, translation)
    joints = compute_joints(body, rotations, shape, translation)
    for i in range(3):
        expected_vertices, expected_joints = pose_body(arrays, pose[i], shape[i], translation[i])
        np.testing.assert_allclose(vertices[i], expected_vertices, atol=2e-6)
        np.testing.assert_allclose(joints[i], expected_joints, atol=2e-6)


def check_against_body_models(path: Path) -> None:
    """Another program reads the same file and poses it the same."""
    pose, shape, translation = (x.astype(np.float32) for x in draw_pose(5, 3))
    oracle = SMPL(model_path=path)
    arguments = {"pelvis_rotation": pose[:, 0], "shape": shape, "global_translation": translation}
    body, rotations = load_body(path), axis_angle_to_matrix(pose)
    expected = oracle.forward_vertices(pose[:, 1:], **arguments)
    np.testing.assert_allclose(compute_vertices(body, rotations, shape, translation), expected, atol=1e-5)
    expected = oracle.forward_skeleton(pose[:, 1:], **arguments)[..., :3, 3]
    np.testing.assert_allclose(compute_joints(body, rotations, shape, translation), expected, atol=1e-5)


def test_agrees_with_body_models(tmp_path: Path) -> None:
    path = tmp_path / "SMPL_NEUTRAL.npz"
    np.savez(path, **make_body_arrays(3))
    check_against_body_models(path)


def test_agrees_with_body_models_where_pose_correctives_are_zero(tmp_path: Path) -> None:
    arrays = make_body_arrays(4, with_pose=False)
    np.savez(tmp_path / "without.npz", **arrays)
    np.savez(tmp_path / "zero.npz", **arrays, posedirs=np.zeros((120, 3, 207)))
    check_against_body_models(tmp_path / "zero.npz")
    pose, shape, translation = draw_pose(6, 2)
    rotations = axis_angle_to_matrix(pose)
    np.testing.assert_allclose(
        compute_vertices(load_body(tmp_path / "without.npz"), rotations, shape, translation),
        compute_vertices(load_body(tmp_path / "zero.npz"), rotations, shape, translation),
        atol=1e-12,
    )


def test_open_body_agrees_with_body_models() -> None:
    check_against_body_models(OPEN_BODY)


def test_root_turns_the_body_about_the_pelvis() -> None:
    body = make_body()
    pose, shape, _ = draw_pose(7, 1)
    still, turn = np.zeros((1, 3)), axis_angle_to_matrix(np.array([0.3, -1.0, 0.5]))
    rotations = axis_angle_to_matrix(pose)
    turned = rotations.copy()
    turned[:, 0] = turn @ rotations[:, 0]
    pelvis = compute_joints(body, rotations, shape, still)[:, :1]
    before = compute_vertices(body, rotations, shape, still)
    after = compute_vertices(body, turned, shape, still)
    np.testing.assert_allclose(after - pelvis, (before - pelvis) @ turn.T, atol=1e-6)


def test_one_shape_serves_the_whole_batch() -> None:
    body = make_body()
    pose, shape, translation = draw_pose(8, 11)
    rotations = axis_angle_to_matrix(pose)
    once = compute_vertices(body, rotations, shape[0], translation)
    np.testing.assert_allclose(once, compute_vertices(body, rotations, np.tile(shape[:1], (11, 1)), translation))


def test_no_bodies_give_no_vertices() -> None:
    body = make_body()
    empty = np.zeros((0, 24, 3, 3), np.float32)
    assert compute_vertices(body, empty, np.zeros(10, np.float32), np.zeros((0, 3), np.float32)).shape == (0, 120, 3)
    assert compute_joints(body, empty, np.zeros(10, np.float32), np.zeros((0, 3), np.float32)).shape == (0, 24, 3)


def test_numpy_and_torch_give_the_same() -> None:
    body = make_body()
    arguments = [x.astype(np.float32) for x in draw_pose(9, 6)]
    arguments[0] = axis_angle_to_matrix(arguments[0])
    tensors = [torch.from_numpy(x) for x in arguments]
    for compute in (compute_vertices, compute_joints):
        result = compute(body, *tensors)
        assert result.dtype == torch.float32
        np.testing.assert_allclose(result.numpy(), compute(body, *arguments), atol=2e-6)


def test_gradients_through_vertices() -> None:
    small = build_body(make_body_arrays(0, vertices=24), Path("small.npz"))
    pose, shape, translation = (torch.from_numpy(x).requires_grad_() for x in draw_pose(10, 1))
    directions = torch.from_numpy(np.random.default_rng(0).normal(size=(24, 3)))

    def weigh(pose: torch.Tensor, shape: torch.Tensor, translation: torch.Tensor) -> torch.Tensor:
        return (compute_vertices(small, axis_angle_to_matrix(pose), shape, translation) * directions).sum((1, 2))

    assert torch.autograd.gradcheck(weigh, (pose, shape, translation))


def test_pose_feature_is_zero_at_rest_and_reads_row_by_row() -> None:
    rotations = np.broadcast_to(np.eye(3), (1, 24, 3, 3)).copy()
    assert not compute_pose_feature(rotations).any()
    rotations[0, 2, 0, 1] = 0.5
    assert compute_pose_feature(rotations)[0, 9 + 1] == 0.5
