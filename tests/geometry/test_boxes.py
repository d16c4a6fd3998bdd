import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spsnet.geometry import box_to_square, compute_iou, crop_to_image, image_to_crop, square_to_box

corner = st.floats(-1000, 1000)
side = st.floats(0.1, 1000)
boxes = st.lists(st.tuples(corner, corner, side, side), min_size=1, max_size=6).map(
    lambda rows: np.array([(x, y, x + w, y + h) for x, y, w, h in rows])
)


def count_overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes of whole numbers, unit square by unit square."""
    cells = [{(x, y) for x in range(int(r[0]), int(r[2])) for y in range(int(r[1]), int(r[3]))} for r in (a, b)]
    return len(cells[0] & cells[1]) / len(cells[0] | cells[1])


def test_overlap_by_hand() -> None:
    np.testing.assert_allclose(compute_iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2]])), [[1 / 3]])


def test_overlap_agrees_with_counting_squares() -> None:
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 8, (12, 2))
    whole = np.concatenate([corners, corners + rng.integers(1, 8, (12, 2))], 1).astype(float)
    expected = [[count_overlap(a, b) for b in whole[6:]] for a in whole[:6]]
    np.testing.assert_allclose(compute_iou(whole[:6], whole[6:]), expected)


@given(left=boxes, right=boxes)
def test_overlap_is_symmetric_bounded_and_one_with_itself(left: np.ndarray, right: np.ndarray) -> None:
    overlap = compute_iou(left, right)
    assert overlap.shape == (len(left), len(right))
    assert ((overlap >= 0) & (overlap <= 1 + 1e-9)).all()
    np.testing.assert_allclose(overlap, compute_iou(right, left).T)
    np.testing.assert_allclose(np.diag(compute_iou(left, left)), 1)


def test_touching_and_absent_boxes_overlap_by_nothing() -> None:
    one = np.array([[0.0, 0, 1, 1]])
    assert compute_iou(one, np.array([[1.0, 0, 2, 1]])) == 0
    assert compute_iou(one, np.zeros((0, 4))).shape == (1, 0)
    assert compute_iou(np.zeros((1, 4)), np.zeros((1, 4))) == 0


def test_square_about_a_box_by_hand() -> None:
    np.testing.assert_allclose(box_to_square(np.array([0.0, 0, 10, 20]), 1.25), [5, 10, 25])
    np.testing.assert_allclose(square_to_box(np.array([5.0, 10, 20])), [-5, 0, 15, 20])


@given(box=boxes)
def test_square_holds_its_box_and_keeps_its_centre(box: np.ndarray) -> None:
    square = box_to_square(box, 1.0)
    around = square_to_box(square)
    assert (around[:, :2] <= box[:, :2] + 1e-9).all()
    assert (around[:, 2:] >= box[:, 2:] - 1e-9).all()
    np.testing.assert_allclose(box_to_square(around, 1.0), square, atol=1e-9)


def test_crop_coordinates_by_hand() -> None:
    box = np.array([100.0, 50, 40])
    points = np.array([[100.0, 50], [120, 30], [80, 70]])
    np.testing.assert_allclose(image_to_crop(points, box), [[0, 0], [1, -1], [-1, 1]])


@given(box=boxes)
def test_crop_and_back(box: np.ndarray) -> None:
    square = box_to_square(box, 1.2)
    points = np.random.default_rng(0).uniform(-1000, 1000, (len(box), 5, 2))
    np.testing.assert_allclose(crop_to_image(image_to_crop(points, square), square), points, atol=1e-6)
