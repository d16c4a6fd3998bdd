"""Captured motion at one frame rate: what every reader of motion gives."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from spsnet.geometry import interpolate_rotations

FPS = 30.0
"""Every clip is resampled to this rate, by time."""
_LARGEST_STEP_RAD = 1.2
"""No joint turns by more within a thirtieth of a second: where one does, the capture failed."""


@dataclass(frozen=True, kw_only=True)
class MotionClip:
    """One motion at 30 frames per second on SMPL's 24 joints, y up."""

    name: str
    """`archive/path` without the suffix; pieces that were cut from one file share it."""
    rotations: Float[np.ndarray, "time 24 3 3"]
    """In the parent's frame; the root's in the world."""
    root_m: Float[np.ndarray, "time 3"]

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.rotations)


def resample_clip(
    name: str, rotations: Float[np.ndarray, "frames 24 3 3"], root_m: Float[np.ndarray, "frames 3"], *, fps: float
) -> MotionClip:
    """Take a motion at any rate to 30 frames per second: along the shortest arc, and straight for the root.

    Convention:
        The first frame stays; the last one is the last thirtieth that lies within the motion. 121 frames at 120 per
        second become 31, every fourth one as it was; 61 at 60 become 31 too.

    Args:
        name: Of the clip.
        rotations: In the parent's frame; the root's in the world, y up.
        root_m: The root's place.
        fps: Frames per second of both.
    """
    if fps != FPS:
        time_s = np.arange(0, (len(rotations) - 1) / fps + 1e-9, 1 / FPS)
        place = time_s * fps
        before = np.minimum(place.astype(int), len(rotations) - 1)
        after = np.minimum(before + 1, len(rotations) - 1)
        weight = place - before
        rotations = interpolate_rotations(rotations[before], rotations[after], np.repeat(weight[:, None], 24, axis=1))
        root_m = root_m[before] + (root_m[after] - root_m[before]) * weight[:, None]
    return MotionClip(name=name, rotations=rotations.astype(np.float32), root_m=root_m.astype(np.float32))


def cut_clip(clip: MotionClip, usable: Bool[np.ndarray, " time"] | None = None) -> list[MotionClip]:
    """Cut a capture where it failed; pieces under a second are left out.

    Convention:
        100 frames whose knee turns by 1.5 rad from frame 59 to 60 become 60 and 40.

    Args:
        clip: The capture.
        usable: Frames that may stay; by default all.

    Returns:
        Pieces of at least 30 usable frames in which no joint turns by 1.2 rad or more from one to the next; all keep
        the capture's name.
    """
    # Two rotations an angle θ apart are √8 sin(θ / 2) apart as matrices.
    squared = np.square(clip.rotations[1:] - clip.rotations[:-1]).sum((-1, -2)).max(1, initial=0)
    whole = squared < 8 * np.sin(_LARGEST_STEP_RAD / 2) ** 2
    if usable is not None:
        whole &= usable[1:] & usable[:-1]
    bounds = [0, *(np.flatnonzero(~whole) + 1), len(clip)]
    return [
        MotionClip(name=clip.name, rotations=clip.rotations[start:stop], root_m=clip.root_m[start:stop])
        for start, stop in pairwise(bounds)
        if stop - start >= FPS
    ]
