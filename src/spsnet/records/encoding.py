"""What a frozen encoder says of square crops, in the crops' own pixels."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from spsnet.records._checks import require_finite, require_shape


@dataclass(frozen=True, kw_only=True)
class EncoderOutput:
    """The encoder's answer for a batch of crops, not yet turned back to the image.

    Convention:
        Crop pixels: (0, 0) is the outer corner of the crop's first pixel, (256, 256) that of its last.
    """

    landmarks_px: Float[np.ndarray, "people landmarks 3"]
    """x, y in crop pixels and confidence 0 to 1; BlazePose-33 order."""
    circle_px: Float[np.ndarray, "people 2 2"]
    """Middle of the hips, and a point straight above the head as far from it as the person reaches: crop pixels."""
    world_m: Float[np.ndarray, "people landmarks 3"]
    """3D landmarks, metres about the hips' middle, OpenCV axes of the turned crop."""
    presence: Float[np.ndarray, " people"]
    """Person flag, 0 to 1."""
    feature: Float[np.ndarray, "people width"] | None = None
    """Last tensor that the heads share, flattened; None unless asked for."""
    mask: Float[np.ndarray, "people rows columns"] | None = None
    """Probability that a crop pixel shows the person; None unless asked for."""

    def __post_init__(self) -> None:
        """Check that every array tells of the same people."""
        people, landmarks = self.landmarks_px.shape[:2]
        require_shape("EncoderOutput", "landmarks_px", self.landmarks_px, (people, landmarks, 3))
        require_shape("EncoderOutput", "circle_px", self.circle_px, (people, 2, 2))
        require_shape("EncoderOutput", "world_m", self.world_m, (people, landmarks, 3))
        require_shape("EncoderOutput", "presence", self.presence, (people,))
        require_finite("EncoderOutput", "landmarks_px", self.landmarks_px)
        if self.feature is not None:
            require_shape("EncoderOutput", "feature", self.feature, (people, None))
        if self.mask is not None:
            require_shape("EncoderOutput", "mask", self.mask, (people, None, None))

    def __len__(self) -> int:
        """Number of people."""
        return len(self.presence)
