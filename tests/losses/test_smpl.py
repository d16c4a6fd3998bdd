import itertools

import numpy as np
import torch
from torch.autograd import gradcheck

from reference import losses_loops
from spsnet.geometry import axis_angle_to_matrix
from spsnet.losses import compute_pose_distance_loss, compute_pose_loss, compute_shape_loss

VALID = torch.tensor([[True, True, False], [False, True, False]])


def make_rotations(seed, angle=1.0):
    generator = torch.Generator().manual_seed(seed)
    return axis_angle_to_matrix(angle * torch.randn(2, 3, 4, 3, dtype=torch.float64, generator=generator))


def test_pose_loss_is_the_loop_and_ignores_missing_labels():
    predicted, target = make_rotations(0), make_rotations(1)
    expected = losses_loops.mean_pose(predicted.numpy(), target.numpy(), VALID.numpy())
    target[~VALID] = torch.nan
    np.testing.assert_allclose(compute_pose_loss(predicted, target, VALID).reduce(), expected)


def test_a_quarter_turn_costs_four():
    still, turned = torch.zeros(1, 1, 1, 3).double(), torch.tensor([[[[0, 0, np.pi / 2]]]]).double()
    term = compute_pose_loss(axis_angle_to_matrix(turned), axis_angle_to_matrix(still), torch.ones(1, 1).bool())
    np.testing.assert_allclose(term.elements.sum(), 4)


def test_pose_loss_grows_with_the_angle_and_forgets_whole_turns():
    still, valid = torch.zeros(1, 1, 1, 3).double(), torch.ones(1, 1).bool()
    target = axis_angle_to_matrix(still)

    def cost(angle):
        turned = torch.tensor([[[[angle, 0.0, 0.0]]]], dtype=torch.float64)
        return compute_pose_loss(axis_angle_to_matrix(turned), target, valid).reduce()

    costs = [cost(angle) for angle in (0.0, 0.1, 0.5, 1.0, 2.0, 3.1)]
    assert all(a < b for a, b in itertools.pairwise(costs))
    np.testing.assert_allclose(cost(2 * np.pi + 0.1), cost(0.1))


def test_pose_distance_is_the_root_of_the_square_joint_by_joint():
    predicted, target = make_rotations(0), make_rotations(1)
    squares = compute_pose_loss(predicted, target, VALID).elements.sum((-1, -2))
    target[~VALID] = torch.nan
    distances = compute_pose_distance_loss(predicted, target, VALID)
    np.testing.assert_allclose(distances.elements[VALID], (squares[VALID] + 1e-4).sqrt())
    np.testing.assert_allclose(distances.reduce(), (squares[VALID] + 1e-4).sqrt().mean())
    predicted.requires_grad_()
    assert gradcheck(lambda p: compute_pose_distance_loss(p, target, VALID).reduce(), (predicted,))


def test_a_quarter_turn_is_two_apart_and_half_a_degree_hardly():
    still, valid = axis_angle_to_matrix(torch.zeros(1, 1, 1, 3).double()), torch.ones(1, 1).bool()
    for degrees, distance in ((90, 2.0), (0.5, 0.0159), (0, 0.01)):
        turned = axis_angle_to_matrix(torch.tensor([[[[0, np.deg2rad(degrees), 0]]]]).double())
        found = compute_pose_distance_loss(turned, still, valid).reduce()
        np.testing.assert_allclose(found, distance, atol=5e-5)


def test_pose_gradient():
    target = make_rotations(1)
    target[~VALID] = torch.nan
    predicted = make_rotations(0).requires_grad_()
    assert gradcheck(lambda p: compute_pose_loss(p, target, VALID).reduce(), (predicted,))


def test_shape_loss_is_the_loop_and_punishes_a_wrong_shape():
    predicted, target = torch.randn(2, 3, 10, dtype=torch.float64)
    valid = torch.tensor([True, False, True])
    expected = losses_loops.mean_shape(predicted.numpy(), target.numpy(), valid.numpy())
    target[1] = torch.nan
    np.testing.assert_allclose(compute_shape_loss(predicted, target, valid).reduce(), expected)
    right = torch.nan_to_num(target)
    assert compute_shape_loss(right, target, valid).reduce() == 0
    assert compute_shape_loss(right + 0.1, target, valid).reduce() > 0.009
    assert gradcheck(lambda p: compute_shape_loss(p, target, valid).reduce(), (predicted.clone().requires_grad_(),))
