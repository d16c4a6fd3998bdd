import numpy as np
import torch
from torch.autograd import gradcheck

from reference import losses_loops
from spsnet.geometry import six_d_to_matrix
from spsnet.losses import compute_shape_size_loss, compute_six_d_loss

MASK = torch.tensor([[True, True, False]])


def test_both_are_the_loops():
    valid = torch.tensor([True, False, True])
    shape, six_d = torch.randn(3, 10, dtype=torch.float64), torch.randn(1, 3, 2, 6, dtype=torch.float64)
    rotations = six_d_to_matrix(torch.randn(1, 3, 2, 6, dtype=torch.float64))
    expected = losses_loops.mean_shape_size(shape.numpy(), valid.numpy())
    np.testing.assert_allclose(compute_shape_size_loss(shape, valid).reduce(), expected)
    expected = losses_loops.mean_six_d(six_d.numpy(), rotations.numpy(), MASK.numpy())
    np.testing.assert_allclose(compute_six_d_loss(six_d, rotations, MASK).reduce(), expected)


def test_shape_size_is_the_mean_square_of_valid_shapes():
    shape = torch.tensor([[1.0] * 10, [2.0] * 10, [100.0] * 10], dtype=torch.float64, requires_grad=True)
    valid = torch.tensor([True, True, False])
    np.testing.assert_allclose(compute_shape_size_loss(shape, valid).reduce().detach(), 2.5)
    assert gradcheck(lambda s: compute_shape_size_loss(s, valid).reduce(), (shape,))


def test_six_d_loss_punishes_length_and_slant_and_nothing_else():
    six_d = torch.randn(1, 3, 2, 6, dtype=torch.float64)
    rotations = six_d_to_matrix(six_d)
    clean = torch.cat([rotations[..., 0], rotations[..., 1]], -1)
    np.testing.assert_allclose(compute_six_d_loss(clean, rotations, MASK).reduce(), 0, atol=1e-12)
    np.testing.assert_allclose(compute_six_d_loss(2 * clean, rotations, MASK).reduce(), 2 / 6)
    slanted = torch.cat([clean[..., :3], clean[..., 3:] + 0.3 * clean[..., :3]], -1)
    np.testing.assert_allclose(compute_six_d_loss(slanted, rotations, MASK).reduce(), 0.09 / 6)


def test_six_d_gradient_leaves_the_rotation_alone():
    six_d = torch.randn(1, 3, 2, 6, dtype=torch.float64, requires_grad=True)
    rotations = six_d_to_matrix(six_d)
    rotations.retain_grad()
    compute_six_d_loss(six_d, rotations, MASK).reduce().backward()
    assert rotations.grad is None
    fixed = rotations.detach()
    assert gradcheck(lambda s: compute_six_d_loss(s, fixed, MASK).reduce(), (six_d,))
