import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spsnet.detection.suppression import suppress_overlaps
from spsnet.geometry import compute_iou

box = st.builds(lambda x, y, w, h: [x, y, x + w, y + h], *[st.floats(1, 20)] * 4)


def test_the_surer_of_two_equal_boxes_stays():
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 10, 10], [50, 50, 60, 60]])
    assert suppress_overlaps(boxes, np.array([0.5, 0.9, 0.7]), 0.6).tolist() == [1, 2]


def test_overlap_at_the_limit_stays():
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 10, 5]])  # IoU exactly 0.5
    assert suppress_overlaps(boxes, np.array([0.9, 0.8]), 0.5).tolist() == [0, 1]


def test_what_was_dropped_drops_nothing():
    # The second is dropped by the first; the third overlaps the second only.
    boxes = np.array([[0.0, 0, 10, 10], [0, 3, 10, 13], [0, 6, 10, 16]])
    assert suppress_overlaps(boxes, np.array([0.9, 0.8, 0.7]), 0.3).tolist() == [0, 2]


def test_nothing_from_nothing():
    assert len(suppress_overlaps(np.zeros((0, 4)), np.zeros(0), 0.5)) == 0


@given(st.lists(st.tuples(box, st.floats(0, 1)), max_size=12))
def test_kept_do_not_overlap_and_explain_the_dropped(found):
    boxes = np.array([b for b, _ in found]).reshape(-1, 4)
    confidence = np.array([c for _, c in found])
    kept = suppress_overlaps(boxes, confidence, 0.4)
    overlap = compute_iou(boxes, boxes) > 0.4
    assert not (overlap[np.ix_(kept, kept)] & ~np.eye(len(kept), dtype=bool)).any()
    for i in set(range(len(boxes))) - set(kept.tolist()):
        assert any(overlap[i, k] and confidence[k] >= confidence[i] for k in kept)
