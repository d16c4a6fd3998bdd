import numpy as np
import torch
from torch.autograd import gradcheck

from reference import network_loops
from spsnet.network.forecasting import Forecasting


def test_forecast_is_two_layers_frame_by_frame():
    torch.manual_seed(0)
    forecasting = Forecasting(5).double()
    features = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    weights = {name: value.numpy() for name, value in forecasting.state_dict().items()}
    out = forecasting(features)
    for b, t in np.ndindex(2, 3):
        expected = network_loops.two_layers(weights, "layers", features[b, t].detach().numpy())
        np.testing.assert_allclose(out[b, t].detach(), expected, atol=1e-12)
    assert gradcheck(forecasting, (features,))
