from pathlib import Path

import cv2
import numpy as np

from spsnet.records import Observation
from spsnet.synthesis.appearance import RenderedFrame
from spsnet.synthesis.contact_sheet import ContactSheet
from spsnet.synthesis.frames import Exposure


def observe(presence: float = 0.9) -> Observation:
    landmarks_px = np.zeros((33, 3), np.float32)
    landmarks_px[:, :2] = -10  # outside of the picture
    landmarks_px[11, :2], landmarks_px[12, :2] = (30, 10), (10, 10)  # the left shoulder is on the right
    return Observation(
        box_xys_px=np.array([20.0, 10, 40]), landmarks_px=landmarks_px, world_m=np.zeros((33, 3)), presence=presence,
        feature=None,
    )  # fmt: skip


def expose(red: int, presence: float = 0.9) -> Exposure:
    picture, mask = np.zeros((20, 40, 3), np.uint8), np.zeros((20, 40), bool)
    picture[..., 0] = red
    mask[15:18, 4:9] = True
    rendered = RenderedFrame(
        image_rgb=picture, mask=mask, body_mask=mask, covered_mask=~mask, depth_m=np.ones((20, 40), np.float32)
    )
    occluded = picture.copy()
    occluded[..., 1] = 90
    return Exposure(
        image_rgb=picture, seen=observe(presence), occluded_rgb=occluded, occluded=observe(0.1), rendered=rendered
    )


def read_rgb(path: Path) -> np.ndarray:
    return cv2.imread(str(path))[..., ::-1]


def test_first_frames_stand_in_rows_and_what_is_missing_is_white(tmp_path: Path) -> None:
    sheet = ContactSheet(columns=2, rows=2)
    for window in range(3):
        for frame in range(2):
            sheet.add(window, frame, expose(50 * window + 20 * frame))
    sheet.save(tmp_path / "sheet.png")
    picture = read_rgb(tmp_path / "sheet.png")
    assert picture.shape == (40, 160, 3)
    corners = [picture[0, 0], picture[0, 80], picture[20, 0], picture[20, 80]]
    np.testing.assert_array_equal(corners, [[0, 0, 0], [50, 0, 0], [100, 0, 0], [255, 255, 255]])
    np.testing.assert_array_equal(picture[0, [40, 120]], [[0, 90, 0], [50, 90, 0]])


def test_left_is_orange_right_is_blue_nobody_is_grey_and_the_outline_white(tmp_path: Path) -> None:
    sheet = ContactSheet(columns=2, rows=1)
    sheet.add(0, 0, expose(0))
    sheet.add(1, 0, expose(0, presence=0.2))
    sheet.save(tmp_path / "sheet.png")
    picture = read_rgb(tmp_path / "sheet.png")
    np.testing.assert_array_equal(picture[10, [30, 10]], [[255, 140, 60], [40, 160, 255]])
    for column in (70, 50, 110, 90):
        np.testing.assert_array_equal(picture[10, column], [128, 128, 128])
    np.testing.assert_array_equal(picture[15, [4, 8, 12, 44]], [[255] * 3, [255] * 3, [0] * 3, [0, 90, 0]])


def test_the_sheet_is_full_at_some_point_and_leaves_the_pictures_alone(tmp_path: Path) -> None:
    sheet, exposure = ContactSheet(columns=1, rows=2), expose(9)
    for window in range(5):
        sheet.add(window, 0, exposure)
    sheet.save(tmp_path / "sheet.png")
    assert read_rgb(tmp_path / "sheet.png").shape == (40, 80, 3)
    np.testing.assert_array_equal(exposure.image_rgb, expose(9).image_rgb)


def test_without_pictures_nothing_is_written(tmp_path: Path) -> None:
    ContactSheet().save(tmp_path / "sheet.png")
    assert list(tmp_path.iterdir()) == []
