import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from reference import network_loops
from spsnet.geometry import axis_angle_to_matrix
from spsnet.network.config import NetworkConfig
from spsnet.network.spsnet import SpsNet

ABLATIONS = [(True, True), (True, False), (False, True), (False, False)]


def make(**options):
    torch.manual_seed(0)
    network = SpsNet(NetworkConfig(**({"feature_width": 6, "hidden": 12} | options))).double().eval()
    for head in (network.regressors.pose, network.regressors.shape, network.regressors.camera):
        torch.nn.init.normal_(head.weight, std=0.1)
    return network


@pytest.mark.parametrize(("attention", "forecasting"), ABLATIONS)
@pytest.mark.parametrize(("stem", "layers"), [(None, 1), (8, 1), (8, 2)])
def test_network_is_the_loop(attention, forecasting, stem, layers):
    network = make(
        use_attention=attention,
        use_forecasting=forecasting,
        stem_width=stem,
        stem_layers=layers,
        attention_scale="sqrt_d",
        regressor_activation="leaky_relu",
    )
    features = torch.randn(3, 5, 6, dtype=torch.float64)
    mask = torch.tensor([[True] * 5, [True, True, False, True, False], [True] + [False] * 4])
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    with torch.no_grad():
        out = network(features, mask)
    for b in range(3):
        states, shape = network_loops.run_network(weights, network.config, features[b].numpy(), mask[b].numpy())
        np.testing.assert_allclose(out.six_d[b].flatten(1), states[:, :144], atol=1e-10)
        np.testing.assert_allclose(out.shape[b], shape, atol=1e-10)
        np.testing.assert_allclose(out.camera[b, :, 1:], states[:, 155:], atol=1e-10)
        for frame in range(5):
            joint = network_loops.six_d_to_matrix(states[frame, 6:12])
            np.testing.assert_allclose(out.rotations[b, frame, 1], joint, atol=1e-10)
    assert (out.forecast is None) == (not forecasting)


@pytest.mark.parametrize(("attention", "forecasting"), ABLATIONS)
def test_padding_changes_nothing_whatever_it_holds(attention, forecasting):
    network = make(use_attention=attention, use_forecasting=forecasting, stem_width=8)
    features = torch.randn(2, 5, 6, dtype=torch.float64)
    plain = network(features, torch.ones(2, 5, dtype=torch.bool))
    garbage = torch.full((2, 3, 6), torch.nan, dtype=torch.float64)
    for padded, start in ((torch.cat([features, garbage], 1), 0), (torch.cat([garbage, features], 1), 3)):
        mask = torch.zeros(2, 8, dtype=torch.bool)
        mask[:, start : start + 5] = True
        out = network(padded, mask)
        torch.testing.assert_close(out.shape, plain.shape)
        for name in ("rotations", "camera", "features"):
            torch.testing.assert_close(getattr(out, name)[:, start : start + 5], getattr(plain, name))
        assert all(torch.isfinite(value).all() for value in out if value is not None)


def test_gradients_stay_finite_with_padding_and_with_an_empty_window():
    network = make(stem_width=8).train()
    features = torch.full((2, 4, 6), torch.nan, dtype=torch.float64)
    features[0, :2] = torch.randn(2, 6, dtype=torch.float64)
    mask = torch.tensor([[True, True, False, False], [False] * 4])
    out = network(features, mask)
    (out.rotations[mask].sum() + out.shape.sum() + out.camera[mask].sum() + out.forecast[mask].sum()).backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


def test_a_window_of_one_frame_works_and_sees_only_itself():
    network = make()
    features = torch.randn(1, 1, 6, dtype=torch.float64)
    out = network(features, torch.ones(1, 1, dtype=torch.bool))
    # Alone, a frame gathers itself: h = 2 f; it has no forecast.
    torch.testing.assert_close(out.six_d.flatten(2), network.regressors(2 * features)[..., :144])


def test_frame_only_copy_looks_at_no_other_frame():
    network = make(use_attention=False, use_forecasting=False, stem_width=8)
    features, mask = torch.randn(1, 4, 6, dtype=torch.float64), torch.ones(1, 4, dtype=torch.bool)
    changed = features.clone()
    changed[:, 1:] += 1
    torch.testing.assert_close(network(changed, mask).rotations[:, 0], network(features, mask).rotations[:, 0])


def test_rotations_are_rotations_and_scale_is_positive():
    network = make()
    torch.nn.init.normal_(network.regressors.camera.weight, std=5)
    out = network(10 * torch.randn(4, 5, 6, dtype=torch.float64), torch.ones(4, 5, dtype=torch.bool))
    product = out.rotations @ out.rotations.transpose(-1, -2)
    torch.testing.assert_close(product, torch.eye(3, dtype=torch.float64).expand_as(product))
    assert (out.camera[..., 0] > 0).all()


def test_gradient():
    network = make(hidden=4, stem_width=3, feature_width=2, iterations=2)
    mask = torch.tensor([[True, True, False]])
    features = torch.randn(1, 3, 2, dtype=torch.float64, requires_grad=True)

    def run(f):
        out = network(f, mask)
        return out.rotations[:, :2], out.shape, out.camera[:, :2], out.forecast[:, :2]

    assert gradcheck(run, (features,))


@pytest.mark.parametrize("scale", ["none", "sqrt_d"])
def test_network_learns_a_few_windows_by_heart(scale):
    torch.manual_seed(0)
    network = SpsNet(
        NetworkConfig(
            feature_width=6,
            stem_width=32,
            hidden=64,
            attention_scale=scale,
            regressor_activation="leaky_relu",
            regressor_dropout=0.0,
        )
    )
    features, mask = torch.randn(4, 8, 6), torch.ones(4, 8, dtype=torch.bool)
    target = axis_angle_to_matrix(0.5 * torch.randn(4, 8, 24, 3))
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(150):
        loss = (network(features, mask).rotations - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]
