from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from reference.made_windows import make_windows
from spsnet.datasets.shards import WindowSet, save_shard
from spsnet.datasets.sheet import draw_windows, save_sheet

PAPER, MASK, NO_MASK = (70, 70, 70), (235, 235, 235), (120, 80, 80)


@pytest.fixture
def windows(tmp_path: Path) -> WindowSet:
    """Three windows of three frames: with a mask, without one, and with nobody in the middle."""
    made = make_windows(3, 3, silhouettes=True)
    made.silhouette_box_xys_px[1] = 0
    made.seen.present_mask[2, 1] = False
    made.silhouette[:] = False
    made.silhouette[0, 1, :32] = True
    save_shard(tmp_path, 0, {"some": replace(made, occluded=None)})
    return WindowSet(tmp_path)


def test_a_cell_for_each_window(windows: WindowSet) -> None:
    picture = draw_windows(windows, columns=2, rows=2, cell_px=128)
    assert picture.shape == (256, 256, 3)
    corners = [tuple(picture[y, x]) for y, x in ((4, 4), (123, 4), (4, 132), (132, 4), (132, 132))]
    assert corners == [MASK, PAPER, NO_MASK, PAPER, (255, 255, 255)]


def test_landmarks_are_drawn_where_somebody_was_seen(windows: WindowSet) -> None:
    picture = draw_windows(windows, columns=3, rows=1, cell_px=128)
    cells = [picture[1:-1, 128 * i + 1 : 128 * i + 127].reshape(-1, 3) for i in range(3)]
    colors = [len(np.unique(cell, axis=0)) for cell in cells]
    assert colors[0] > 3
    assert colors[1] > 3
    assert colors[2] == 1


def test_fewer_cells_than_windows_are_spread_over_them(windows: WindowSet) -> None:
    picture = draw_windows(windows, columns=2, rows=1, cell_px=64)
    assert picture.shape == (64, 128, 3)
    assert tuple(picture[2, 66]) == PAPER  # the last window, not the second


def test_the_sheet_is_written(windows: WindowSet, tmp_path: Path) -> None:
    path = tmp_path / "new" / "sheet.png"
    save_sheet(windows, path)
    read = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(read[..., ::-1], draw_windows(windows))
