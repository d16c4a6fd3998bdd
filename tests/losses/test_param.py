import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from reference import losses_loops
from spsnet.geometry import axis_angle_to_matrix
from spsnet.losses import compute_param_loss

VALID = torch.tensor([[True, True, False], [True, False, False], [False, False, False]])


def make_prediction(seed=0):
    generator = torch.Generator().manual_seed(seed)
    turn = torch.randn(3, 3, 4, 3, dtype=torch.float64, generator=generator)
    shape = torch.randn(3, 10, dtype=torch.float64, generator=generator)
    camera = torch.randn(3, 3, 3, dtype=torch.float64, generator=generator)
    return axis_angle_to_matrix(turn), shape, camera


def test_the_three_parts_are_the_loops():
    occluded, original = make_prediction(), make_prediction(1)
    valid = VALID.numpy()
    expected = {
        "pose": losses_loops.mean_pose(occluded[0].numpy(), original[0].numpy(), valid),
        "shape": losses_loops.mean_shape(occluded[1].numpy(), original[1].numpy(), valid.any(1)),
        "camera": losses_loops.mean_frames(occluded[2].numpy(), original[2].numpy(), valid),
    }
    original[0][~VALID] = original[2][~VALID] = torch.nan
    original[1][2] = torch.nan
    terms = compute_param_loss(*occluded, *original, VALID)
    for name, value in expected.items():
        np.testing.assert_allclose(getattr(terms, name).reduce(), value)
    inputs = tuple(values.requires_grad_() for values in occluded)
    assert gradcheck(lambda *o: [term.reduce() for term in compute_param_loss(*o, *original, VALID)], inputs)


def test_a_step_of_scale_as_said():
    rotations, shape, _ = make_prediction()
    camera = torch.tensor([0.9, 0.0, 0.0], dtype=torch.float64).expand(3, 3, 3)
    smaller = camera - torch.tensor([0.1, 0, 0])
    terms = compute_param_loss(rotations, shape, smaller, rotations, shape, camera, VALID)
    assert terms.camera.elements[0, 0].tolist() == pytest.approx([0.01, 0, 0])
    assert terms.pose.reduce() == terms.shape.reduce() == 0


def test_being_led_astray_by_the_occlusion_costs():
    original = make_prediction()
    turned = original[0] @ axis_angle_to_matrix(torch.tensor([0.3, 0, 0], dtype=torch.float64))
    led_astray = (turned, original[1] + 0.1, original[2] + 0.1)
    assert [term.reduce().item() for term in compute_param_loss(*original, *original, VALID)] == [0, 0, 0]
    assert all(term.reduce() > 0.005 for term in compute_param_loss(*led_astray, *original, VALID))


def test_the_original_is_a_constant():
    occluded = [values.requires_grad_() for values in make_prediction()]
    original = [values.requires_grad_() for values in make_prediction(1)]
    sum(term.reduce() for term in compute_param_loss(*occluded, *original, VALID)).backward()
    assert all(values.grad is None for values in original)
    assert all(values.grad.abs().sum() > 0 for values in occluded)
