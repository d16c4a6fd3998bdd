import numpy as np
import pytest

from spsnet.detection.letterbox import fit_image


def test_wide_picture_by_hand():
    picture = np.full((1080, 1920, 3), 200, np.uint8)
    fitted, letterbox = fit_image(picture, 640, 640)
    assert (fitted[:360] == 200).all()
    assert (fitted[360:] == 0).all()
    assert letterbox.scale == pytest.approx((1 / 3, 1 / 3))
    np.testing.assert_allclose(letterbox.to_image(np.array([[320.0, 180.0]])), [[960, 540]])


def test_centered_tall_picture_by_hand():
    fitted, letterbox = fit_image(np.full((200, 100, 3), 9, np.uint8), 224, 224, centered=True)
    assert (fitted[:, 56:168] == 9).all()
    assert fitted[:, :56].max() == fitted[:, 168:].max() == 0
    np.testing.assert_allclose(letterbox.to_image(np.array([[56.0, 0], [168, 224]])), [[0, 0], [100, 200]])


def test_boxes_are_clipped_and_empty_ones_told():
    _, letterbox = fit_image(np.zeros((100, 200, 3), np.uint8), 400, 400)
    boxes, area_mask = letterbox.boxes_to_image(np.array([[-20.0, 20, 100, 300], [0, 250, 100, 300]]))
    np.testing.assert_allclose(boxes[0], [0, 10, 50, 100])
    assert area_mask.tolist() == [True, False]


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (4320, 3), (33, 47)])
def test_any_size_fits(size):
    fitted, letterbox = fit_image(np.full((*size, 3), 5, np.uint8), 96, 64)
    assert fitted.shape == (64, 96, 3)
    assert fitted.max() == 5
    assert letterbox.image_size == size[::-1]
