"""What the discriminator sees: the network's motions, and real ones to tell them from."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from spsnet.geometry import axis_angle_to_matrix, matrix_to_axis_angle
from spsnet.synthesis.cameras import CameraConfig, place_before_camera
from spsnet.synthesis.motions import MotionLibrary

RootMode = Literal["camera", "heading", "none"]
"""How D sees the root's rotation.

"camera": the network's in camera axes, motion capture's as captured, y up: as written. D can win by that alone.
"heading": in upright axes, turned about the vertical so that the window's first frame faces the camera; gravity and
all turning are kept. "none": not at all, 69 numbers, as VIBE does.
"""


class Motion(NamedTuple):
    """J_i = [β, θ_i] in its two parts, as `Discriminator` takes them."""

    pose: Float[Tensor, "batch time pose"]
    """Axis-angle; 72 numbers a frame, 69 without the root."""
    shape: Float[Tensor, "batch 10"]


def describe_motion(
    rotations: Float[Tensor, "batch time 24 3 3"], shape: Float[Tensor, "batch 10"], root: RootMode
) -> Motion:
    r"""Rotations in camera axes as the discriminator's numbers.

    "heading":  R'_i = Y(−ψ) U R_i,   U = diag(1, −1, −1),   ψ the heading of frame 1

    Convention:
        A person who stands upright and faces the camera has a root of (0, 0, 0) with "heading", and of half a turn
        about x with "camera".

    Source:
        SPS-Net, section 3.2, for "camera"; the others: method, section 6.
    """
    if root == "none":
        return Motion(matrix_to_axis_angle(rotations[:, :, 1:]).flatten(2), shape)
    if root == "heading":
        upright = rotations.new_tensor([1.0, -1.0, -1.0])[:, None] * rotations[:, :, 0]
        turned = _turn_back(upright[:, 0])[:, None] @ upright
        rotations = torch.cat([turned[:, :, None], rotations[:, :, 1:]], dim=2)
    return Motion(matrix_to_axis_angle(rotations).flatten(2), shape)


class RealMotions:
    """Windows of motion capture on bodies drawn from adults; before cameras drawn as in training, but for "camera"."""

    def __init__(self, library: MotionLibrary, root: RootMode, cameras: CameraConfig | None = None) -> None:
        """Keep the parts; `library` should give motion as captured, without random bends."""
        self._library = library
        self._root = root
        self._cameras = cameras or CameraConfig()

    def sample(self, generator: torch.Generator, batch: int, frames: int) -> Motion:
        """Draw windows."""
        captured = self._library.sample(generator, batch, frames)
        rotations = captured.rotations
        if self._root != "camera":
            rotations = place_before_camera(generator, captured, self._cameras).rotations
        return describe_motion(rotations, torch.randn(batch, 10, generator=generator), self._root)


def _turn_back(upright: Float[Tensor, "batch 3 3"]) -> Float[Tensor, "batch 3 3"]:
    """The turn about y that makes a root's forward axis (its z) look along z again, as far as it is level."""
    heading = torch.atan2(upright[:, 0, 2], upright[:, 2, 2])
    axis = torch.tensor([0.0, 1.0, 0.0], dtype=upright.dtype, device=upright.device)
    return axis_angle_to_matrix(-heading[:, None] * axis)
