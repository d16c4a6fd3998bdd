import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reference.tracking_loops import assign_slowly, compute_iou_slowly
from spsnet.tracking.assignment import assign_boxes, compute_overlap

side = st.integers(0, 12)
box = st.builds(lambda x, y, w, h: [x, y, x + w + 1, y + h + 1], side, side, side, side)
boxes = st.lists(box, max_size=4).map(lambda found: np.array(found, float).reshape(-1, 4))


def test_nearest_boxes_by_hand():
    tracks = np.array([[0.0, 0, 10, 10], [20, 0, 30, 10]])
    detections = np.array([[21.0, 0, 31, 10], [100, 0, 110, 10], [1, 0, 11, 10]])
    rows, columns = assign_boxes(tracks, detections, 0.3)
    assert list(zip(rows, columns, strict=True)) == [(0, 2), (1, 0)]


def test_sum_counts_not_the_single_best():
    tracks = np.array([[0.0, 0, 10, 10], [4, 0, 14, 10]])
    detections = np.array([[3.0, 0, 13, 10], [9, 0, 19, 10]])
    # The second track is nearest to the first detection, but the first track fits nothing else.
    rows, columns = assign_boxes(tracks, detections, 0.2)
    assert list(zip(rows, columns, strict=True)) == [(0, 0), (1, 1)]


def test_minimum_iou_is_kept():
    rows, _ = assign_boxes(np.array([[0.0, 0, 10, 10]]), np.array([[6.0, 0, 16, 10]]), 0.3)  # IoU 4 / 16
    assert len(rows) == 0


@given(boxes, boxes, st.sampled_from([0.1, 0.3, 0.5]))
def test_as_good_as_every_order(tracks, detections, minimum_iou):
    rows, columns = assign_boxes(tracks, detections, minimum_iou)
    assert len(set(rows)) == len(rows)
    assert len(set(columns)) == len(columns)
    scores = [compute_iou_slowly(tracks[i], detections[j]) for i, j in zip(rows, columns, strict=True)]
    assert all(score >= minimum_iou for score in scores)
    np.testing.assert_allclose(sum(scores), assign_slowly(tracks.tolist(), detections.tolist(), minimum_iou))


def test_overlap_by_hand():
    np.testing.assert_allclose(
        compute_overlap(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 9, 9], [0, 0, 2, 2], [5, 5, 6, 6]])),
        [[0.5, 1, 0]],
    )
