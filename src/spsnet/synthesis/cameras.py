"""Cameras drawn at random, and bodies placed before them."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from spsnet.geometry import axis_angle_to_matrix, quaternion_to_matrix
from spsnet.synthesis.motions import WorldMotion


@dataclass(frozen=True, kw_only=True)
class CameraConfig:
    """Where people stand before cameras."""

    distance_m: tuple[float, float] = (1.8, 25.0)
    """Of the body at the window's middle, log-uniform."""
    nearest_m: float = 1.0
    """The body's origin is kept at least this far away."""
    offset: tuple[float, float] = (0.5, 0.4)
    """Largest tangent off the axis, across and down."""
    pitch_mean_deg: float = 8.0
    """Looking down is positive."""
    pitch_deviation_deg: float = 10.0
    steep_share: float = 0.25
    """Windows whose pitch is uniform from -25 to 60 degrees instead."""
    roll_deviation_deg: float = 4.0
    tumbling_share: float = 0.1
    """Windows whose body is turned at random in all three axes: acrobats, people lying down."""


class CameraMotion(NamedTuple):
    """Bodies in camera axes (OpenCV), metres."""

    rotations: Float[Tensor, "batch time 24 3 3"]
    """The root's is in camera axes."""
    translation_m: Float[Tensor, "batch time 3"]


def place_before_camera(generator: torch.Generator, motion: WorldMotion, config: CameraConfig) -> CameraMotion:
    """Turn each window to a random heading and put it before a random camera."""
    batch = len(motion.root_m)

    def draw(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(batch, generator=generator)

    heading = _turn(1, draw(-math.pi, math.pi))
    tumbling = torch.rand(batch, 1, 1, generator=generator) < config.tumbling_share
    anyhow = quaternion_to_matrix(torch.randn(batch, 4, generator=generator))
    heading = torch.where(tumbling, anyhow, heading)

    usual = config.pitch_mean_deg + config.pitch_deviation_deg * torch.randn(batch, generator=generator)
    steep = torch.rand(batch, generator=generator) < config.steep_share
    pitch = torch.deg2rad(torch.where(steep, draw(-25.0, 60.0), usual))
    roll = torch.deg2rad(config.roll_deviation_deg * torch.randn(batch, generator=generator))
    # World (y up) to camera (y down): half a turn about x. Looking down by `pitch` turns the world the same way.
    upright = torch.diag(torch.tensor([1.0, -1.0, -1.0]))
    camera_world = _turn(2, roll) @ _turn(0, pitch) @ upright @ heading

    low, high = (math.log(value) for value in config.distance_m)
    distance = torch.exp(draw(low, high))
    across, down = draw(-config.offset[0], config.offset[0]), draw(-config.offset[1], config.offset[1])
    place = distance[:, None] * torch.stack([across, down, torch.ones(batch)], dim=-1)
    middle = motion.root_m[:, motion.root_m.shape[1] // 2, None]
    travelled = (camera_world[:, None] @ (motion.root_m - middle)[..., None])[..., 0]
    translation = place[:, None] + travelled
    shortage = (config.nearest_m - translation[..., 2].amin(1)).clamp(min=0)
    ray = place / place[:, 2:]
    translation = translation + (shortage[:, None] * ray)[:, None]

    root = camera_world[:, None] @ motion.rotations[:, :, 0]
    return CameraMotion(torch.cat([root[:, :, None], motion.rotations[:, :, 1:]], dim=2), translation)


def _turn(axis: int, angle_rad: Float[Tensor, " batch"]) -> Float[Tensor, "batch 3 3"]:
    return axis_angle_to_matrix(angle_rad[:, None] * torch.eye(3)[axis])
