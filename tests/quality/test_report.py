import json
import re
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from typer.main import get_command

from quality.made_people import FACTS, UP, make_person, take_first_frame
from spsnet.cli.main import app
from spsnet.quality import faults
from spsnet.quality.contact_sheet import ContactSheet, choose_rows
from spsnet.quality.findings import When
from spsnet.quality.remedies import REMEDIES
from spsnet.quality.report import format_json, make_report
from spsnet.quality.thresholds import Thresholds

GOOD = make_person(1)
FILLED = np.isin(np.arange(90), [*range(10, 20), 50])
PEOPLE = (replace(GOOD, filled_mask=FILLED), faults.shake_limb(make_person(2, x_m=0.6), "right arm", 30, 60, 0.03))
REPORT = make_report(PEOPLE, FACTS, up=UP)


def test_figures() -> None:
    first, second = REPORT.figures
    assert (first.person, first.frames, first.filled_frames, first.missing_frames) == (1, 90, 11, 0)
    assert first.longest_gap_s == pytest.approx(11 / 30)  # from the last frame seen to the next
    assert first.confidence == pytest.approx(0.8)
    assert (first.findings, second.findings) == (0, 1)
    limbs = {limb: value for limb, value in second.shake_of.items() if value is not None}
    assert max(limbs, key=lambda limb: limbs[limb]) == "right arm"


def test_json_says_the_same() -> None:
    told = json.loads(format_json(REPORT))
    assert list(told) == ["film", "findings", "people", "thresholds", "curves"]
    assert told["film"]["name"] == "walk.mp4"
    (finding,) = told["findings"]
    assert (finding["kind"], finding["people"]) == ("jitter", [2])
    assert finding["what"] == REPORT.findings[0].what
    assert finding["remedy"] == REMEDIES["jitter"]
    assert finding["stretches"][0]["frames"] == list(REPORT.findings[0].stretches[0].frames)
    assert told["people"][0]["off_percent"] == pytest.approx(REPORT.figures[0].off_percent, abs=1e-4)
    assert told["thresholds"] == asdict(Thresholds())
    curve = told["curves"][0]["confidence"].split(" ")
    assert [value == "-" for value in curve] == FILLED.tolist()
    assert curve[0] == "0.8"


def test_a_person_of_one_frame_is_null_where_nothing_can_be_measured() -> None:
    one = take_first_frame(GOOD)
    told = json.loads(format_json(make_report([one], FACTS, up=UP)))["people"][0]
    assert told["jitter_m_s2"] is None
    assert told["skate_mm_s"] is None
    assert told["frames"] == 1


def test_remedies_name_options_that_there_are() -> None:
    there = {name for parameter in get_command(app).commands["run"].params for name in parameter.opts}  # type: ignore[attr-defined]
    there |= {name for parameter in get_command(app).commands["run"].params for name in parameter.secondary_opts}  # type: ignore[attr-defined]
    named = {option for remedy in REMEDIES.values() for option in re.findall(r"--[a-z-]+", remedy)}
    assert named
    assert named <= there
    assert all(remedy.endswith(".") for remedy in REMEDIES.values())


@pytest.mark.parametrize("field", fields(Thresholds), ids=lambda field: field.name)
def test_limits_are_positive(field) -> None:
    with pytest.raises(ValueError, match=rf"Thresholds\.{field.name} should be positive, got 0"):
        Thresholds(**{field.name: type(field.default)(0)})


def test_rows_of_the_sheet() -> None:
    ten = make_person(1, frames=10)
    assert choose_rows(ten, []) == [1, 3, 6, 8]
    finding = replace(REPORT.findings[0], person_ids=(1,), stretches=(When(0.13, 0.2, (4, 6)),))
    assert choose_rows(ten, [finding]) == [1, 3, 5, 8]


def test_the_sheet_cuts_out_the_person() -> None:
    sheet = ContactSheet([GOOD], [])
    (row, *_) = choose_rows(GOOD, [])
    assert sheet.wants(row)
    assert not sheet.wants(row + 1)
    x, y, side = GOOD.box_xys_px[row] / 2  # of a picture half as large
    picture = np.full((360, 640, 3), 50, np.uint8)
    left, top = int(x - side / 2), int(y - side / 2)
    picture[max(top, 0) : top + int(side), left : left + int(side)] = (200, 40, 40)
    sheet.take(row, picture, 0.5)
    ((time_s, frame, source),) = sheet.get_pictures(1)
    assert (time_s, frame) == (pytest.approx(row / 30), row)
    assert np.abs(decode(source)[112, 112].astype(int) - (200, 40, 40)).max() < 12
    assert np.abs(decode(source)[112, [8, -9]].astype(int) - (200, 40, 40)).max() < 12
    assert sheet.get_pictures(9) == []


def decode(source: str) -> np.ndarray:
    import base64

    import cv2

    data = np.frombuffer(base64.b64decode(source.removeprefix("data:image/jpeg;base64,")), np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
