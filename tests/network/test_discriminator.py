import numpy as np
import torch
from torch.autograd import gradcheck

from reference import network_loops
from spsnet.network.discriminator import Discriminator, average_frames


def make(**options):
    torch.manual_seed(0)
    return Discriminator(**options).double()


def test_discriminator_is_the_loop():
    discriminator = make()
    pose, shape = torch.randn(2, 4, 72, dtype=torch.float64), torch.randn(2, 10, dtype=torch.float64)
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    weights = {name: value.numpy() for name, value in discriminator.state_dict().items()}
    with torch.no_grad():
        out = discriminator(pose, shape, mask)
    for b in range(2):
        expected = network_loops.discriminate(weights, pose[b].numpy(), shape[b].numpy(), mask[b].numpy())
        np.testing.assert_allclose(out[b], expected, atol=1e-12)


def test_padding_does_not_sway_the_verdict():
    discriminator = make(pose_width=6, shape_width=0)
    pose, shape = torch.randn(1, 5, 6).double(), torch.zeros(1, 0).double()
    padded = torch.cat([pose, torch.full((1, 3, 6), torch.nan).double()], 1)
    mask = torch.arange(8)[None] < 5
    torch.testing.assert_close(discriminator(padded, shape, mask), discriminator(pose, shape, mask[:, :5]))


def test_average_counts_only_frames_that_exist():
    values = torch.tensor([[[1.0], [3.0], [100.0]], [[1.0], [2.0], [3.0]]])
    mask = torch.tensor([[True, True, False], [False, False, False]])
    torch.testing.assert_close(average_frames(values, mask), torch.tensor([[2.0], [0.0]]))


def test_gradient():
    discriminator, mask = make(pose_width=4, shape_width=2), torch.tensor([[True, True, False]])
    inputs = torch.randn(1, 3, 4).double().requires_grad_(), torch.randn(1, 2).double().requires_grad_()
    assert gradcheck(lambda p, s: discriminator(p, s, mask), inputs)
