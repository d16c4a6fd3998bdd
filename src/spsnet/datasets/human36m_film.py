"""One camera's film of Human3.6M, whichever of the two layouts it was read from."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from spsnet.records import Pictures, Pinhole

CAMERAS = {"54138969": (1000, 1002), "55011271": (1000, 1000), "58860488": (1000, 1000), "60457274": (1000, 1002)}
"""Width and height of the pictures by the camera's number; its place, from 1, is the `ca` of the picture layout."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Film:
    """One person before one camera."""

    frame_index: Int[np.ndarray, " time"]
    pictures: Pictures | None
    camera: Pinhole | None
    joints_m: Float[np.ndarray, "time 17 3"]
    """Order of `h36m17`, the camera's axes."""
    keypoints_px: Float[np.ndarray, "time 17 3"] | None
    """Order of `h36m17`."""
    box_xys_px: Float[np.ndarray, "time 3"] | None
