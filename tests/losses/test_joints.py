import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from reference import losses_loops
from spsnet.losses import (
    compute_distance_loss,
    compute_joint_loss,
    compute_keypoint_distance_loss,
    compute_keypoint_loss,
    compute_velocity_loss,
)

VALID = torch.ones(2, 4, 5, dtype=torch.bool)
VALID[0, 1, 3] = VALID[1, 0, 0] = VALID[1, 2, 1] = False
ROOTS = [(0,), (0, 1)]


def make(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize(
    ("compute", "loop"),
    [
        (compute_joint_loss, losses_loops.mean_joints),
        (compute_distance_loss, losses_loops.mean_distance),
        (compute_velocity_loss, losses_loops.mean_velocity),
    ],
)
def test_joint_losses_are_the_loops_and_ignore_missing_labels(compute, loop, root):
    predicted, target = make(2, 4, 5, 3), make(2, 4, 5, 3, seed=1)
    expected = loop(predicted.numpy(), target.numpy(), VALID.numpy(), root)
    target[~VALID] = torch.nan
    np.testing.assert_allclose(compute(predicted, target, VALID, root=root).reduce(), expected)
    predicted.requires_grad_()
    assert gradcheck(lambda p: compute(p, target, VALID, root=root).reduce(), (predicted,))


def test_one_joint_ten_centimetres_off():
    target = make(1, 1, 5, 3)
    predicted = target.clone()
    predicted[0, 0, 3, 0] += 0.1
    term = compute_joint_loss(predicted, target, torch.ones(1, 1, 5).bool(), root=(0,))
    np.testing.assert_allclose(term.elements[0, 0, 3], [0.01, 0, 0], atol=1e-12)
    np.testing.assert_allclose(term.elements.sum(), 0.01)
    distance = compute_distance_loss(predicted, target, torch.ones(1, 1, 5).bool(), root=(0,))
    np.testing.assert_allclose(distance.elements[0, 0], [0.001, 0.001, 0.001, 0.1, 0.001], atol=1e-5)


def test_one_hopeless_joint_outweighs_the_rest_in_squares_and_not_in_distances():
    target = torch.zeros(1, 1, 9, 3, dtype=torch.float64)
    predicted = target.clone()
    predicted[0, 0, 1:, 0] = 0.05
    predicted[0, 0, 8, 0] = 1.0
    predicted.requires_grad_()

    def pull(compute):
        (gradient,) = torch.autograd.grad(
            compute(predicted, target, torch.ones(1, 1, 9).bool(), root=(0,)).reduce(), predicted
        )
        return gradient[0, 0, 8, 0] / gradient[0, 0, 1, 0]

    assert pull(compute_joint_loss) == pytest.approx(20)
    assert pull(compute_distance_loss) == pytest.approx(1, abs=1e-3)


def test_place_does_not_count_but_pose_does():
    target = make(1, 3, 5, 3)
    valid = torch.ones(1, 3, 5, dtype=torch.bool)
    moved = target + make(1, 3, 1, 3, seed=2)
    np.testing.assert_allclose(compute_joint_loss(moved, target, valid, root=(0,)).reduce(), 0, atol=1e-25)
    np.testing.assert_allclose(compute_velocity_loss(moved, target, valid, root=(0,)).reduce(), 0, atol=1e-25)
    assert compute_joint_loss(1.1 * target, target, valid, root=(0,)).reduce() > 1e-3


def test_velocity_punishes_jitter_and_not_a_constant_offset():
    target = make(1, 8, 5, 3)
    valid = torch.ones(1, 8, 5, dtype=torch.bool)
    offset = torch.zeros(1, 1, 5, 3, dtype=torch.float64)
    offset[..., 3, :] = 0.05
    sign = torch.tensor([1.0, -1.0] * 4, dtype=torch.float64)[None, :, None, None]

    def cost(error, compute):
        return compute(target + error, target, valid, root=(0,)).reduce().item()

    assert cost(offset, compute_velocity_loss) == pytest.approx(0, abs=1e-25)
    assert cost(sign * offset, compute_velocity_loss) > 1e-4
    assert cost(sign * offset, compute_joint_loss) == pytest.approx(cost(offset, compute_joint_loss))


def test_velocity_of_a_single_frame_is_nothing():
    joints = make(2, 1, 5, 3).requires_grad_()
    loss = compute_velocity_loss(joints, make(2, 1, 5, 3), torch.ones(2, 1, 5).bool(), root=(0,)).reduce()
    loss.backward()
    assert loss == 0
    assert (joints.grad == 0).all()


def test_keypoint_loss_is_the_loop_and_ignores_keypoints_without_confidence():
    predicted, target = make(2, 4, 5, 2), make(2, 4, 5, 2, seed=1)
    confidence = torch.rand(2, 4, 5, dtype=torch.float64) * VALID
    expected = losses_loops.mean_keypoints(predicted.numpy(), target.numpy(), confidence.numpy())
    target[~VALID] = torch.nan
    np.testing.assert_allclose(compute_keypoint_loss(predicted, target, confidence).reduce(), expected)
    predicted.requires_grad_()
    assert gradcheck(lambda p: compute_keypoint_loss(p, target, confidence).reduce(), (predicted,))


def test_keypoint_loss_by_hand_and_in_proportion_to_confidence():
    target = torch.zeros(1, 1, 2, 2)
    predicted = torch.tensor([[[[1.0, 0.0], [0.0, 0.5]]]])
    term = compute_keypoint_loss(predicted, target, torch.tensor([[[0.5, 1.0]]]))
    torch.testing.assert_close(term.elements, torch.tensor([[[[0.5, 0.0], [0.0, 0.25]]]]))
    torch.testing.assert_close(term.reduce(), torch.tensor(0.75 / 4))


def test_keypoint_distance_is_the_root_of_the_square_by_confidence():
    predicted, target = make(1, 2, 5, 2), make(1, 2, 5, 2, seed=1)
    confidence = torch.tensor([[[1.0, 0.5, 0, 1, 1], [0, 1, 1, 0.2, 1]]], dtype=torch.float64)
    target[confidence == 0] = torch.nan
    term = compute_keypoint_distance_loss(predicted, target, confidence)
    lengths = ((predicted - target).square().sum(-1) + 1e-4).sqrt()
    expected = (confidence * lengths)[confidence > 0].mean()
    np.testing.assert_allclose(term.reduce(), expected)
    half_a_crop = compute_keypoint_distance_loss(
        torch.eye(2).double()[None, None], torch.zeros(1, 1, 2, 2).double(), torch.ones(1, 1, 2).double()
    )
    np.testing.assert_allclose(half_a_crop.elements, 1, atol=1e-4)
    predicted.requires_grad_()
    assert gradcheck(lambda p: compute_keypoint_distance_loss(p, target, confidence).reduce(), (predicted,))
