import math

import numpy as np
import pytest
import torch

from spsnet.geometry import axis_angle_to_matrix
from spsnet.synthesis.cameras import CameraConfig, CameraMotion, place_before_camera
from spsnet.synthesis.motions import WorldMotion


def configure(**changes: float) -> CameraConfig:
    return CameraConfig(
        **{
            "pitch_mean_deg": 0.0,
            "pitch_deviation_deg": 0.0,
            "steep_share": 0.0,
            "roll_deviation_deg": 0.0,
            "tumbling_share": 0.0,
            **changes,
        }
    )


def make_motion(batch: int = 200, frames: int = 9, speed_m: float = 0.05) -> WorldMotion:
    """Upright bodies that walk along +x, bent in every joint but the root."""
    pose = 0.3 * torch.randn(batch, frames, 24, 3, generator=torch.Generator().manual_seed(9))
    pose[:, :, 0] = 0
    root = torch.zeros(batch, frames, 3)
    root[..., 0] = 1 + speed_m * torch.arange(frames)
    root[..., 1] = 0.9
    return WorldMotion(axis_angle_to_matrix(pose), root)


def place(config: CameraConfig, motion: WorldMotion | None = None, seed: int = 0) -> CameraMotion:
    return place_before_camera(torch.Generator().manual_seed(seed), motion or make_motion(), config)


def get_up(motion: CameraMotion) -> torch.Tensor:
    """The body's up, camera axes, at each window's first frame."""
    return motion.rotations[:, 0, 0, :, 1]


def test_the_same_generator_gives_the_same_cameras() -> None:
    first, again, other = (place(CameraConfig(), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.rotations, again.rotations)
    assert torch.equal(first.translation_m, again.translation_m)
    assert not torch.equal(first.translation_m, other.translation_m)


def test_a_level_camera_sees_people_upright() -> None:
    motion = place(configure())
    torch.testing.assert_close(get_up(motion), torch.tensor([0.0, -1.0, 0.0]).expand(200, 3), atol=1e-6, rtol=0)
    torch.testing.assert_close(torch.linalg.det(motion.rotations), torch.ones(200, 9, 24))


def test_headings_are_spread_over_the_circle() -> None:
    forward = place(configure()).rotations[:, 0, 0, :, 2]
    heading = torch.atan2(forward[:, 0], forward[:, 2])
    counts = torch.histc(heading, 4, -math.pi, math.pi)
    assert counts.min() > 30


def test_looking_down_is_positive_pitch() -> None:
    """From above the head is nearer than the feet; seen in the picture the body still points up."""
    up = get_up(place(configure(pitch_mean_deg=30.0)))
    expected = torch.tensor([0.0, -math.cos(math.pi / 6), -math.sin(math.pi / 6)])
    torch.testing.assert_close(up, expected.expand(200, 3), atol=1e-6, rtol=0)
    assert (get_up(place(configure(pitch_mean_deg=-20.0)))[:, 2] > 0.3).all()


def test_roll_turns_in_the_picture() -> None:
    up = get_up(place(configure(roll_deviation_deg=5.0), make_motion(2000)))
    torch.testing.assert_close(up[:, 2], torch.zeros(2000), atol=1e-6, rtol=0)
    roll = torch.rad2deg(torch.asin(up[:, 0]))
    assert abs(roll.std() - 5) < 0.4
    assert abs(roll.mean()) < 0.4


def test_steep_and_tumbling_shares() -> None:
    motion = make_motion(2000)
    steep = place(configure(steep_share=1.0), motion)
    pitch = torch.rad2deg(torch.asin(-get_up(steep)[:, 2]))
    assert -25.1 < pitch.min() < -20
    assert 55 < pitch.max() < 60.1
    up = get_up(place(configure(tumbling_share=1.0), motion))
    assert (up.mean(0).abs() < 0.06).all()
    assert ((up**2).mean(0) - 1 / 3).abs().max() < 0.03
    share = (get_up(place(configure(tumbling_share=0.25), motion))[:, 1] > -0.999).float().mean()
    assert abs(share - 0.25) < 0.04


def test_distance_and_offset_are_those_of_the_middle_frame() -> None:
    config = configure()
    motion = place(config, make_motion(2000))
    middle = motion.translation_m[:, 4]
    assert 1.79 < middle[:, 2].min() < 1.9
    assert 23 < middle[:, 2].max() < 25.01
    logs = torch.log(middle[:, 2])
    assert abs(logs.mean() - (math.log(1.8) + math.log(25)) / 2) < 0.06  # log-uniform
    tangent = middle[:, :2] / middle[:, 2:]
    limits = torch.tensor(config.offset)
    assert (tangent.abs().amax(0) <= limits + 1e-5).all()
    assert (tangent.abs().amax(0) > 0.95 * limits).all()


def test_the_body_travels_as_it_did_in_the_world() -> None:
    motion = place(CameraConfig())
    step = motion.translation_m[:, 1:] - motion.translation_m[:, :-1]
    torch.testing.assert_close(step.norm(dim=-1), torch.full((200, 8), 0.05), atol=1e-5, rtol=0)
    # The way they walk is the body's own left (+x) in this motion, wherever the camera stands.
    left = motion.rotations[:, :-1, 0, :, 0]
    torch.testing.assert_close(step / 0.05, left, atol=2e-4, rtol=0)


def test_nobody_comes_nearer_than_allowed() -> None:
    fast = make_motion(speed_m=1.0)
    motion = place(CameraConfig(distance_m=(1.5, 3.0), nearest_m=1.2), fast)
    assert motion.translation_m[..., 2].min() > 1.2 - 1e-4
    # Pushed back along the line of sight: the middle stays where it is in the picture.
    free = place(CameraConfig(distance_m=(1.5, 3.0), nearest_m=-100.0), fast)
    seen, expected = (m.translation_m[:, 4, :2] / m.translation_m[:, 4, 2:] for m in (motion, free))
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=0)
    pushed = motion.translation_m[:, 4, 2] > free.translation_m[:, 4, 2] + 1e-3
    assert 0.1 < pushed.float().mean() < 1


def test_limbs_are_left_as_they_are() -> None:
    world = make_motion()
    assert torch.equal(place(CameraConfig(), world).rotations[:, :, 1:], world.rotations[:, :, 1:])


@pytest.mark.parametrize("frames", [1, 2])
def test_short_windows(frames: int) -> None:
    motion = place(CameraConfig(), make_motion(3, frames))
    assert motion.rotations.shape == (3, frames, 24, 3, 3)
    assert np.isfinite(motion.translation_m.numpy()).all()
