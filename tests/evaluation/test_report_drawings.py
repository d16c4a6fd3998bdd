"""What a report draws, by the places of its lines."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reference.made_measured import CAMERA, draw_pictures, make_body, place_joints
from spsnet.evaluation.measurement import ErrorCurve, WorstFrame
from spsnet.evaluation.report_drawings import Line, draw_curves, draw_picture, draw_skeletons, load_picture

TRUE = place_joints(make_body(1), "lsp14")[0]
FRAME = WorstFrame(
    name="street/0",
    frame_index=3,
    time_s=0.12,
    mpjpe_mm=50.0,
    joint_set="lsp14",
    true_m=TRUE,
    predicted_m=TRUE + np.array([0.1, 0, 0]),
    camera=CAMERA,
    picture=None,
    box_xys_px=(320.0, 240.0, 200.0),
)


def make_curve(frames: list[int], values: list[float], fps: float = 10.0) -> ErrorCurve:
    mpjpe = np.array(values)
    return ErrorCurve(name="a", fps=fps, frame_index=np.array(frames, int), mpjpe_mm=mpjpe, pa_mpjpe_mm=mpjpe)


def find_points(svg: str) -> list[list[tuple[float, float]]]:
    lines = re.findall(r'polyline points="([^"]*)"', svg)
    return [[tuple(map(float, point.split(","))) for point in line.split()] for line in lines]  # type: ignore[misc]


def test_a_curve_runs_from_the_left_to_the_right_and_stops_at_the_top() -> None:
    line = Line(make_curve(list(range(11)), [0.0] * 10 + [500.0]), "red")
    ((first, *_, last),) = find_points(draw_curves([line], 100.0))
    assert first == (pytest.approx(30 + 0.5 / 160 * 290, abs=0.1), 80.0)  # 0 mm: the chart's floor
    assert last == (pytest.approx(320 - 0.5 / 160 * 290, abs=0.1), 8.0)  # 500 mm: its top, 100 mm


def test_frames_that_do_not_count_are_a_gap() -> None:
    frames = [*range(100), *range(150, 320)]
    lines = find_points(draw_curves([Line(make_curve(frames, [10.0] * len(frames)), "red")], 100.0))
    assert [len(line) for line in lines] == [50, 85]  # bins of two frames
    assert find_points(draw_curves([Line(make_curve([], []), "red")], 100.0)) == []


def test_skeletons_are_drawn_from_two_sides_without_joints_that_are_not_known() -> None:
    svg = draw_skeletons(FRAME, "#e8590c")
    assert svg.count("<svg") == 2
    edges = svg.count("<line")
    hidden = TRUE.copy()
    hidden[13] = np.nan  # the top of the head has one edge, in each view
    assert draw_skeletons(replace(FRAME, true_m=hidden), "#e8590c").count("<line") == edges - 2
    assert "nan" not in draw_skeletons(replace(FRAME, true_m=hidden), "#e8590c")


def test_the_picture_is_the_frames_own(tmp_path: Path) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 5)
    assert pictures.names is not None
    frame = replace(FRAME, picture=(pictures.path, pictures.names[3]))
    image = load_picture(frame)
    assert image is not None
    assert image.shape == (480, 640, 3)
    assert (image[0, 15:55] == (60, 140, 60)).all()  # the band of the fourth picture
    assert (image[0, :15] == 90).all()
    svg = draw_picture(frame, "#e8590c")
    assert svg is not None
    assert svg.count('class="box"') == 1
    assert draw_picture(frame, "#e8590c") == svg


def test_without_a_picture_or_a_camera_there_is_none(tmp_path: Path) -> None:
    assert draw_picture(FRAME, "red") is None
    gone = replace(FRAME, picture=(tmp_path, "gone.png"))
    assert draw_picture(gone, "red") is None
    assert draw_picture(replace(gone, camera=None), "red") is None
