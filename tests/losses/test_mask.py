import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from reference import losses_loops
from spsnet.losses import compute_mask_loss, compute_silhouettes

VALID = torch.tensor([True, False, True])
LEAST = 1e-4


def make(seed=0):
    return torch.rand(3, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def make_square(half, shift=0.0):
    """Silhouette of a closed flat square, as faces of which each lies over a pixel's middle when it is not moved."""
    ticks = torch.arange(-half + 1 / 32, half, 1 / 16)
    points = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), -1).reshape(1, -1, 2)
    areas = torch.full((1, points.shape[1]), 2 / 16**2)
    return compute_silhouettes(points + torch.stack([torch.as_tensor(shift), torch.zeros(())]), areas, 32)


def cost(projected, target, *, two_sided):
    return compute_mask_loss(projected, target, torch.ones(1).bool(), two_sided=two_sided).reduce()


@pytest.mark.parametrize("two_sided", [False, True])
def test_mask_loss_is_the_loop_and_ignores_missing_masks(two_sided):
    projected, target = make(), make(1).round()
    expected = losses_loops.mean_mask(projected.numpy(), target.numpy(), VALID.numpy(), two_sided, LEAST)
    as_bits = compute_mask_loss(projected, target.bool(), VALID, two_sided=two_sided).reduce()
    np.testing.assert_allclose(as_bits, expected)
    target[1] = torch.nan
    np.testing.assert_allclose(compute_mask_loss(projected, target, VALID, two_sided=two_sided).reduce(), expected)
    projected.requires_grad_()
    assert gradcheck(lambda p: compute_mask_loss(p, target, VALID, two_sided=two_sided).reduce(), (projected,))


def test_pixels_by_hand():
    projected = torch.tensor([[[0.0, 0.5], [0.5, 1.0]]])
    target = torch.tensor([[[True, True], [False, False]]])
    valid = torch.tensor([True])
    written = compute_mask_loss(projected, target, valid, two_sided=False).elements
    torch.testing.assert_close(written, torch.tensor([[[-math.log(LEAST), math.log(2)], [0, 0]]]))
    both = compute_mask_loss(projected, target, valid, two_sided=True).elements
    expected = torch.tensor([[[-math.log(LEAST), math.log(2)], [math.log(2), -math.log(LEAST)]]])
    torch.testing.assert_close(both, expected, atol=1e-2, rtol=0)


def test_single_pixels_can_be_left_out():
    projected, target = torch.zeros(1, 2, 2), torch.ones(1, 2, 2)
    pixel_mask = torch.tensor([[[True, False], [False, False]]])
    projected[0, 0, 0] = 1.0
    term = compute_mask_loss(projected, target, pixel_mask, two_sided=True)
    torch.testing.assert_close(term.reduce(), torch.tensor(-math.log(1 - LEAST)))
    assert term.mask.sum() == 1


@pytest.mark.parametrize("two_sided", [False, True])
def test_gradients_are_finite_at_the_ends(two_sided):
    projected = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]], requires_grad=True)
    target = torch.tensor([[[0.0, 0.0], [1.0, 1.0]]])
    cost(projected, target, two_sided=two_sided).backward()
    assert torch.isfinite(projected.grad).all()


def test_too_large_costs_only_where_both_sides_count():
    target = make_square(0.5) > 0.5
    for half, dearer_as_written in ((0.25, True), (0.75, False)):
        other, right = make_square(half), make_square(0.5)
        assert (cost(other, target, two_sided=False) > 0.1 + cost(right, target, two_sided=False)) == dearer_as_written
        assert cost(other, target, two_sided=True) > 0.1 + cost(right, target, two_sided=True)
    everywhere = torch.ones(1, 32, 32)
    assert cost(everywhere, target, two_sided=False) < 1e-4
    assert cost(everywhere, target, two_sided=True) > 1


@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize("moved", [-0.2, 0.05, 0.3])
def test_a_shifted_body_costs_and_is_drawn_back(two_sided, moved):
    target = make_square(0.5) > 0.5
    shift = torch.tensor(moved, requires_grad=True)
    shifted = cost(make_square(0.5, shift), target, two_sided=two_sided)
    assert shifted > cost(make_square(0.5), target, two_sided=two_sided) + 1e-3
    shifted.backward()
    assert shift.grad * moved > 0
