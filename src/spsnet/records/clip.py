"""One person of a data set's film, as its files say: what every reader gives, and training and evaluation take."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.records._checks import require_shape
from spsnet.records.cameras import Pinhole
from spsnet.records.motion import BodyParameters

Gender = Literal["neutral", "male", "female"]


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Where a clip's pictures are."""

    path: Path
    """A film, or a folder."""
    names: tuple[str, ...] | None = None
    """Of the pictures in the folder, one for each of the clip's frames; None: frame numbers of the film."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    """One person of one film and what is known of it; what a data set does not say is None.

    Everything in space is in the camera's axes (OpenCV: x right, y down, z forward), metres; everything in the picture
    in its pixels.
    """

    dataset: str
    """As `spsnet prepare` calls it."""
    name: str
    """Unique in the data set's split."""
    sequence: str
    """The film: clips of one sequence share its pictures, and confidence intervals draw sequences."""
    fps: float
    frame_index: Int[np.ndarray, " time"]
    """Numbers of the film's frames, rising; may have holes."""
    pictures: Pictures | None
    camera: Pinhole | None
    valid_mask: Bool[np.ndarray, " time"]
    """Frames whose annotation the data set vouches for."""
    body: BodyParameters | None = None
    """SMPL's; in frames that are not valid anything finite."""
    gender: Gender = "neutral"
    joints_m: Float[np.ndarray, "time joints 3"] | None = None
    """NaN where a joint is not known."""
    joint_set: str | None = None
    """Names `joints_m` (`skeletons.get_joint_set`)."""
    keypoints_px: Float[np.ndarray, "time keypoints 3"] | None = None
    """x, y and confidence (0: not known)."""
    keypoint_set: str | None = None
    box_xys_px: Float[np.ndarray, "time 3"] | None = None
    """The data set's own boxes as squares: centre and side; side 0: not known."""

    def __post_init__(self) -> None:
        """Check that every array tells of the same frames."""
        frames = len(self.frame_index)
        require_shape("Clip", "valid_mask", self.valid_mask, (frames,))
        if not self.fps > 0:
            raise ValueError(f"Clip.fps should be positive, got {self.fps}")
        if np.any(np.diff(self.frame_index) <= 0):
            raise ValueError("Clip.frame_index should rise")
        if self.gender not in get_args(Gender):
            raise ValueError(f"Clip.gender should be one of {get_args(Gender)}, got {self.gender!r}")
        if self.pictures is not None and self.pictures.names is not None and len(self.pictures.names) != frames:
            raise ValueError(f"Clip.pictures should name {frames} pictures, got {len(self.pictures.names)}")
        if self.body is not None and len(self.body) != frames:
            raise ValueError(f"Clip.body should have {frames} frames, got {len(self.body)}")
        for values, names, axes in (("joints_m", "joint_set", 3), ("keypoints_px", "keypoint_set", 3)):
            array = getattr(self, values)
            if (array is None) != (getattr(self, names) is None):
                raise ValueError(f"Clip.{values} and Clip.{names} should be given together")
            if array is not None:
                require_shape("Clip", values, array, (frames, None, axes))
        if self.box_xys_px is not None:
            require_shape("Clip", "box_xys_px", self.box_xys_px, (frames, 3))

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.frame_index)
