"""`spsnet prepare films` on half a second of real film."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from end_to_end.conftest import Encode
from spsnet.cli.main import main
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows, load_windows

FRAMES = 18
WOMAN_PX = (312, 198)
"""About where she is in the small film."""


@pytest.fixture(scope="module")
def prepared(encode: Encode, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    film = encode(folder / "walk.mp4", FRAMES)
    words = ["prepare", "films", film, "-o", folder / "films", "--sheet", folder / "sheet.png"]
    assert main([str(word) for word in words]) == 0
    return folder


@pytest.fixture(scope="module")
def windows(prepared: Path) -> ObservedWindows:
    return load_windows(prepared / "films")


def test_the_woman_has_a_window(windows: ObservedWindows) -> None:
    middles = windows.seen.landmarks_px[:, 8, :, :2].mean(1) * (480 / FOCAL_PX) + (240, 135)
    assert (np.abs(middles - WOMAN_PX) < (60, 40)).all(1).sum() == 1


def test_nobody_is_there_after_the_film_has_ended(windows: ObservedWindows) -> None:
    assert not windows.labelled.any()
    assert (windows.seen.present_mask.sum(1) >= 17).all()
    assert not windows.seen.present_mask[:, FRAMES:].any()
    assert windows.seen.feature.shape[1:] == (33, 1152)
    assert windows.seen.feature[0, :FRAMES].any(1).all()


def test_masks_show_people(windows: ObservedWindows) -> None:
    has_mask = windows.silhouette_box_xys_px[..., 2] > 0
    assert has_mask.sum() >= 0.8 * windows.seen.present_mask.sum()
    share = windows.silhouette[has_mask].mean((1, 2))
    assert ((share > 0.08) & (share < 0.5)).all()
    boxes = windows.silhouette_box_xys_px[has_mask]
    points = (windows.seen.landmarks_px[has_mask][..., :2] - boxes[:, None, :2]) / boxes[:, None, 2:] * 64 + 32
    column, row = np.moveaxis(np.clip(points[:, [11, 12, 23, 24]], 0, 63).astype(int), -1, 0)
    on_mask = windows.silhouette[has_mask][np.arange(len(boxes))[:, None], row, column]
    assert on_mask.mean() > 0.9  # shoulders and hips


def test_covered_regions_move_landmarks(windows: ObservedWindows) -> None:
    present = windows.seen.present_mask
    moved = windows.occluded.landmarks_px[present][..., :2] - windows.seen.landmarks_px[present][..., :2]
    height = np.ptp(windows.seen.landmarks_px[present][..., 1], axis=1)
    distance = np.linalg.norm(moved, axis=-1) / height[:, None]
    assert 0.01 < np.median(distance) < 0.3  # three to five regions of up to 100 px of 224: much of the person


def test_the_sheet_is_a_picture(prepared: Path) -> None:
    sheet = cv2.imread(str(prepared / "sheet.png"))
    assert sheet.shape == (128, 12 * 128, 3)
    assert (sheet == 235).all(-1).any()  # a silhouette
