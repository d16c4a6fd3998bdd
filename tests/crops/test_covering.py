import numpy as np

from crops.people import BODY
from spsnet.crops.covering import cover_people


def place(left: float, top: float, width: float, height: float) -> np.ndarray:
    return BODY * (width, height) + (left, top)


def make_picture() -> np.ndarray:
    crop = np.full((256, 256, 3), 0.3, np.float32)
    crop[60:200, 150:200] = 1
    return crop


def test_another_person_is_filled_with_what_surrounds_it():
    crop = make_picture()
    crop[60:200, 150:200] = 0.3
    crop[100:130, 165:185] = 1
    assert cover_people(crop, None, [place(150, 60, 50, 140)])
    np.testing.assert_allclose(crop, 0.3, atol=1e-3)


def test_what_our_own_body_hides_stays():
    crop, landmarks = make_picture(), place(150, 60, 50, 140)
    before = crop.copy()
    assert not cover_people(crop, landmarks, [landmarks])
    np.testing.assert_array_equal(crop, before)


def test_people_outside_of_the_crop_change_nothing():
    crop = make_picture()
    before = crop.copy()
    assert not cover_people(crop, None, [place(400, 60, 50, 140), place(-90, 60, 50, 140)])
    assert not cover_people(crop, None, [])
    np.testing.assert_array_equal(crop, before)


def test_a_crop_full_of_somebody_else_stays_finite():
    crop = make_picture()
    assert cover_people(crop, None, [place(-900, -900, 2000, 2000)])
    assert np.isfinite(crop).all()
    assert crop.min() >= 0
    assert crop.max() <= 1
