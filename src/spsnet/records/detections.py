"""What a person detector says of one frame."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from spsnet.records._checks import require_finite, require_shape


@dataclass(frozen=True, kw_only=True)
class Detections:
    """People found in one frame, in no particular order."""

    boxes_xyxy_px: Float[np.ndarray, "people 4"]
    """Left, top, right, bottom in image pixels; may reach over the border."""
    confidence: Float[np.ndarray, " people"]
    """0 to 1."""

    def __post_init__(self) -> None:
        """Check shapes, finiteness and that each box has an area."""
        people = len(self.confidence)
        require_shape("Detections", "boxes_xyxy_px", self.boxes_xyxy_px, (people, 4))
        require_shape("Detections", "confidence", self.confidence, (people,))
        require_finite("Detections", "boxes_xyxy_px", self.boxes_xyxy_px)
        if np.any(self.boxes_xyxy_px[:, 2:] <= self.boxes_xyxy_px[:, :2]):
            raise ValueError("Detections.boxes_xyxy_px should have right > left and bottom > top")

    def __len__(self) -> int:
        """Number of people."""
        return len(self.confidence)
