"""Clips with everything in them, and with next to nothing."""

from pathlib import Path

import numpy as np

from spsnet.datasets.prepared import PreparedClip
from spsnet.records import BodyParameters, Clip, PersonObservations, Pictures, Pinhole


def make_clip(frames: int = 5, **changes: object) -> Clip:
    """A clip that knows all there is to know."""
    rng = np.random.default_rng(3)
    facts: dict[str, object] = {
        "dataset": "made",
        "name": "walk/0",
        "sequence": "walk",
        "fps": 25.0,
        "frame_index": np.arange(2, 2 + frames),
        "pictures": Pictures(path=Path("walk"), names=tuple(f"{i}.png" for i in range(frames))),
        "camera": Pinhole(focal_px=500.0, center_px=(160.0, 120.0), width=320, height=240),
        "valid_mask": np.arange(frames) != 1,
        "body": BodyParameters(
            pose_rad=rng.standard_normal((frames, 72)),
            shape=rng.standard_normal(10),
            translation_m=rng.standard_normal((frames, 3)),
        ),
        "gender": "female",
        "joints_m": np.where(rng.random((frames, 24, 1)) < 0.1, np.nan, rng.standard_normal((frames, 24, 3))),
        "joint_set": "smpl24",
        "keypoints_px": rng.random((frames, 17, 3)),
        "keypoint_set": "coco17",
        "box_xys_px": 100 * rng.random((frames, 3)),
    }
    return Clip(**(facts | changes))  # type: ignore[arg-type]


def make_bare_clip(frames: int = 3) -> Clip:
    """A clip of which only the frames are known."""
    unknown = dict.fromkeys(
        ("pictures", "camera", "body", "joints_m", "joint_set", "keypoints_px", "keypoint_set", "box_xys_px")
    )
    return make_clip(frames, name="walk/1", gender="neutral", valid_mask=np.ones(frames, bool), **unknown)


def make_sighting(frames: int = 4, first: int = 2, **changes: object) -> PersonObservations:
    """What an encoder might have said."""
    rng = np.random.default_rng(first)
    facts: dict[str, object] = {
        "track_id": 7,
        "frame_index": np.arange(first, first + frames),
        "time_s": np.arange(first, first + frames) / 25,
        "confidence": rng.random(frames),
        "filled_mask": np.arange(frames) == 2,
        "box_xys_px": rng.random((frames, 3)),
        "landmarks_px": rng.random((frames, 33, 3)),
        "world_m": rng.random((frames, 33, 3)),
        "feature": rng.random((frames, 1152)).astype(np.float32),
        "widths_px": rng.random((frames, 12)),
    }
    return PersonObservations(**(facts | changes))  # type: ignore[arg-type]


def make_prepared() -> list[PreparedClip]:
    """Two people of one film: one seen twice, one never."""
    plain = make_sighting(2, first=9, track_id=8, feature=None, widths_px=None)
    return [
        PreparedClip(clip=make_clip(), sightings=(make_sighting(), plain), size_px=(320, 240)),
        PreparedClip(clip=make_bare_clip()),
    ]
