"""The page: what it says, and that a browser shows all of it on a laptop and on a phone."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from quality.made_people import FACTS, UP, make_person
from reference.headless import NAMES, Browser, find_browser, open_browser
from spsnet.quality import faults
from spsnet.quality.contact_sheet import ContactSheet
from spsnet.quality.report import Report, make_report
from spsnet.quality.report_page import make_page

GOOD = make_person(1)
SHAKEN = faults.swap_sides(faults.shake_limb(make_person(2, x_m=0.6), "right arm", 30, 60, 0.03), 65, 80)
FILLED = replace(make_person(3, x_m=0.0), filled_mask=np.isin(np.arange(90), np.arange(20, 50)))


def make_pages(*people, warnings: tuple[str, ...] = ()) -> tuple[Report, str]:
    report = make_report(people, replace(FACTS, warnings=warnings), up=UP)
    sheet = ContactSheet(people, report.findings)
    for frame in range(90):
        if sheet.wants(frame):
            sheet.take(frame, np.full((720, 1280, 3), (40, 90, 160), np.uint8), 1.0)
    return report, make_page(report, sheet)


REPORT, PAGE = make_pages(GOOD, SHAKEN, FILLED)


def read(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.split("</head>")[1]))


def test_problems_stand_first_with_what_to_do() -> None:
    text = read(PAGE)
    assert len(REPORT.findings) == 3
    for finding in REPORT.findings:
        assert f"{finding.what} {finding.remedy}" in text
    assert text.index("3 things to look at") < text.index(REPORT.findings[0].what) < text.index("shakes most")
    assert "1280 × 720, 90 frames, 3.0 s at 30 frames a second" in text


def test_everybody_has_a_row_pictures_and_curves() -> None:
    assert PAGE.count("<tr>") == 4
    for number in (1, 2, 3):
        assert PAGE.count(f'alt="person {number} at ') == 4
        assert PAGE.count(f"of person {number} over time") == 4
    assert PAGE.count('class="shade gap"') == 4  # in each chart of the third
    assert ">right arm</td>" in PAGE


def test_nothing_is_fetched() -> None:
    assert "http" not in PAGE
    assert all(source.startswith("data:image/jpeg;base64,") for source in re.findall(r'src="([^"]*)"', PAGE))


def test_a_good_film_and_an_empty_one() -> None:
    text = read(make_pages(GOOD)[1])
    assert "Nothing to look at No problem was found." in text
    text = read(make_pages(warnings=("nobody was found in this film",))[1])
    assert "nobody was found in this film Film with more light" in text
    assert "People" not in text


def test_names_are_text() -> None:
    report = make_report([], replace(FACTS, name="<b>&.mp4"), up=UP)
    assert "<b>&.mp4" not in make_page(report, ContactSheet([], []))
    assert "&lt;b&gt;&amp;.mp4" in make_page(report, ContactSheet([], []))


def test_of_many_people_the_most_troubled_are_open() -> None:
    crowd = [replace(GOOD, track_id=number) for number in range(1, 10)]
    _, page = make_pages(*crowd, replace(SHAKEN, track_id=10))
    assert "2 more people" in page
    assert page.index("Person 10</h2>") < page.index("<summary>2 more people")


@pytest.mark.skipif(find_browser() is None, reason=f"none of {', '.join(NAMES)} on the PATH")
def test_a_browser_shows_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(PAGE, encoding="utf-8")
    with open_browser() as browser:
        for width, height in ((1280, 800), (390, 844)):
            browser.resize(width, height, phone=width < 500)
            browser.open((tmp_path / "report.html").as_uri())
            browser.wait_for("document.readyState == 'complete' && document.querySelectorAll('.plots').length")
            assert browser.complaints == []
            assert browser.ask("innerWidth") == width
            assert browser.ask("document.documentElement.scrollWidth") <= width
            assert browser.ask(f"{_BOXES}.filter(box => box.right > innerWidth + 1 || box.left < -1).length") == 0
            labels = "[...document.querySelectorAll('svg text')].map(e => e.getBoundingClientRect().height)"
            assert browser.ask(f"Math.min(...{labels})") >= 10
            assert browser.ask("[...document.images].every(image => image.naturalWidth)")
            shown = browser.ask("document.body.innerText")
            assert all(finding.what in shown for finding in REPORT.findings)
            light = photograph(browser)
            browser.resize(width, height, phone=width < 500, dark=True)
            assert photograph(browser).mean() < 80 < 180 < light.mean()


_BOXES = "[...document.querySelectorAll('body *')].map(e => e.getBoundingClientRect())"


def photograph(browser: Browser) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(browser.photograph(), np.uint8), cv2.IMREAD_COLOR)
