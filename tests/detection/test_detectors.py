from functools import cache
from itertools import islice

import numpy as np
import pytest

from spsnet.assets import DEFAULT_DETECTOR, fetch
from spsnet.detection import DETECTORS, BlazePoseDetectorConfig, NanoDetConfig, load_detector
from spsnet.detection.blazepose import make_anchors
from spsnet.detection.nanodet import _decode_boxes
from spsnet.geometry import compute_iou
from spsnet.records import UserError
from spsnet.video import open_film


@cache
def read_frame(footage, index):
    return next(islice(open_film(fetch(footage)).frames(), index, None)).image_rgb


@cache
def get_detector(name):
    return load_detector(name)


# What each detector is known to be good at; boxes read off the pictures by eye.
GYMNAST = ("footage-pose2sim-single-cam01", 20, [[282, 390, 690, 1177]])
STREET = ("footage-vtest", 50, [[373, 180, 398, 258], [506, 217, 539, 310], [553, 214, 588, 302]])
WALKER = ("footage-sports2d", 60, [[1284, 546, 1498, 945]])


@pytest.mark.parametrize(
    ("name", "scene"),
    [
        ("nanodet", GYMNAST),
        ("nanodet", STREET),
        ("nanodet", WALKER),
        ("ssdlite", STREET),
        ("blazepose", GYMNAST),
    ],
)
def test_people_of_real_frames_are_found(name, scene):
    footage, index, people = scene
    image = read_frame(footage, index)
    found = get_detector(name).detect(image)
    assert (compute_iou(found.boxes_xyxy_px, np.array(people, float)).max(axis=0) > 0.5).all()
    assert found.boxes_xyxy_px.min() >= 0
    assert (found.boxes_xyxy_px.max(axis=0)[2:] <= [image.shape[1], image.shape[0]]).all()


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (201, 199)])
def test_nobody_in_an_empty_picture(name, size):
    assert len(get_detector(name).detect(np.full((*size, 3), 128, np.uint8))) == 0


@pytest.mark.parametrize("name", DETECTORS)
def test_twice_the_same(name):
    image = read_frame(STREET[0], STREET[1])
    first, second = (get_detector(name).detect(image) for _ in range(2))
    np.testing.assert_array_equal(first.boxes_xyxy_px, second.boxes_xyxy_px)


def test_default_is_one_of_them():
    assert DEFAULT_DETECTOR in DETECTORS


def test_unknown_detector_is_named():
    with pytest.raises(UserError, match=r"there is no detector 'yolo'; choose one of .*nanodet"):
        load_detector("yolo")


def test_nanodet_box_by_hand():
    # Cell 5 of rows of 4 at stride 8 is column 1, row 1: centre (12, 12). All weight on bins 1, 1, 0, 2.
    distances = np.full((1, 4, 11), -100.0)
    for side, cell in enumerate((1, 1, 0, 2)):
        distances[0, side, cell] = 100.0
    np.testing.assert_allclose(_decode_boxes(distances.reshape(1, 44), np.array([5]), 4, 8), [[4, 4, 12, 28]])


def test_blazepose_anchors_by_hand():
    anchors = make_anchors()
    np.testing.assert_allclose(anchors[[0, 1, 2]], np.array([[0.5, 0.5], [0.5, 0.5], [1.5, 0.5]]) / 28)
    np.testing.assert_allclose(anchors[[1568, 1960, 1966]], [[0.5 / 14] * 2, [0.5 / 7] * 2, [1.5 / 7, 0.5 / 7]])
    np.testing.assert_allclose(anchors[-1], [6.5 / 7] * 2)


@pytest.mark.parametrize(
    ("config", "wrong", "message"),
    [
        (NanoDetConfig, {"longest_side": 400}, "multiple of 32, got 400"),
        (NanoDetConfig, {"minimum_confidence": 0.0}, "minimum_confidence should lie between 0 and 1"),
        (BlazePoseDetectorConfig, {"width_of_height": 0.0}, "width_of_height should lie between 0 and 1"),
    ],
)
def test_wrong_settings_are_refused(config, wrong, message):
    with pytest.raises(ValueError, match=message):
        config(**wrong)
