"""The page in headless Chromium: the right body at the right time, in numbers and in pixels."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from reference.headless import Browser, find_browser, open_browser
from spsnet.viewer import ViewerServer, make_standalone_page, open_clip
from viewer.made_run import FPS, grey_of, make_film, make_person, save_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_browser() is None, reason="needs Chromium: install chromium or google-chrome"),
]
GAP = np.r_[0:12, 20:40]
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    first = make_person(1, x_m=-0.6)
    second = make_person(2, GAP, x_m=0.4)
    second = replace(second, filled_mask=second.frame_index > 30, confidence=np.where(GAP < 6, 0.2, 0.9))
    return save_run(root / "clip", first, second, film=make_film(root / "film.mp4"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(run: Path) -> Iterator[str]:
    other = save_run(run.parent / "other", make_person(3))
    with ViewerServer({"clip": run, "other": other}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.address
        server.shutdown()


def open_page(browser: Browser, address: str, size: str = "desktop", *, dark: bool = False) -> None:
    browser.resize(*SIZES[size], phone=size == "phone", dark=dark)
    browser.open("about:blank")
    browser.open(address)
    browser.wait_for("window.viewer?.isSettled", seconds=400)
    assert browser.complaints == []


def look(browser: Browser) -> np.ndarray:
    """The window in RGB, one pixel a CSS pixel; numbers that may be subtracted."""
    picture = cv2.imdecode(np.frombuffer(browser.photograph(), np.uint8), cv2.IMREAD_COLOR_RGB)
    width, height = browser.ask("[innerWidth, innerHeight]")
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).astype(int)


def cut(browser: Browser, picture: np.ndarray, selector: str) -> np.ndarray:
    """The part of a picture that an element takes."""
    find = f"document.querySelector('{selector}').getBoundingClientRect()"
    box = browser.ask(f"((box) => [box.x, box.y, box.width, box.height])({find})")
    x, y, width, height = map(round, box)
    return picture[max(y, 0) : y + height, max(x, 0) : x + width]


@pytest.mark.parametrize("frame", [0, 11, 15, 37])
def test_the_body_and_the_film_are_those_of_the_moment(browser: Browser, address: str, run: Path, frame: int) -> None:
    open_page(browser, f"{address}clips/clip?time={frame / FPS}")
    told = browser.ask("viewer.describe()")
    # The page asks for a quarter of a frame later; a film that tells of its pictures late leaves it at that.
    assert -1e-3 < told["time"] - frame / FPS < 0.26 / FPS
    expected = [1, 2] if frame in GAP else [1]
    assert [person["id"] for person in told["people"]] == expected
    for person, x_m in zip(told["people"], (-0.6, 0.4), strict=False):
        assert person["frame"] == frame
        joints_px = make_person(x_m=x_m).joints_px[frame]
        assert np.array(person["joints_px"]) == pytest.approx(joints_px, abs=0.1)
    film = cut(browser, look(browser), ".film")
    assert film[film.shape[0] // 2, film.shape[1] // 2] == pytest.approx(grey_of(frame), abs=2)


def test_bodies_lie_on_the_film_seen_by_its_camera(browser: Browser, address: str) -> None:
    open_page(browser, f"{address}clips/clip?time=0.4&view=film")
    scene = cut(browser, look(browser), ".scene")
    height, width = scene.shape[:2]
    scale = min(width / 320, height / 240)
    person = make_person(x_m=-0.6)
    pelvis = (person.joints_px[10, 0] - [160, 120]) * scale + np.array([width, height]) / 2
    joints = browser.ask("viewer.describe().people[0].joints_canvas_px")
    assert joints[0] == pytest.approx(pelvis, abs=1)
    x, y = np.rint(pelvis).astype(int)
    red, _, blue = scene[y, x]
    assert blue > red + 60, "the first person is sky blue"
    assert scene[height // 2, width // 2 + 3] == pytest.approx(grey_of(10), abs=6), "the film is behind them"


@pytest.mark.parametrize("view", ["angle", "front", "side", "top", "turntable"])
def test_everybody_is_seen_from_every_side_and_nothing_is_black(browser: Browser, address: str, view: str) -> None:
    open_page(browser, f"{address}clips/clip?time=0.4&view={view}&show=both")
    scene = cut(browser, look(browser), ".scene canvas")
    height, width = scene.shape[:2]
    for person in browser.ask("viewer.describe()")["people"]:
        joints = np.array(person["joints_canvas_px"])
        assert np.all((joints > 0) & (joints < [width, height]))
    spread = scene.max(-1) - scene.min(-1)
    assert (spread > 60).sum() > 300, "bodies are coloured"
    assert (scene.max(-1) < 25).sum() < 0.001 * height * width, "nothing is black"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_cut_off(browser: Browser, address: str, size: str, dark: bool) -> None:
    open_page(browser, f"{address}clips/clip?time=0.4", size, dark=dark)
    hidden = browser.ask(
        """[...document.querySelectorAll("header *, .bar *, .tracks .name, .tracks .ruler")].filter((one) => {
            const box = one.getBoundingClientRect();
            const clipped = one.matches("button, summary") && one.scrollWidth > one.clientWidth + 1;
            return box.width && (box.left < 0 || box.right > innerWidth || box.bottom > innerHeight || clipped);
        }).map((one) => one.outerHTML)"""
    )
    assert hidden == []
    assert browser.ask("document.documentElement.scrollWidth <= innerWidth")
    assert min(browser.ask("['.film', '.scene'].map((one) => document.querySelector(one).clientHeight)")) > 150
    touch = 32 if size == "desktop" else 40
    assert min(browser.ask("[...document.querySelectorAll('.bar button')].map((one) => one.clientHeight)")) >= touch - 2


def test_keys(browser: Browser, address: str) -> None:
    open_page(browser, f"{address}clips/clip?time=0.4")
    for key, view in {"f": "front", "s": "side", "t": "top", "r": "turntable", "c": "film", "a": "angle"}.items():
        browser.press(key)
        assert browser.ask("viewer.stage.view") == view
    for show in ("skeleton", "both", "mesh"):
        browser.press("m")
        assert browser.ask("viewer.show") == show
    browser.press("2")
    browser.wait_for("viewer.selected === 2 && document.querySelector('.follow').value === '2'")
    browser.press("2")
    assert browser.ask("viewer.selected") == 0
    browser.press("ArrowRight")
    browser.wait_for(f"Math.abs(viewer.time - {11 / FPS}) < 1e-3")
    browser.press("ArrowLeft", shift=True)
    browser.wait_for("viewer.time < 1e-3")
    browser.press("?")
    assert browser.ask("document.querySelector('dialog').open")


def test_it_plays_to_the_end_by_the_films_clock(browser: Browser, address: str) -> None:
    open_page(browser, f"{address}clips/clip")
    browser.press(" ")
    browser.wait_for("document.querySelector('video').ended", seconds=120)
    browser.wait_for("!viewer.stale && !viewer.clock.playing")
    assert browser.ask("viewer.describe().people[0].frame") == 39


def test_a_run_without_film_plays_by_itself_and_says_why(browser: Browser, address: str) -> None:
    open_page(browser, f"{address}clips/other")
    assert browser.ask("document.querySelector('.film').hidden")
    assert "bodies only" in browser.ask("document.querySelector('.notes').textContent")
    browser.press(" ")
    browser.wait_for("viewer.time >= viewer.duration", seconds=120)
    assert browser.ask("viewer.duration") == pytest.approx(40 / FPS)


def test_the_chooser_leads_to_the_other_clip(browser: Browser, address: str) -> None:
    open_page(browser, f"{address}clips/clip")
    browser.ask(
        "(() => { const list = document.querySelector('.chooser select');"
        " list.selectedIndex = 1; list.dispatchEvent(new Event('change')); })()"
    )
    browser.wait_for("document.title === 'other · spsnet' && window.viewer?.isSettled", seconds=120)
    assert browser.ask("viewer.describe().people[0].id") == 3


def test_the_saved_page_shows_the_same_without_a_server(browser: Browser, run: Path, tmp_path: Path) -> None:
    clip = open_clip(run)
    page = tmp_path / "page.html"
    page.write_text(make_standalone_page(clip, clip.film.path), encoding="utf-8")
    open_page(browser, f"{page.as_uri()}?time={15 / FPS}")
    told = browser.ask("viewer.describe()")
    assert [person["id"] for person in told["people"]] == [1]
    assert np.array(told["people"][0]["joints_px"]) == pytest.approx(make_person(x_m=-0.6).joints_px[15], abs=0.1)
    film = cut(browser, look(browser), ".film")
    assert film[film.shape[0] // 2, film.shape[1] // 2] == pytest.approx(grey_of(15), abs=2)
    assert browser.ask("document.querySelector('.downloads').hidden")
