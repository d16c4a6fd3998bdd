from pathlib import Path

import cv2
import numpy as np

from spsnet.records import Observation
from spsnet.synthesis.contact_sheet import ContactSheet


def make_observation(presence: float = 0.9) -> Observation:
    landmarks_px = np.zeros((33, 3), np.float32)
    landmarks_px[:, :2] = -10  # outside of the picture
    landmarks_px[11, :2], landmarks_px[12, :2] = (30, 10), (10, 10)  # the left shoulder is on the right
    return Observation(
        box_xys_px=np.array([20.0, 10, 40]), landmarks_px=landmarks_px, world_m=np.zeros((33, 3)), presence=presence,
        feature=None,
    )  # fmt: skip


def make_picture(red: int) -> np.ndarray:
    picture = np.zeros((20, 40, 3), np.uint8)
    picture[..., 0] = red
    return picture


def read_rgb(path: Path) -> np.ndarray:
    return cv2.imread(str(path))[..., ::-1]


def test_first_frames_stand_in_rows_and_what_is_missing_is_white(tmp_path: Path) -> None:
    sheet = ContactSheet(columns=2, rows=2)
    for window in range(3):
        for frame in range(2):
            sheet.add(window, frame, make_picture(50 * window + 20 * frame), make_observation())
    sheet.save(tmp_path / "sheet.png")
    picture = read_rgb(tmp_path / "sheet.png")
    assert picture.shape == (40, 80, 3)
    corners = [picture[0, 0], picture[0, 40], picture[20, 0], picture[20, 40]]
    np.testing.assert_array_equal(corners, [[0, 0, 0], [50, 0, 0], [100, 0, 0], [255, 255, 255]])


def test_left_is_orange_right_is_blue_and_nobody_is_grey(tmp_path: Path) -> None:
    sheet = ContactSheet(columns=2, rows=1)
    sheet.add(0, 0, make_picture(0), make_observation())
    sheet.add(1, 0, make_picture(0), make_observation(presence=0.2))
    sheet.save(tmp_path / "sheet.png")
    picture = read_rgb(tmp_path / "sheet.png")
    np.testing.assert_array_equal(picture[10, [30, 10]], [[255, 140, 60], [40, 160, 255]])
    np.testing.assert_array_equal(picture[10, [70, 50]], [[128, 128, 128], [128, 128, 128]])


def test_the_sheet_is_full_at_some_point_and_leaves_the_pictures_alone(tmp_path: Path) -> None:
    sheet, picture = ContactSheet(columns=1, rows=2), make_picture(9)
    for window in range(5):
        sheet.add(window, 0, picture, make_observation())
    sheet.save(tmp_path / "sheet.png")
    assert read_rgb(tmp_path / "sheet.png").shape == (40, 40, 3)
    assert (picture == make_picture(9)).all()


def test_without_pictures_nothing_is_written(tmp_path: Path) -> None:
    ContactSheet().save(tmp_path / "sheet.png")
    assert list(tmp_path.iterdir()) == []
