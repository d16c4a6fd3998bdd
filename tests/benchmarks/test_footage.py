"""`benchmarks/footage.py`: what it measures, on people made up, and the picture that compares two models."""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from reference.made_films import encode_film
from spsnet.body import load_body
from spsnet.records import BodyParameters, PersonMotion
from spsnet.skeletons import get_joint_set, map_joints

FRAMES, FOCAL_PX, DEPTH_M = 12, 400.0, 4.0
COCO = get_joint_set("coco17").joint_names


@pytest.fixture
def footage() -> Iterator[ModuleType]:
    """The script, imported as Python finds it when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
        yield importlib.import_module("footage")


@pytest.fixture
def sheets(footage: ModuleType) -> ModuleType:
    return importlib.import_module("footage_sheets")


def make_person(
    *,
    joint_offset: float = 0.0,
    shake: float = 0.0,
    landmark_shake: float = 0.0,
    frames: int = FRAMES,
    track_id: int = 1,
) -> PersonMotion:
    """Somebody who stands upright; joints lie where landmarks do, but for an offset to the right.

    `shake`: every other frame is shifted by so much, which makes second differences of twice that.
    """
    points = np.tile(np.array([160.0, 120.0]), (frames, 33, 1)) + np.arange(33)[:, None] * [0.5, 1.0]
    odd = np.arange(frames)[:, None] % 2
    coco = map_joints("blazepose33", "coco17").apply(points)
    coco[..., 0] += joint_offset + shake * odd
    joints = np.concatenate([np.zeros((frames, 24, 2)), coco], axis=1)
    points[..., 1] += landmark_shake * odd
    pose = np.zeros((frames, 72))
    pose[:, 0] = np.pi
    return PersonMotion(
        track_id=track_id,
        frame_index=np.arange(frames),
        time_s=np.arange(frames) / 30,
        box_xys_px=np.tile([160.0, 120.0, 200.0], (frames, 1)),
        confidence=np.ones(frames),
        filled_mask=np.zeros(frames, bool),
        body=BodyParameters(pose_rad=pose, shape=np.zeros(10), translation_m=np.tile([0.0, 0.0, DEPTH_M], (frames, 1))),
        crop_camera=np.tile([1.0, 0.0, 0.0], (frames, 1)),
        focal_px=FOCAL_PX,
        joints_m=np.zeros((frames, 41, 3)),
        joints_px=joints,
        joint_names=(*get_joint_set("smpl24").joint_names, *COCO),
        keypoints_px=np.concatenate([points, np.ones((frames, 33, 1))], axis=-1),
    )


def measure_height() -> float:
    return float(np.ptp(load_body().template_m[:, 1])) * FOCAL_PX / DEPTH_M


def test_a_still_body_on_its_landmarks_is_perfect(footage: ModuleType) -> None:
    figures = footage.measure_person(make_person(), make_person())
    assert figures == pytest.approx((0,) * 8, abs=1e-9)


def test_figures_by_hand(footage: ModuleType) -> None:
    now = make_person(joint_offset=3.0, shake=0.5, landmark_shake=2.0)
    before = make_person(joint_offset=6.0, shake=1.0)
    figures = footage.measure_person(now, before)
    percent = 100 / measure_height()
    assert figures.landmarks_px == pytest.approx(4)  # 2 − 2 · 0 + 2, in each frame
    assert figures.before_px == pytest.approx(2)
    assert figures.joints_px == pytest.approx(1)
    assert figures.landmarks_percent == pytest.approx(4 * percent)
    assert figures.before_percent == pytest.approx(2 * percent)
    assert figures.joints_percent == pytest.approx(1 * percent)
    # In even frames 3 px off; in odd ones 3.5 and 2 px at right angles. The median lies between.
    assert figures.off == pytest.approx((3 + np.hypot(3.5, 2)) / 2 * percent)
    assert figures.off_before == pytest.approx((6 + np.hypot(7, 2)) / 2 * percent)


def test_without_another_model_its_columns_are_empty(footage: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    figures = footage.measure_person(make_person(), None)
    assert np.isnan([figures.off_before, figures.before_px, figures.before_percent]).all()
    footage.print_row("film", "1", FRAMES, 0, figures)
    assert capsys.readouterr().out.split() == [
        "film",
        "1",
        "12",
        "0",
        "-",
        "0.00",
        "0.00",
        "-",
        "0.00",
        "0.00",
        "-",
        "0.00",
    ]


def test_filled_frames_do_not_count(footage: ModuleType) -> None:
    person = make_person()
    person.joints_px[5] += 50
    filled = replace(person, filled_mask=np.arange(FRAMES) == 5)
    assert footage.measure_person(person, None).joints_px > 1
    assert footage.measure_person(filled, None).joints_px == pytest.approx(0, abs=1e-9)


def test_too_short_to_shake(footage: ModuleType) -> None:
    short = footage.measure_person(make_person(frames=2, joint_offset=1.0), None)
    assert np.isnan([short.landmarks_px, short.joints_px, short.joints_percent]).all()
    assert short.off > 0
    long = footage.measure_person(make_person(shake=1.0), None)
    mean = footage.average([short, long], [2, FRAMES])
    assert mean.joints_px == pytest.approx(2)
    assert mean.off == pytest.approx((2 * short.off + FRAMES * long.off) / (2 + FRAMES))
    assert np.isnan(mean.before_px)


def test_people_are_paired_by_track(footage: ModuleType) -> None:
    people = [make_person(track_id=1), make_person(track_id=2, joint_offset=1.0)]
    assert [person.track_id for person in footage.pair_people(people, people[::-1])] == [1, 2]
    with pytest.raises(ValueError, match="person 2 is not the same with both models; do they share an encoder"):
        footage.pair_people(people, [people[0], make_person(track_id=2, frames=5)])
    with pytest.raises(ValueError, match="person 2 is not the same"):
        footage.pair_people(people, people[:1])


# Pictures.


def test_models_are_compared_on_the_same_frames(sheets: ModuleType, tmp_path: Path) -> None:
    """Every frame has a gray of its own; the model after is half as large, and so covers less of it."""
    film = encode_film(
        tmp_path / "film.mp4",
        times_s=[number / 30 for number in range(FRAMES)],
        size=(320, 240),
        draw=lambda number, width, height: np.full((height, width, 3), 40 + 15 * number, np.uint8),
    )
    before = make_person()
    places = np.tile([0.0, 0.0, 2 * DEPTH_M], (FRAMES, 1))
    after = replace(before, body=replace(before.body, translation_m=places), filled_mask=np.arange(FRAMES) == 6)
    path = tmp_path / "new" / "sheet.jpg"
    sheets.write_comparison(film, [before], [after], path)
    sheet = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE).astype(int)
    cell, columns = sheets.CELL_PX, sheets.CELLS
    assert sheet.shape == (5 * cell, columns * cell)
    rows = sheet.reshape(5, cell, columns, cell).swapaxes(1, 2)
    grays = rows[0, :, cell // 2, cell // 2]
    numbers = np.rint((grays - 40) / 15).astype(int)
    assert len(set(numbers)) == columns
    assert 6 not in numbers
    for row in (1, 3):  # the same frame about each body
        np.testing.assert_allclose(rows[row, :, cell // 2, 8], grays, atol=4)
    covered = [(np.abs(rows[row] - rows[row, :, 120:121, 8:9]) > 12).sum() for row in (1, 2, 3, 4)]
    assert covered[0] > 3 * covered[2] > 0
    assert covered[1] > 3 * covered[3] > 0
