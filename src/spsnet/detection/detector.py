"""What every person detector offers, and how one is had by name."""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from spsnet.assets import DEFAULT_DETECTOR, detector_names, fetch
from spsnet.detection.blazepose import BlazePoseDetector
from spsnet.detection.nanodet import NanoDetDetector
from spsnet.detection.ssdlite import SsdLiteDetector
from spsnet.records import Detections, UserError


@runtime_checkable
class PersonDetector(Protocol):
    """Finds the people of one picture."""

    def detect(self, image_rgb: UInt8[np.ndarray, "height width 3"]) -> Detections:
        """Boxes of people, clipped to the picture, and how sure each one is. Low scores are kept for the tracker."""
        ...


DETECTORS: tuple[str, ...] = detector_names()
"""Names for `load_detector`. The default is the one of best measured recall (docs/detection.md)."""


def load_detector(name: str = DEFAULT_DETECTOR, *, threads: int = 1) -> PersonDetector:
    """Fetch a detector's files if need be and make it ready.

    Args:
        name: One of `DETECTORS`.
        threads: Of one run; 0 leaves the number to the engine.

    Raises:
        UserError: If there is no such detector, or its files can not be had.
    """
    if name == "nanodet":
        topology, weights = fetch("detector-nanodet"), fetch("detector-nanodet-weights")
        return NanoDetDetector(topology, weights, threads=threads)
    if name == "ssdlite":
        return SsdLiteDetector(fetch("detector-ssdlite"), threads=threads)
    if name == "blazepose":
        return BlazePoseDetector(fetch("detector-blazepose"), threads=threads)
    raise UserError(f"there is no detector {name!r}; choose one of {', '.join(DETECTORS)}")
