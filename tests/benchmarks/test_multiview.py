"""`benchmarks/multiview.py`: cameras and triangulation by hand, and what is measured, on a gymnast made up."""

import importlib
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import Pinhole

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CAMERA = """
    <camera serial="{name}">
      <transform r11="1" r12="0" r13="0" r21="0" r22="0" r23="1" r31="0" r32="-1" r33="0" x="0" y="-4000" z="1000"/>
      <intrinsic focalLengthU="64000" focalLengthV="64064" centerPointU="32000" centerPointV="61440"
       radialDistortion1="-0.05" radialDistortion2="0.14" tangentalDistortion1="0.001" tangentalDistortion2="0.002"/>
    </camera>
"""
"""At (0, −4, 1) m, looking along +y, level: right is +x, up is +z, back is −y."""


def import_script(name: str) -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        return importlib.import_module(name)


@pytest.fixture
def geometry() -> ModuleType:
    return import_script("multiview_geometry")


@pytest.fixture
def multiview() -> ModuleType:
    return import_script("multiview")


def make_views(geometry: ModuleType) -> list[Any]:
    """Four cameras about the place, 4 m away, looking down at (0, 0, 1), each rolled a little."""
    views = []
    for i, (angle, height) in enumerate([(0.2, 2.0), (1.9, 1.7), (3.4, 2.3), (5.0, 1.9)]):
        position = np.array([4 * np.cos(angle), 4 * np.sin(angle), height])
        ahead = np.array([0.0, 0.0, 1.0]) - position
        ahead /= np.linalg.norm(ahead)
        right = np.cross(ahead, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        roll = axis_angle_to_matrix(np.array([0.0, 0.0, 0.1 * i]))
        views.append(
            geometry.View(
                name=f"cam0{i + 1}",
                rotation=roll @ np.stack([right, np.cross(ahead, right), ahead]),
                position_m=position,
                matrix_px=np.array([[1680.0, 0, 530 + i], [0, 1681.0, 950], [0, 0, 1]]),
                distortion=np.array([-0.05, 0.14, 0.0006, 0.0007]),
            )
        )
    return views


def scatter(*batch: int) -> np.ndarray:
    return np.random.default_rng(0).uniform([-0.6, -0.6, 0], [0.6, 0.6, 2], size=(*batch, 3))


# Cameras.


def test_a_calibration_is_read_in_its_own_axes(geometry: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "hall.qca.txt"
    cameras = "".join(CAMERA.format(name=name) for name in ("cam01", "cam02"))
    path.write_text(f"<?xml version='1.0'?><calibration><cameras>{cameras}</cameras></calibration>")
    views = geometry.load_views(path)
    assert [view.name for view in views] == ["cam01", "cam02"]
    view = views[0]
    np.testing.assert_allclose(view.to_camera(np.array([0.4, 0.0, 1.2])), [0.4, -0.2, 4.0], atol=1e-12)
    np.testing.assert_allclose(view.distortion, [-0.05, 0.14, 0.001, 0.002])
    assert view.focal_px == pytest.approx(1000.5)
    assert (view.pitch_deg, view.roll_deg) == pytest.approx((0, 0))
    straight = replace(view, distortion=np.zeros(4))
    np.testing.assert_allclose(straight.project(np.array([0.4, 0.0, 1.2])), [500 + 100, 960 - 50.05])


def test_a_camera_without_a_lens_is_refused(geometry: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "hall.qca.txt"
    path.write_text('<calibration><camera serial="cam07"/></calibration>')
    with pytest.raises(ValueError, match="camera cam07 should have a transform and an intrinsic"):
        geometry.load_views(path)


def test_distortion_by_hand(geometry: ModuleType) -> None:
    """At (0.3, 0.4) r² is 0.25: radial 1 − 0.0125 + 0.00875, tangential (0.24 p1 + 0.43 p2, 0.57 p1 + 0.24 p2)."""
    view = make_views(geometry)[0]
    view = replace(view, rotation=np.eye(3), position_m=np.zeros(3), matrix_px=np.diag([1000.0, 1000.0, 1.0]))
    view = replace(view, distortion=np.array([-0.05, 0.14, 0.01, 0.02]))
    expected = [0.3 * 0.99625 + 0.0024 + 0.0086, 0.4 * 0.99625 + 0.0057 + 0.0048]
    np.testing.assert_allclose(view.project(np.array([0.6, 0.8, 2.0])), np.multiply(1000, expected))


def test_pixels_are_undistorted_back(geometry: ModuleType) -> None:
    points = scatter(50)
    for view in make_views(geometry):
        places = view.to_camera(points)
        np.testing.assert_allclose(view.undistort(view.project(points)), places[:, :2] / places[:, 2:], atol=1e-9)


def test_pitch_and_roll_have_their_signs(geometry: ModuleType) -> None:
    view = make_views(geometry)[0]
    level = replace(view, rotation=np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]]))
    down = replace(level, rotation=axis_angle_to_matrix(np.array([np.radians(20), 0, 0])) @ level.rotation)
    assert (down.pitch_deg, down.roll_deg) == pytest.approx((20, 0))
    ahead = np.array([0.0, np.cos(np.radians(20)), -np.sin(np.radians(20))])
    np.testing.assert_allclose(down.to_camera(down.position_m + ahead), [0, 0, 1], atol=1e-12)
    rolled = replace(level, rotation=axis_angle_to_matrix(np.array([0, 0, np.radians(-10)])) @ level.rotation)
    assert (rolled.pitch_deg, rolled.roll_deg) == pytest.approx((0, 10))
    foot, head = (rolled.project(np.add(rolled.position_m, [0.0, 4.0, height])) for height in (-1.0, 1.0))
    assert head[0] < foot[0]  # leans to the left
    assert head[1] < foot[1]


# Triangulation.


def test_points_are_found_again(geometry: ModuleType) -> None:
    views, points = make_views(geometry), scatter(6, 5)
    seen = np.stack([view.project(points) for view in views])
    result = geometry.triangulate(views, seen, np.random.default_rng(1).uniform(0.2, 1, seen.shape[:-1]))
    np.testing.assert_allclose(result.points_m, points, atol=1e-6)
    assert result.off_px.max() < 1e-3
    assert result.used_mask.all()
    assert result.known_mask.all()


def test_a_view_that_is_far_off_is_left_out(geometry: ModuleType) -> None:
    views, points = make_views(geometry), scatter(8)
    seen = np.stack([view.project(points) for view in views])
    off = np.arange(8) % 4
    seen[off, np.arange(8), 0] += 100
    result = geometry.triangulate(views, seen, np.ones((4, 8)))
    np.testing.assert_allclose(result.points_m, points, atol=1e-6)
    np.testing.assert_array_equal(result.used_mask, off != np.arange(4)[:, None])
    np.testing.assert_allclose(result.off_px[off, np.arange(8)], 100, rtol=0.05)


def test_what_too_few_agree_on_is_not_known(geometry: ModuleType) -> None:
    """First: two views off, each its own way; second: two that saw nothing; third: all well."""
    views, points = make_views(geometry), scatter(3)
    seen, confidence = np.stack([view.project(points) for view in views]), np.ones((4, 3))
    seen[:2, 0] += [[150, 0], [0, -200]]
    confidence[2:, 1] = 0
    result = geometry.triangulate(views, seen, confidence)
    assert result.known_mask.tolist() == [False, False, True]
    assert np.isnan(result.points_m[:2]).all()


def test_sure_views_pull_more(geometry: ModuleType) -> None:
    views, points = make_views(geometry), scatter(1)
    seen = np.stack([view.project(points) for view in views])
    seen[0, :, 0] += 10
    errors = []
    for confidence in (1.0, 0.1):
        weights = np.array([[confidence], [1.0], [1.0], [1.0]])
        found = geometry.triangulate(views, seen, weights).points_m
        errors.append(float(np.linalg.norm(found - points)))
    assert errors[0] > 3 * errors[1] > 0


def test_nudged_cameras_are_turned_back(geometry: ModuleType) -> None:
    views, points = make_views(geometry), scatter(9)
    turns = np.radians([[0.5, -0.7, 0.3], [0.0, 0.2, -0.4], [-0.6, 0.1, 0.2], [0.3, 0.3, 0.0]])
    nudged = [
        replace(view, rotation=turn @ view.rotation)
        for view, turn in zip(views, axis_angle_to_matrix(turns), strict=True)
    ]
    marks = {
        f"mark {i}": {view.name: view.project(point).tolist() for view in views if (i, view.name) != (3, "cam02")}
        for i, point in enumerate(points)
    }
    for view, aligned in zip(views, geometry.align_views(nudged, marks), strict=True):
        np.testing.assert_allclose(aligned.rotation, view.rotation, atol=1e-6)
        np.testing.assert_array_equal(aligned.position_m, view.position_m)


def test_the_marks_are_of_the_films(geometry: ModuleType) -> None:
    marks = geometry.load_marks(BENCHMARKS / "multiview_marks.json")
    assert len(marks) == 9
    for mark in marks.values():
        assert len(mark) >= 3
        assert set(mark) <= {"cam01", "cam02", "cam03", "cam04"}
        assert all(0 <= x < 1088 and 880 < y < 1920 for x, y in mark.values())


# What is measured.


@pytest.fixture
def measures() -> ModuleType:
    return import_script("multiview_figures")


def make_person(frames: int = 7) -> np.ndarray:
    """Twelve landmarks in camera axes, upright, the hips' middle 4 m before the camera; shoulders, elbows, … ankles."""
    heights = np.repeat([-0.5, -0.25, 0.0, 0.0, 0.4, 0.8], 2)
    across = np.tile([0.2, -0.2], 6)
    person = np.stack([across, heights, np.full(12, 4.0)], axis=-1)
    return np.tile(person, (frames, 1, 1))


def bend(person: np.ndarray, metres: float) -> np.ndarray:
    """Shoulders, elbows and wrists nearer to the camera."""
    bent = person.copy()
    bent[:, :6, 2] -= metres
    return bent


def test_truth_itself_is_perfect(measures: ModuleType) -> None:
    bent = bend(make_person(), 0.5)
    assert measures.measure(bent, bent, True) == pytest.approx((0, 0, 0, 0, 0, 1, 0, 0, 0), abs=1e-9)


def test_a_larger_body_further_away(measures: ModuleType) -> None:
    person = bend(make_person(), 0.3)
    figures = measures.measure(1.1 * person, person, True)
    assert figures.pa_mm == pytest.approx(0, abs=1e-6)
    about = person[0] - [0.0, 0.0, 4.0]
    assert figures.mpjpe_mm == pytest.approx(100 * np.linalg.norm(about, axis=-1).mean())
    assert (figures.limbs_percent, figures.trunk_percent, figures.depth_percent) == pytest.approx((10, 10, 10))
    assert (figures.lean_deg, figures.accel_mm) == pytest.approx((0, 0), abs=1e-9)
    assert np.isnan(measures.measure(1.1 * person, person, False).depth_percent)


def test_a_jump_is_an_acceleration(measures: ModuleType) -> None:
    person = make_person(3)
    moved = person.copy()
    moved[1, :, 0] += 0.01
    assert measures.measure(moved, person, True).accel_mm == pytest.approx(20)  # 1 cm, twice


def test_lean_is_towards_the_camera(measures: ModuleType) -> None:
    person = make_person(4)
    bent = person.copy()
    bent[:2, :2, 2] -= 0.5  # 45° towards the camera
    bent[2:, :2, 2] += 0.5
    np.testing.assert_allclose(measures.measure_lean(bent, person), [45, 45, -45, -45])
    figures = measures.measure(bent, person, True)
    assert (figures.lean_deg, figures.lean_size_deg) == pytest.approx((0, 45))


def test_a_flat_body_has_little_relief(measures: ModuleType) -> None:
    """Bent by 30 cm where it is 50; the trunk is then √(0.5² + 0.3²) instead of √0.5 long."""
    person = make_person()
    figures = measures.measure(bend(person, 0.3), bend(person, 0.5), True)
    assert figures.relief == pytest.approx(0.6)
    assert figures.trunk_percent == pytest.approx(100 * (np.sqrt(0.34 / 0.5) - 1))
    assert figures.lean_deg == pytest.approx(np.degrees(np.arctan(0.6)) - 45)


def test_what_is_not_known_does_not_count(measures: ModuleType) -> None:
    person = bend(make_person(), 0.3)
    target, answer = person.copy(), person.copy()
    target[2, 4] = np.nan
    answer[2, 4] += 1
    for ours, true in ((answer, target), (target, person)):
        assert measures.measure(ours, true, True) == pytest.approx((0, 0, 0, 0, 0, 1, 0, 0, 0), abs=1e-9)


def test_the_truth_is_smoothed_and_keeps_its_gaps(multiview: ModuleType) -> None:
    points = make_person(9)
    points[4, 0, 0] += 0.1
    points[6, 3] = np.nan
    smooth = multiview.smooth_truth(points, np.arange(9) / 60)
    assert np.isnan(smooth[6, 3]).all()
    assert np.isfinite(np.delete(smooth.reshape(9, -1), slice(9, 12), axis=1)).all()
    assert 0.2 < smooth[4, 0, 0] < 0.23
    np.testing.assert_allclose(smooth[:, 5], points[:, 5])


def test_a_film_that_was_started_late_is_found_out(geometry: ModuleType, multiview: ModuleType) -> None:
    """Camera 3 shows at each frame what the others showed two frames before: it has to be read two later."""
    views = make_views(geometry)
    moments = np.arange(42) / 4
    swing = 0.3 * np.stack([np.sin(moments), np.cos(1.3 * moments), np.sin(0.7 * moments)], axis=-1)
    world = scatter(12) + swing[:, None]
    seen = np.stack([view.project(world) for view in views])[:, 2:]
    seen[2] = views[2].project(world)[:-2]
    seen = np.concatenate([seen, np.ones((*seen.shape[:-1], 1))], axis=-1)
    assert multiview.find_lag(views, seen, 2) == 2


def test_truth_comes_from_the_views_asked_for(geometry: ModuleType, multiview: ModuleType) -> None:
    views, world = make_views(geometry), np.tile(scatter(12), (5, 1, 1))
    sights = {}
    for view in views:
        landmarks = np.ones((5, 33, 3))
        landmarks[:, multiview.LIMBS, :2] = view.project(world)
        person = SimpleNamespace(landmarks_px=landmarks, frame_index=np.arange(5), time_s=np.arange(5) / 60)
        sights[view.name] = multiview.Sight(Pinhole.from_size(1088, 1920), person)
    np.testing.assert_allclose(multiview.find_truth(views[1:], sights), world, atol=1e-6)
    sights["cam02"].person.frame_index = np.arange(1, 6)
    with pytest.raises(ValueError, match="should be seen in the same frames of all films"):
        multiview.find_truth(views, sights)


def test_the_table_has_a_mean_and_a_row_for_each_camera(
    measures: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    person = bend(make_person(), 0.3)
    figures = [measures.measure(scale * person, person, False) for scale in (1.0, 1.1)]
    measures.print_table({("encoder", ""): figures}, ["cam01", "cam02"])
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[3:]]
    assert [row[2].strip() for row in rows] == ["**mean**", "cam01", "cam02"]
    assert [row[9].strip() for row in rows] == ["+5.0", "+0.0", "+10.0"]
    assert {row[11].strip() for row in rows} == {"-"}


def test_the_picture_shows_both_where_they_are(geometry: ModuleType) -> None:
    sheet, view = import_script("multiview_sheet"), make_views(geometry)[0]
    truth_m = (make_person(1)[0] - [0, 0, 4])[:, [0, 2, 1]] * [1, 1, -1] + [0, 0, 1]
    camera = Pinhole.from_size(1088, 1920, 1680.0)
    answer_m = np.add(view.to_camera(truth_m), [0.3, 0.0, 0.0])
    picture, side = sheet.draw_moment(np.full((1920, 1088, 3), 128, np.uint8), view, camera, truth_m, answer_m)
    assert picture.shape == side.shape == (sheet.CELL_PX, sheet.CELL_PX, 3)
    columns = [np.nonzero((np.abs(picture.astype(int) - color).max(-1) < 30).any(0))[0].mean()
               for color in (sheet.TRUTH_RGB, sheet.ANSWER_RGB)]  # fmt: skip
    assert columns[1] > columns[0] + 20
    assert (side == sheet.ANSWER_RGB).all(-1).any()  # 0.3 m to the right is not seen from the side: hips together
    assert not (side == sheet.TRUTH_RGB).all(-1).any()
