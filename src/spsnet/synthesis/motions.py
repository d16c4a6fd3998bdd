"""Endless motion out of a few hours of capture: re-timed, mirrored, recombined, bent a little, turned."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.datasets.motion_clips import FPS, MotionClip
from spsnet.geometry import axis_angle_to_matrix, matrix_to_quaternion, quaternion_to_matrix

_LEFT_RIGHT = ((1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (18, 19), (20, 21), (22, 23))
_MIRRORED = [dict([*_LEFT_RIGHT, *((b, a) for a, b in _LEFT_RIGHT)]).get(joint, joint) for joint in range(24)]
_LIMBS = ([13, 16, 18, 20, 22], [14, 17, 19, 21, 23], [1, 4, 7, 10], [2, 5, 8, 11])
_ARMS = [*_LIMBS[0], *_LIMBS[1]]
_UPPER_BODY = [3, 6, 9, 12, 15, *_ARMS]
_ALIKE = 0.9
"""Cosine of 26 degrees: how differently two pelvises may see gravity for one to carry the other's trunk."""
# How far a joint may be bent from the captured motion, in units of `offset_rad`.
_LOOSENESS = (0, 1, 1, 0.6, 1, 1, 0.5, 1, 1, 0.5, 0.5, 0.5, 1, 0.6, 0.6, 1, 1.5, 1.5, 1.2, 1.2, 1, 1, 0, 0)


@dataclass(frozen=True, kw_only=True)
class MotionConfig:
    """How captured motion is varied."""

    speed: tuple[float, float] = (0.5, 2.0)
    """A window runs this many times as fast as captured, log-uniform; it also stands for other frame rates."""
    mirror_share: float = 0.5
    recombine_share: float = 0.3
    """Windows whose arms come from another clip."""
    upper_share: float = 0.0
    """Windows whose trunk, head and arms come from another clip, if its pelvis is held much the same way: people lean
    in odd ways otherwise."""
    limb_share: float = 0.0
    """Windows each of whose arms and legs comes from a clip of its own."""
    offset_rad: float = 0.12
    """Standard deviation of slow random turns of the joints."""
    bold_share: float = 0.2
    """Windows whose random turns are three times as large."""
    idle_weight: float = 0.15
    """Weight of a second of standing idle against a second of anything else."""

    def __post_init__(self) -> None:
        """Refuse shares that are not shares."""
        for name in ("mirror_share", "recombine_share", "upper_share", "limb_share", "bold_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"MotionConfig.{name} should be from 0 to 1, got {getattr(self, name)}")


class WorldMotion(NamedTuple):
    """Windows of motion, y up, metres."""

    rotations: Float[Tensor, "batch time 24 3 3"]
    root_m: Float[Tensor, "batch time 3"]


class MotionLibrary:
    """Clips laid end to end, from which windows are drawn."""

    def __init__(self, clips: Sequence[MotionClip], config: MotionConfig | None = None) -> None:
        """Keep rotations as quaternions.

        Raises:
            ValueError: If there is no clip.
        """
        if not clips:
            raise ValueError("clips should hold at least one motion")
        stacked = np.concatenate([clip.rotations for clip in clips]).astype(np.float32)
        self._quaternions = matrix_to_quaternion(torch.from_numpy(stacked))
        self._roots = torch.from_numpy(np.concatenate([clip.root_m for clip in clips]).astype(np.float32))
        lengths = np.array([len(clip) for clip in clips])
        self._lengths = torch.from_numpy(lengths)
        self._starts = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)[:-1]]))
        self._idle = np.array(["reactidle" in clip.name for clip in clips])
        self.seconds = float(lengths.sum() / FPS)
        self._configure(config or MotionConfig())

    def vary(self, config: MotionConfig) -> "MotionLibrary":
        """The same clips, varied otherwise; nothing is converted again."""
        other = copy(self)
        other._configure(config)
        return other

    def _configure(self, config: MotionConfig) -> None:
        self._config = config
        self._weights = self._lengths * torch.from_numpy(np.where(self._idle, config.idle_weight, 1.0))

    def sample(self, generator: torch.Generator, batch: int, frames: int) -> WorldMotion:
        """Draw windows; the root still has its captured heading."""
        config = self._config
        quaternions, root = self._draw(generator, batch, frames)
        arms, _ = self._draw(generator, batch, frames)
        recombine = torch.rand(batch, 1, 1, 1, generator=generator) < config.recombine_share
        quaternions = torch.where(recombine & _is_one_of(_ARMS), arms, quaternions)
        if config.upper_share:
            trunks, _ = self._draw(generator, batch, frames)
            recombine = torch.rand(batch, generator=generator) < config.upper_share
            recombine &= _hold_alike(quaternions[:, :, 0], trunks[:, :, 0])
            quaternions = torch.where(recombine[:, None, None, None] & _is_one_of(_UPPER_BODY), trunks, quaternions)
        if config.limb_share:
            recombine = torch.rand(batch, 1, 1, 1, generator=generator) < config.limb_share
            for limb in _LIMBS:
                limbs, _ = self._draw(generator, batch, frames)
                quaternions = torch.where(recombine & _is_one_of(limb), limbs, quaternions)
        quaternions, root = _mirror(quaternions, root, torch.rand(batch, generator=generator) < config.mirror_share)
        bends = self._bend(generator, batch, frames)
        return WorldMotion(quaternion_to_matrix(quaternions) @ axis_angle_to_matrix(bends), root)

    def _draw(
        self, generator: torch.Generator, batch: int, frames: int
    ) -> tuple[Float[Tensor, "batch time 24 4"], Float[Tensor, "batch time 3"]]:
        clip = torch.multinomial(self._weights, batch, replacement=True, generator=generator)
        low, high = (float(np.log(value)) for value in self._config.speed)
        speed = torch.exp(low + (high - low) * torch.rand(batch, generator=generator))
        length = self._lengths[clip]
        # A clip shorter than the window at this speed is run slower.
        speed = torch.minimum(speed, (length - 1) / frames)
        room = length - 1 - speed * (frames - 1)
        place = torch.rand(batch, generator=generator) * room
        at = place[:, None] + speed[:, None] * torch.arange(frames)
        before = at.long().clamp(max=(length - 1)[:, None])
        after = torch.minimum(before + 1, (length - 1)[:, None])
        weight = (at - before)[..., None]
        before, after = before + self._starts[clip][:, None], after + self._starts[clip][:, None]
        first, second = self._quaternions[before], self._quaternions[after]
        second = torch.where((first * second).sum(-1, keepdim=True) < 0, -second, second)
        quaternions = torch.nn.functional.normalize(torch.lerp(first, second, weight[..., None]), dim=-1)
        return quaternions, torch.lerp(self._roots[before], self._roots[after], weight)

    def _bend(self, generator: torch.Generator, batch: int, frames: int) -> Float[Tensor, "batch time 24 3"]:
        """A constant and a slow wave for each joint."""
        scale = self._config.offset_rad * torch.tensor(_LOOSENESS)[:, None]
        bold = torch.rand(batch, 1, 1, 1, generator=generator) < self._config.bold_share
        constant = torch.randn(batch, 1, 24, 3, generator=generator)
        wave = torch.randn(batch, 1, 24, 3, generator=generator)
        phase = 2 * torch.pi * torch.rand(batch, 1, 24, 3, generator=generator)
        turns = torch.rand(batch, 1, 24, 3, generator=generator) * 1.5
        time = torch.arange(frames)[:, None, None] / frames
        moving = wave * torch.sin(2 * torch.pi * turns * time + phase)
        return scale * torch.where(bold, 3.0, 1.0) * (0.8 * constant + 0.6 * moving)


def _is_one_of(joints: list[int]) -> Bool[Tensor, "24 1"]:
    mask = torch.zeros(24, 1, dtype=torch.bool)
    mask[joints] = True
    return mask


def _hold_alike(first: Float[Tensor, "batch time 4"], second: Float[Tensor, "batch time 4"]) -> Bool[Tensor, " batch"]:
    """Whether gravity points much the same way, seen from either pelvis, in the mean over the window."""
    down = [torch.nn.functional.normalize(quaternion_to_matrix(q)[..., 1, :].mean(1), dim=-1) for q in (first, second)]
    return (down[0] * down[1]).sum(-1) > _ALIKE


def _mirror(
    quaternions: Float[Tensor, "batch time 24 4"], root: Float[Tensor, "batch time 3"], chosen: Tensor
) -> tuple[Float[Tensor, "batch time 24 4"], Float[Tensor, "batch time 3"]]:
    """Swap left and right: a reflection in the plane x = 0 keeps w and x of a quaternion and turns y and z."""
    flipped = quaternions[:, :, _MIRRORED] * torch.tensor([1.0, 1.0, -1.0, -1.0])
    flipped_root = root * torch.tensor([-1.0, 1.0, 1.0])
    return (
        torch.where(chosen[:, None, None, None], flipped, quaternions),
        torch.where(chosen[:, None, None], flipped_root, root),
    )
