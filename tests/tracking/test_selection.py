import numpy as np
import pytest

from spsnet.records import Track
from spsnet.tracking import select_people


def make_track(track_id, frames, height, confidence=1.0):
    return Track(
        track_id=track_id,
        frame_index=np.arange(frames),
        time_s=np.arange(frames) / 10,
        boxes_xyxy_px=np.tile([0.0, 0, height / 2, height], (frames, 1)),
        confidence=np.full(frames, confidence),
        filled_mask=np.zeros(frames, bool),
    )


def test_near_outweighs_long():
    tracks = [make_track(1, 3, 50.0), make_track(2, 1, 100.0), make_track(3, 5, 100.0)]
    assert [t.track_id for t in select_people(tracks, 2)] == [2, 3]


def test_confidence_counts():
    tracks = [make_track(1, 4, 100.0, 0.2), make_track(2, 1, 100.0)]
    assert [t.track_id for t in select_people(tracks, 1)] == [2]


def test_fewer_tracks_than_asked_for():
    assert select_people([], 3) == []
    tracks = [make_track(1, 3, 50.0)]
    assert select_people(tracks, 5) == tracks


def test_nobody_is_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        select_people([], 0)
