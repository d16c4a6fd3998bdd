import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from reference import network_loops
from spsnet.geometry import six_d_to_matrix
from spsnet.network.config import NetworkConfig
from spsnet.network.regressors import STATE_NUMBERS, Regressors, make_upright_state


def make(**options):
    torch.manual_seed(0)
    regressors = Regressors(NetworkConfig(feature_width=7, hidden=16, **options)).double().eval()
    for head in (regressors.pose, regressors.shape, regressors.camera):
        torch.nn.init.normal_(head.weight, std=0.1)
        torch.nn.init.normal_(head.bias, std=0.1)
    return regressors


@pytest.mark.parametrize("activation", ["none", "leaky_relu"])
@pytest.mark.parametrize("iterations", [1, 3])
def test_iterations_are_the_loop(activation, iterations):
    regressors = make(regressor_activation=activation, iterations=iterations)
    features = torch.randn(2, 3, 7, dtype=torch.float64)
    weights = {name: value.numpy() for name, value in regressors.state_dict().items()}
    with torch.no_grad():
        out = regressors(features)
    bend = network_loops.leaky_relu if activation == "leaky_relu" else lambda x: x
    for b, t in np.ndindex(2, 3):
        expected = network_loops.regress(weights, features[b, t].numpy(), iterations, bend)
        np.testing.assert_allclose(out[b, t], expected, atol=1e-12)


@pytest.mark.parametrize("iterations", [1, 3, 4])
def test_folded_regressor_is_the_iterated_one(iterations):
    regressors = make(iterations=iterations)
    features = torch.randn(2, 3, 7, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(regressors.fold().double()(features), regressors(features), atol=1e-5, rtol=1e-5)


def test_bent_regressor_is_not_folded():
    with pytest.raises(ValueError, match="cannot be folded"):
        make(regressor_activation="leaky_relu").fold()


def test_new_regressors_start_at_the_mean():
    regressors = Regressors(NetworkConfig(feature_width=7)).eval()
    out = regressors(torch.randn(20, 7))
    assert (out - make_upright_state()).abs().max() < 0.05


def test_upright_state_faces_the_camera():
    state = make_upright_state()
    assert state.shape == (STATE_NUMBERS,)
    root = six_d_to_matrix(state[:6])
    torch.testing.assert_close(root @ torch.tensor([0.0, 1, 0]), torch.tensor([0.0, -1, 0]))  # head up: y is down
    torch.testing.assert_close(root @ torch.tensor([0.0, 0, 1]), torch.tensor([0.0, 0, -1]))  # chest to the camera


def test_mean_can_be_set():
    regressors = make()
    six_d, shape, camera = torch.randn(24, 6).double(), torch.randn(10).double(), torch.randn(3).double()
    regressors.set_mean(six_d, shape, camera)
    torch.testing.assert_close(regressors.mean_state, torch.cat([six_d.flatten(), shape, camera]))
    assert "mean_state" in regressors.state_dict()


def test_dropout_is_active_in_training_only():
    regressors, features = make(), torch.randn(1, 7, dtype=torch.float64)
    torch.testing.assert_close(regressors(features), regressors(features))
    regressors.train()
    assert not torch.allclose(regressors(features), regressors(features))


def test_gradient():
    regressors = make(regressor_activation="leaky_relu")
    features = torch.randn(2, 7, dtype=torch.float64, requires_grad=True)
    assert gradcheck(regressors, (features,))
