"""One person followed through a film."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.records._checks import require_finite, require_shape


@dataclass(frozen=True, kw_only=True)
class Track:
    """Boxes of one person over consecutive frames; frames without a detection are filled and flagged."""

    track_id: int
    """From 1, unique within one film."""
    frame_index: Int[np.ndarray, " time"]
    """Frame numbers in the file, rising by one."""
    time_s: Float[np.ndarray, " time"]
    boxes_xyxy_px: Float[np.ndarray, "time 4"]
    confidence: Float[np.ndarray, " time"]
    """The detector's, 0 where filled."""
    filled_mask: Bool[np.ndarray, " time"]
    """True where the frame had no detection and the box was interpolated."""

    def __post_init__(self) -> None:
        """Check shapes and that frame numbers rise by one."""
        frames = len(self.frame_index)
        if frames == 0:
            raise ValueError("Track should have at least one frame")
        require_shape("Track", "time_s", self.time_s, (frames,))
        require_shape("Track", "boxes_xyxy_px", self.boxes_xyxy_px, (frames, 4))
        require_shape("Track", "confidence", self.confidence, (frames,))
        require_shape("Track", "filled_mask", self.filled_mask, (frames,))
        require_finite("Track", "boxes_xyxy_px", self.boxes_xyxy_px)
        if np.any(np.diff(self.frame_index) != 1):
            raise ValueError("Track.frame_index should rise by one from frame to frame")

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.frame_index)
