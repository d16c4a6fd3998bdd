"""Widths of a person's mask: bars and ellipses whose widths are known."""

import math

import numpy as np
import pytest

from spsnet.crops import WIDTH_NAMES, measure_widths


def place_person(*, turn_rad: float = 0.0) -> np.ndarray:
    """Shoulders 40 px above hips, arms and legs down, all turned about the crop's middle."""
    points = np.zeros((33, 2))
    points[[11, 12]] = (140, 100), (116, 100)
    points[[13, 14, 15, 16]] = (160, 120), (96, 120), (160, 150), (96, 150)
    points[[23, 24]] = (134, 150), (122, 150)
    points[[25, 26, 27, 28]] = (134, 190), (122, 190), (134, 230), (122, 230)
    c, s = math.cos(turn_rad), math.sin(turn_rad)
    return (points - 128) @ np.array([[c, s], [-s, c]]) + 128


def test_width_of_an_upright_bar_by_hand() -> None:
    mask = np.zeros((256, 256), np.float32)
    mask[:, 118:138] = 1
    widths = measure_widths(mask, place_person())
    assert len(widths) == len(WIDTH_NAMES)
    assert widths[:4] == pytest.approx(20, abs=0.6)


def test_a_place_off_the_mask_has_no_width() -> None:
    mask = np.zeros((256, 256), np.float32)
    mask[:, 118:138] = 1
    widths = dict(zip(WIDTH_NAMES, measure_widths(mask, place_person()), strict=True))
    assert widths["left_forearm"] == 0
    assert widths["right_forearm"] == 0


def test_a_mask_without_end_has_no_width() -> None:
    assert not measure_widths(np.ones((256, 256), np.float32), place_person()).any()
    assert not measure_widths(np.zeros((256, 256), np.float32), place_person()).any()


@pytest.mark.parametrize("turn_rad", [0.0, 0.6, math.pi / 2, 2.5])
def test_turning_person_and_mask_together_changes_nothing(turn_rad: float) -> None:
    y, x = np.mgrid[:256, :256] + 0.5
    c, s = math.cos(turn_rad), math.sin(turn_rad)
    across, along = (x - 128) * c + (y - 128) * s, -(x - 128) * s + (y - 128) * c
    ellipse = ((across / 30) ** 2 + ((along - 0) / 60) ** 2 < 1).astype(np.float32)
    widths = measure_widths(ellipse, place_person(turn_rad=turn_rad))
    # The waist lies 3 px above the ellipse's middle.
    assert widths[1] == pytest.approx(60 * math.sqrt(1 - (3 / 60) ** 2), abs=1.2)


def test_a_bone_that_points_at_the_camera_has_no_width() -> None:
    mask = np.zeros((256, 256), np.float32)
    mask[80:240, 100:160] = 1
    points = place_person()
    points[25] = points[23]
    widths = dict(zip(WIDTH_NAMES, measure_widths(mask, points), strict=True))
    assert widths["left_thigh"] == 0
    assert widths["right_thigh"] > 0
