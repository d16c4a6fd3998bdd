import numpy as np
import torch
from torch.autograd import gradcheck

from spsnet.network.camera import keep_scale_positive


def test_values_by_hand():
    out = keep_scale_positive(np.array([0.9, 0.1, 0.0, -1.0]), 0.1)
    np.testing.assert_allclose(out, [0.9, 0.1, 0.05, 0.01 / 1.2])


def test_positive_and_rising_everywhere():
    out = keep_scale_positive(np.concatenate([-np.logspace(6, -6, 200), np.logspace(-6, 3, 200)]), 0.1)
    assert (out > 0).all()
    assert (np.diff(out) > 0).all()


def test_slope_is_one_on_both_sides_of_the_minimum_and_gradient_is_right():
    scale = torch.tensor([0.1 - 1e-9, 0.1 + 1e-9, 0.2], dtype=torch.float64, requires_grad=True)
    keep_scale_positive(scale, 0.1).sum().backward()
    np.testing.assert_allclose(scale.grad, [1, 1, 1], atol=1e-6)
    inputs = torch.tensor([-3.0, 0.0, 0.05, 0.2, 1.0], dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda s: keep_scale_positive(s, 0.1), (inputs,))
