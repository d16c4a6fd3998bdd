"""A picture of `multiview.py`'s truth and of one model's answer: over the films, and from the side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from multiview_figures import BONES, HIPS, SHOULDERS
from multiview_geometry import View

from spsnet.geometry import project_points
from spsnet.records import Pinhole
from spsnet.video import open_film

CELL_PX = 240
MOMENTS = (0.05, 0.35, 0.65, 0.95)
"""Parts of the film that are shown."""
LINES = [SHOULDERS, HIPS, (SHOULDERS[0], HIPS[0]), (SHOULDERS[1], HIPS[1]), *BONES]
"""The trunk's four edges, arms and legs."""
TRUTH_RGB, ANSWER_RGB = (40, 170, 90), (225, 95, 30)
SIDE_PX_PER_M = 105.0
_UNDER_RGB, _PAPER_RGB = (255, 255, 255), (245, 245, 245)


def write_sheet(
    path: Path,
    films: Sequence[Path],
    views: Sequence[View],
    truth_m: Float[np.ndarray, "time 12 3"],
    cameras: Sequence[Pinhole],
    answers_m: Sequence[Float[np.ndarray, "time 12 3"]],
    frame_index: np.ndarray,
) -> None:
    """Write a row for each film: truth (green) and answer (orange) in the picture, then from the right, hips together.

    Args:
        path: JPEG to write.
        films: One for each view.
        views: The true cameras.
        truth_m: World axes.
        cameras: What the answers were made with.
        answers_m: Camera axes.
        frame_index: Frames of the film that truth and answers are of.
    """
    shown = [int(moment * (len(truth_m) - 1)) for moment in MOMENTS]
    rows = []
    for film, view, camera, answer in zip(films, views, cameras, answers_m, strict=True):
        wanted = {int(frame_index[i]): i for i in shown}
        cells: list[UInt8[np.ndarray, "h w 3"]] = []
        for frame in open_film(film).frames():
            if frame.index in wanted:
                i = wanted[frame.index]
                cells += draw_moment(frame.image_rgb, view, camera, truth_m[i], answer[i])
        rows.append(np.hstack(cells))
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88]):
        raise OSError(f"{path} could not be written")


def draw_moment(
    image_rgb: UInt8[np.ndarray, "h w 3"],
    view: View,
    camera: Pinhole,
    truth_m: Float[np.ndarray, "12 3"],
    answer_m: Float[np.ndarray, "12 3"],
) -> list[UInt8[np.ndarray, "h w 3"]]:
    """The picture about the person, and the view from the right: the film's camera looks to the right there."""
    picture = np.ascontiguousarray(image_rgb)
    truth_px = view.project(truth_m)
    for points, color in (
        (truth_px, TRUTH_RGB),
        (project_points(answer_m, camera.focal_px, np.array(camera.center_px)), ANSWER_RGB),
    ):
        draw_lines(picture, points, color, 4)
    side = np.full((CELL_PX, CELL_PX, 3), _PAPER_RGB, np.uint8)
    middle = np.array([CELL_PX / 2, CELL_PX / 2])
    for points_m, color in ((view.to_camera(truth_m), TRUTH_RGB), (answer_m, ANSWER_RGB)):
        about = points_m - points_m[list(HIPS)].mean(0)
        draw_lines(side, middle + SIDE_PX_PER_M * about[:, [2, 1]], color, 2)
    return [cut_out(picture, truth_px), side]


def draw_lines(
    image: UInt8[np.ndarray, "h w 3"], points_px: Float[np.ndarray, "12 2"], color: tuple[int, int, int], width: int
) -> None:
    """Bones with a light edge."""
    for shade, thick in ((_UNDER_RGB, width + 2), (color, width)):
        for a, b in LINES:
            if np.isfinite(points_px[[a, b]]).all():
                ends: list[Any] = [tuple(int(value) for value in np.round(points_px[i])) for i in (a, b)]
                cv2.line(image, ends[0], ends[1], shade, thick, cv2.LINE_AA)


def cut_out(image: UInt8[np.ndarray, "h w 3"], points_px: Float[np.ndarray, "12 2"]) -> UInt8[np.ndarray, "h w 3"]:
    """A square about the points, as large as a cell."""
    low, high = np.nanmin(points_px, axis=0), np.nanmax(points_px, axis=0)
    half = int(0.75 * (high - low).max())
    x, y = (int(value) for value in (low + high) / 2)
    padded = cv2.copyMakeBorder(image, half, half, half, half, cv2.BORDER_CONSTANT, value=_PAPER_RGB)
    return cv2.resize(padded[y : y + 2 * half, x : x + 2 * half], (CELL_PX, CELL_PX), interpolation=cv2.INTER_AREA)
