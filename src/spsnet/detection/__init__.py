"""Frame to boxes: person detectors behind one protocol."""

from spsnet.detection.blazepose import BlazePoseDetector, BlazePoseDetectorConfig
from spsnet.detection.closer_look import CloserLookConfig, look_closer
from spsnet.detection.detector import DETECTORS, PersonDetector, load_detector
from spsnet.detection.nanodet import NanoDetConfig, NanoDetDetector
from spsnet.detection.ssdlite import SsdLiteDetector
from spsnet.detection.tfjs_graph import load_tfjs_graph

__all__ = [
    "DETECTORS",
    "BlazePoseDetector",
    "BlazePoseDetectorConfig",
    "CloserLookConfig",
    "NanoDetConfig",
    "NanoDetDetector",
    "PersonDetector",
    "SsdLiteDetector",
    "load_detector",
    "load_tfjs_graph",
    "look_closer",
]
