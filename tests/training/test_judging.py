"""What the discriminator sees of a motion."""

import math

import numpy as np
import pytest
import torch

from spsnet.datasets.motion_clips import MotionClip
from spsnet.geometry import axis_angle_to_matrix
from spsnet.synthesis.motions import MotionConfig, MotionLibrary
from spsnet.training.judging import RealMotions, describe_motion

UPRIGHT = torch.diag(torch.tensor([1.0, -1.0, -1.0]))


def turn(degrees: float, axis: int = 1) -> torch.Tensor:
    return axis_angle_to_matrix(math.radians(degrees) * torch.eye(3)[axis])


def make_motion(*roots: torch.Tensor) -> torch.Tensor:
    rotations = torch.eye(3).expand(1, len(roots), 24, 3, 3).clone()
    rotations[0, :, 0] = torch.stack(roots)
    return rotations


def test_roots_by_hand() -> None:
    rotations = make_motion(UPRIGHT @ turn(50), UPRIGHT @ turn(80))
    shape = torch.zeros(1, 10)
    heading = describe_motion(rotations, shape, "heading").pose[0, :, :3]
    expected = torch.tensor([[0, 0, 0], [0, math.radians(30), 0]])
    torch.testing.assert_close(heading, expected, atol=1e-6, rtol=0)
    facing = describe_motion(make_motion(UPRIGHT), shape, "camera").pose[0, 0, :3]
    torch.testing.assert_close(facing.abs(), torch.tensor([math.pi, 0, 0]), atol=1e-5, rtol=0)
    assert describe_motion(rotations, shape, "none").pose.shape == (1, 2, 69)


def test_where_the_camera_stands_about_a_person_does_not_show() -> None:
    generator = torch.Generator().manual_seed(1)
    bends = axis_angle_to_matrix(0.3 * torch.randn(1, 6, 24, 3, generator=generator))
    bends[:, :, 0] = UPRIGHT @ bends[:, :, 0]
    moved = bends.clone()
    moved[:, :, 0] = turn(-130) @ bends[:, :, 0]
    first, second = (describe_motion(motion, torch.zeros(1, 10), "heading").pose for motion in (bends, moved))
    torch.testing.assert_close(first, second, atol=1e-5, rtol=0)


def test_gravity_shows() -> None:
    lying = describe_motion(make_motion(UPRIGHT @ turn(90, axis=0)), torch.zeros(1, 10), "heading").pose[0, 0, :3]
    torch.testing.assert_close(lying, torch.tensor([math.pi / 2, 0, 0]), atol=1e-5, rtol=0)


def test_gradients_reach_every_joint_in_double_precision() -> None:
    random = torch.Generator().manual_seed(0)
    vectors = 0.5 * torch.randn(1, 2, 24, 3, generator=random, dtype=torch.float64)
    vectors.requires_grad_(True)
    shape = torch.zeros(1, 10, dtype=torch.float64)

    def describe(values: torch.Tensor) -> torch.Tensor:
        return describe_motion(axis_angle_to_matrix(values), shape, "heading").pose

    assert torch.autograd.gradcheck(describe, (vectors,))


@pytest.mark.parametrize("root", ["camera", "heading", "none"])
def test_real_motions_come_as_the_fakes_do(root: str) -> None:
    still = np.tile(np.eye(3, dtype=np.float32), (40, 24, 1, 1))
    clip = MotionClip(name="still", rotations=still, root_m=np.zeros((40, 3), np.float32))
    library = MotionLibrary([clip], MotionConfig(offset_rad=0.0, recombine_share=0.0))
    real = RealMotions(library, root)
    motion = real.sample(torch.Generator().manual_seed(3), 5, 4)
    assert motion.pose.shape == (5, 4, 69 if root == "none" else 72)
    assert motion.shape.shape == (5, 10)
    again = real.sample(torch.Generator().manual_seed(3), 5, 4)
    torch.testing.assert_close(motion.pose, again.pose)
    body = motion.pose[..., -69:]
    torch.testing.assert_close(body, torch.zeros_like(body), atol=1e-3, rtol=0)
    if root == "camera":
        torch.testing.assert_close(motion.pose, torch.zeros_like(motion.pose), atol=1e-3, rtol=0)
