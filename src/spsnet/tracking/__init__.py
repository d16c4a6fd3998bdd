"""Boxes to tracks: who is who from frame to frame."""

from spsnet.tracking.kalman import BoxFilterConfig
from spsnet.tracking.scene_cuts import SceneCuts, SceneCutsConfig
from spsnet.tracking.selection import select_people
from spsnet.tracking.tracker import Tracker, TrackerConfig

__all__ = ["BoxFilterConfig", "SceneCuts", "SceneCutsConfig", "Tracker", "TrackerConfig", "select_people"]
