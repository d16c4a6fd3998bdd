import numpy as np
import pytest

from spsnet.detection import CloserLookConfig, look_closer
from spsnet.detection.closer_look import _cut_square
from spsnet.records import Detections

IMAGE = np.zeros((400, 600, 3), np.uint8)
NOTHING = Detections(boxes_xyxy_px=np.zeros((0, 4)), confidence=np.zeros(0))


class Scene:
    """A detector that knows where the people are: it finds those who are at least a third of the picture's height."""

    def __init__(self, *people, confidence=0.8):
        self.people, self.confidence, self.looks = np.array(people, float), confidence, []

    def detect(self, image_rgb):
        left, top, height = int(image_rgb[0, 0, 0]) * 4, int(image_rgb[0, 0, 1]) * 4, image_rgb.shape[0]
        self.looks.append(image_rgb.shape[:2])
        large = self.people[(self.people[:, 3] - self.people[:, 1]) * 3 >= height] - np.array([left, top, left, top])
        return Detections(boxes_xyxy_px=large, confidence=np.full(len(large), self.confidence))


def make_image():
    """Every pixel tells its own place, a quarter of it, so that the scene knows which part it is shown."""
    image = np.zeros((400, 600, 3), np.uint8)
    rows, columns = np.mgrid[:400, :600]
    image[..., 0], image[..., 1] = columns // 4, rows // 4
    return image


def test_a_small_person_is_found_on_a_closer_look():
    scene = Scene([200, 100, 240, 200])
    assert len(scene.detect(make_image())) == 0
    found = look_closer(scene, make_image(), NOTHING, np.array([[204.0, 100, 244, 200]]))
    np.testing.assert_allclose(found.boxes_xyxy_px, [[200, 100, 240, 200]], atol=4)
    assert scene.looks[1:] == [(200, 200)]


def test_a_cut_person_is_replaced_by_the_whole():
    cut = Detections(
        boxes_xyxy_px=np.array([[200.0, 100, 240, 165], [500, 0, 540, 90]]), confidence=np.array([0.5, 0.4])
    )
    found = look_closer(Scene([200, 100, 240, 200]), make_image(), cut, np.array([[200.0, 100, 240, 200]]))
    np.testing.assert_allclose(found.confidence, [0.8, 0.4])


def test_a_surer_detection_stays():
    sure = Detections(boxes_xyxy_px=np.array([[200.0, 100, 240, 200]]), confidence=np.array([0.9]))
    found = look_closer(Scene([200, 100, 240, 200]), make_image(), sure, np.array([[200.0, 100, 240, 200]]))
    np.testing.assert_allclose(found.confidence, [0.9])


def test_a_neighbour_is_not_taken_for_the_person():
    # The person looked for is hidden now; the neighbour who is found fits worse than what was seen at first.
    person = Detections(boxes_xyxy_px=np.array([[200.0, 100, 240, 200]]), confidence=np.array([0.45]))
    found = look_closer(Scene([212, 100, 252, 200]), make_image(), person, np.array([[200.0, 100, 240, 200]]))
    assert sorted(found.confidence.tolist()) == [0.45, 0.8]


def test_strangers_far_from_the_person_are_left_out():
    scene = Scene([250, 120, 280, 220])
    assert len(look_closer(scene, make_image(), NOTHING, np.array([[200.0, 100, 240, 200]]))) == 0


def test_those_who_left_and_those_too_many_are_not_looked_for():
    scene = Scene([0, 0, 40, 100])
    expected = np.array([[-30.0, 0, 10, 100], [100, 100, 140, 200], [200, 100, 260, 250], [300, 100, 350, 220]])
    look_closer(scene, make_image(), NOTHING, expected)
    assert scene.looks == [(300, 300), (240, 240)]


def test_nobody_expected_changes_nothing():
    assert look_closer(Scene([0, 0, 40, 100]), IMAGE, NOTHING, np.zeros((0, 4))) is NOTHING


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="region_scale should be at least 1"):
        CloserLookConfig(region_scale=0.5)


def test_a_look_over_the_border_is_moved_into_the_picture():
    image = np.arange(40 * 60 * 3, dtype=np.int64).reshape(40, 60, 3).astype(np.uint8)
    square, corner = _cut_square(image, 2.0, 35.0, 20.0)
    assert corner.tolist() == [0, 20]
    np.testing.assert_array_equal(square, image[20:, :20])


def test_a_look_larger_than_the_picture_is_black_beyond():
    square, corner = _cut_square(np.full((40, 60, 3), 7, np.uint8), 30.0, 20.0, 50.0)
    assert corner.tolist() == [5, 0]
    assert (square[:40] == 7).all()
    assert square[40:].max() == 0
