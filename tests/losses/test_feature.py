import numpy as np
import torch
from torch.autograd import gradcheck

from reference import losses_loops
from spsnet.losses import compute_forecast_loss

MASK = torch.tensor([[True, True, True, False], [False, True, False, True]])


def test_forecast_loss_is_the_loop():
    forecast, features = torch.randn(2, 2, 4, 3, dtype=torch.float64)
    expected = losses_loops.mean_forecast(forecast.numpy(), features.numpy(), MASK.numpy())
    np.testing.assert_allclose(compute_forecast_loss(forecast, features, MASK).reduce(), expected)


def test_the_right_forecast_is_of_the_next_frame():
    features = torch.randn(1, 5, 3)
    mask = torch.ones(1, 5, dtype=torch.bool)
    ahead = features.roll(-1, 1)
    assert compute_forecast_loss(ahead, features, mask).reduce() == 0
    assert compute_forecast_loss(features, features, mask).reduce() > 0.01
    assert compute_forecast_loss(features[:, :1], features[:, :1], mask[:, :1]).reduce() == 0


def test_target_is_a_constant_unless_asked():
    forecast = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True)
    features = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True)
    compute_forecast_loss(forecast, features, MASK).reduce().backward()
    assert features.grad is None
    assert forecast.grad.abs().sum() > 0
    compute_forecast_loss(forecast, features, MASK, detach_target=False).reduce().backward()
    assert features.grad.abs().sum() > 0
    both = (forecast, features)
    assert gradcheck(lambda a, b: compute_forecast_loss(a, b, MASK, detach_target=False).reduce(), both)
