"""Which of the people found matter most."""

from collections.abc import Sequence

import numpy as np

from spsnet.records import Track


def select_people(tracks: Sequence[Track], people: int) -> list[Track]:
    """Keep the `people` most visible tracks: greatest sum over frames of area times confidence.

    Convention:
        Someone near for one second outweighs someone half as tall for three: 1 · 1 > 3 · ¼. Order is kept.

    Raises:
        ValueError: If `people` is not positive.
    """
    if people < 1:
        raise ValueError(f"people should be at least 1, got {people}")
    order = np.argsort([-compute_visibility(track) for track in tracks], kind="stable")
    return [tracks[i] for i in sorted(order[:people].tolist())]


def compute_visibility(track: Track) -> float:
    """Sum over frames of the box's area in pixels times its confidence; filled frames add nothing."""
    sides = track.boxes_xyxy_px[:, 2:] - track.boxes_xyxy_px[:, :2]
    return float((sides.prod(axis=1) * track.confidence).sum())
