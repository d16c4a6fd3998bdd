import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from reference import losses_loops
from spsnet.geometry import axis_angle_to_matrix
from spsnet.losses import compute_camera_loss

FIRST = torch.tensor([[True, True, True, True], [True, True, False, True]])
SECOND = torch.tensor([[True, False, True, True], [True, True, True, False]])


def make_windows(video_frames, seed=0):
    """Cameras and roots of a video of two people."""
    generator = torch.Generator().manual_seed(seed)
    camera = torch.randn(2, video_frames, 3, dtype=torch.float64, generator=generator)
    turn = torch.randn(2, video_frames, 3, dtype=torch.float64, generator=generator)
    return camera, axis_angle_to_matrix(turn)


def test_camera_loss_is_the_loop():
    (first, first_root), (second, second_root) = make_windows(4), make_windows(4, seed=1)
    arrays = [a.numpy() for a in (first, first_root, second, second_root, FIRST, SECOND)]
    expected = losses_loops.mean_camera(*arrays)
    np.testing.assert_allclose(
        compute_camera_loss(first, first_root, second, second_root, FIRST, SECOND).reduce(), expected
    )
    inputs = tuple(a.requires_grad_() for a in (first, first_root, second, second_root))
    assert gradcheck(lambda *a: compute_camera_loss(*a, FIRST, SECOND).reduce(), inputs)


def test_a_step_of_scale_and_a_quarter_turn_as_said():
    first, second = torch.tensor([[[9.0, 9, 9], [0.9, 0.1, 0.2]]]), torch.tensor([[[1.0, 0.1, 0.2], [7.0, 7, 7]]])
    roots = torch.eye(3).expand(1, 2, 3, 3)
    turned = axis_angle_to_matrix(torch.tensor([[[0.0, 0, torch.pi / 2]] * 2]))
    there = torch.ones(1, 2).bool()
    term = compute_camera_loss(first, roots, second, turned, there, there)
    assert term.elements.shape == (1, 1, 12)
    assert term.elements.sum().item() == pytest.approx(4.01, abs=1e-5)


def test_windows_cut_from_one_video_agree_and_drift_between_them_costs():
    camera, root = make_windows(6)
    there = torch.ones(2, 5).bool()

    def cost(drift):
        return compute_camera_loss(camera[:, :5], root[:, :5], camera[:, 1:] + drift, root[:, 1:], there, there)

    assert cost(0.0).reduce() == 0
    assert 0 < cost(0.01).reduce() < cost(0.1).reduce()
    # The same places of the two windows are different frames.
    assert compute_camera_loss(camera[:, :5], root[:, :5], camera[:, :5], root[:, :5], there, there).reduce() > 0.1


def test_windows_of_a_single_frame_share_nothing():
    camera = torch.ones(2, 1, 3, requires_grad=True)
    root, there = torch.eye(3).expand(2, 1, 3, 3), torch.ones(2, 1).bool()
    loss = compute_camera_loss(camera, root, camera + 1, root, there, there).reduce()
    loss.backward()
    assert loss == 0
    assert (camera.grad == 0).all()
