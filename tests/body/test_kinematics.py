import numpy as np
import torch

from reference.body_loops import SMPL_PARENTS
from spsnet.body import forward_kinematics, place_rest_joints
from spsnet.geometry import axis_angle_to_matrix


def follow(parents: tuple[int, ...], rest: np.ndarray, rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One joint after the other."""
    turned, placed = rotations.copy(), rest.copy()
    for j, parent in enumerate(parents):
        if parent >= 0:
            turned[:, j] = turned[:, parent] @ rotations[:, j]
            placed[:, j] = placed[:, parent] + np.einsum("bij,bj->bi", turned[:, parent], rest[:, j] - rest[:, parent])
    return turned, placed


def test_an_arm_of_two_bones_bent_by_hand() -> None:
    quarter = axis_angle_to_matrix(np.array([0.0, 0.0, np.pi / 2]))
    rotations = np.stack([np.eye(3), quarter, np.eye(3)])[None]
    rest = np.array([[[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]])
    turned, placed = forward_kinematics((-1, 0, 1), rest, rotations)
    np.testing.assert_allclose(placed[0], [[0, 0, 0], [1, 0, 0], [1, 1, 0]], atol=1e-12)
    np.testing.assert_allclose(turned[0, 2], quarter, atol=1e-12)


def test_agrees_with_one_joint_after_the_other() -> None:
    rng = np.random.default_rng(0)
    # The second tree is not written level by level, the third is a fork.
    for parents in (SMPL_PARENTS, (-1, 0, 1, 2, 0, 4, 0, 1), (-1, 0, 0)):
        rest = rng.normal(size=(5, len(parents), 3))
        rotations = axis_angle_to_matrix(rng.normal(size=(5, len(parents), 3)))
        for got, expected in zip(
            forward_kinematics(parents, rest, rotations), follow(parents, rest, rotations), strict=True
        ):
            np.testing.assert_allclose(got, expected, atol=1e-12)


def test_one_rest_pose_serves_the_batch() -> None:
    rng = np.random.default_rng(1)
    rest, rotations = rng.normal(size=(1, 24, 3)), axis_angle_to_matrix(rng.normal(size=(4, 24, 3)))
    _, placed = forward_kinematics(SMPL_PARENTS, rest, rotations)
    np.testing.assert_allclose(placed, follow(SMPL_PARENTS, np.tile(rest, (4, 1, 1)), rotations)[1], atol=1e-12)


def test_bones_keep_their_length() -> None:
    rng = np.random.default_rng(2)
    rest, rotations = rng.normal(size=(3, 24, 3)), axis_angle_to_matrix(rng.normal(size=(3, 24, 3)))
    _, placed = forward_kinematics(SMPL_PARENTS, rest, rotations)
    child, parent = np.arange(1, 24), np.array(SMPL_PARENTS[1:])
    measured = np.linalg.norm(placed[:, child] - placed[:, parent], axis=-1)
    np.testing.assert_allclose(measured, np.linalg.norm(rest[:, child] - rest[:, parent], axis=-1), atol=1e-12)


def test_gradients_and_agreement_in_torch() -> None:
    rng = np.random.default_rng(3)
    rest, pose = rng.normal(size=(2, 24, 3)), rng.normal(size=(2, 24, 3))
    expected = forward_kinematics(SMPL_PARENTS, rest, axis_angle_to_matrix(pose))
    tensors = tuple(torch.from_numpy(x).requires_grad_() for x in (rest, pose))

    def move(rest: torch.Tensor, pose: torch.Tensor) -> torch.Tensor:
        return forward_kinematics(SMPL_PARENTS, rest, axis_angle_to_matrix(pose))[1]

    np.testing.assert_allclose(move(*tensors).detach().numpy(), expected[1], atol=1e-12)
    weights = torch.from_numpy(rng.normal(size=(2, 24, 3)))
    assert torch.autograd.gradcheck(lambda *x: (move(*x) * weights).sum(), tensors)


def test_rest_joints_follow_the_shape() -> None:
    rng = np.random.default_rng(4)
    joints, directions, shape = rng.normal(size=(24, 3)), rng.normal(size=(24, 3, 10)), rng.normal(size=(2, 10))
    placed = place_rest_joints(joints, directions, shape)
    np.testing.assert_allclose(placed[1], joints + directions @ shape[1])
    np.testing.assert_allclose(place_rest_joints(joints, directions, shape[1]), placed[1:])
    np.testing.assert_array_equal(place_rest_joints(joints, directions, np.zeros(10))[0], joints)
