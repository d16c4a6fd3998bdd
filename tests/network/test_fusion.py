import numpy as np
import torch
from torch.autograd import gradcheck

from reference import network_loops
from spsnet.network.fusion import Fusion


def make(width=4):
    torch.manual_seed(0)
    return Fusion(width).double()


def test_fusion_is_the_loop():
    fusion = make()
    gathered, forecast = torch.randn(2, 3, 6, 4, dtype=torch.float64)
    mask = torch.tensor([[True] * 6, [False, True, True, False, True, True], [True] + [False] * 5])
    weights = {name: value.numpy() for name, value in fusion.state_dict().items()}
    with torch.no_grad():
        out = fusion(gathered, forecast, mask).numpy()
    for b in range(3):
        expected = network_loops.fuse(weights, gathered[b].numpy(), forecast[b].numpy(), mask[b].numpy())
        np.testing.assert_allclose(out[b], expected, atol=1e-12)


def test_frames_without_forecast_keep_what_they_gathered():
    fusion = make()
    gathered, forecast = torch.randn(2, 1, 5, 4, dtype=torch.float64)
    out = fusion(gathered, forecast, torch.tensor([[False, True, True, False, True]]))
    for frame, kept in enumerate([True, True, False, False, True]):
        assert torch.equal(out[0, frame], gathered[0, frame]) == kept


def test_equal_scores_give_the_middle():
    fusion = make()
    torch.nn.init.zeros_(fusion.score.weight)
    gathered, forecast = torch.full((1, 2, 4), 3.0).double(), torch.full((1, 2, 4), 1.0).double()
    out = fusion(gathered, forecast, torch.ones(1, 2, dtype=torch.bool))
    torch.testing.assert_close(out[0, 1], torch.full((4,), 2.0).double())


def test_weights_are_those_of_the_sum():
    fusion = make()
    gathered, forecast = torch.randn(2, 1, 5, 4, dtype=torch.float64)
    mask = torch.tensor([[True, True, True, False, True]])
    weights = fusion.compute_weights(gathered, forecast, mask)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 5).double())
    assert weights[0, [0, 4]].tolist() == [[1, 0], [1, 0]]  # no frame before, a masked one before
    assert ((weights[0, 1:4] > 0) & (weights[0, 1:4] < 1)).all()
    joined = weights[:, 1:, :1] * gathered[:, 1:] + weights[:, 1:, 1:] * forecast[:, :-1]
    torch.testing.assert_close(fusion(gathered, forecast, mask)[:, 1:], joined)


def test_gradient():
    fusion, mask = make(), torch.tensor([[True, True, False, True]])
    inputs = tuple(torch.randn(1, 4, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert gradcheck(lambda g, f: fusion(g, f, mask), inputs)
