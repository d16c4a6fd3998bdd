"""Cameras: of the full image and of a person's crop."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from spsnet.records._checks import require_shape


@dataclass(frozen=True, kw_only=True)
class Pinhole:
    """Ideal pinhole camera of the full image. OpenCV axes: x right, y down, z forward."""

    focal_px: float
    center_px: tuple[float, float]
    """Principal point."""
    width: int
    height: int

    def __post_init__(self) -> None:
        """Check that the focal length is positive."""
        if not self.focal_px > 0:
            raise ValueError(f"Pinhole.focal_px should be positive, got {self.focal_px}")

    @classmethod
    def from_size(cls, width: int, height: int, focal_px: float | None = None) -> "Pinhole":
        """Camera of an image whose lens is unknown: focal length max(width, height), centre in the middle.

        Convention:
            1920 × 1080 gives 1920 px, a horizontal view of 53 degrees.
        """
        focal = float(max(width, height)) if focal_px is None else float(focal_px)
        return cls(focal_px=focal, center_px=(width / 2, height / 2), width=width, height=height)


@dataclass(frozen=True, kw_only=True)
class CropCamera:
    """Weak-perspective cameras of square crops: x = s (R X) + t in the crop's coordinates [-1, 1]."""

    scale_and_translation: Float[np.ndarray, "time 3"]
    """s, tx, ty."""
    box_xys_px: Float[np.ndarray, "time 3"]
    """Centre and side of the crop in image pixels."""

    def __post_init__(self) -> None:
        """Check shapes and positive sides."""
        frames = len(self.box_xys_px)
        require_shape("CropCamera", "scale_and_translation", self.scale_and_translation, (frames, 3))
        require_shape("CropCamera", "box_xys_px", self.box_xys_px, (frames, 3))
        if np.any(self.box_xys_px[:, 2] <= 0):
            raise ValueError("CropCamera.box_xys_px should have positive sides")
