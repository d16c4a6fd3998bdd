"""Viewer and report of real films in headless Chromium: the right bodies at the right time, nothing cut off.

With SPSNET_PICTURES=DIR the pictures stay, to be looked at.
"""

import os
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from reference.headless import NAMES, Browser, find_browser, open_browser
from spsnet.assets import fetch
from spsnet.cli.main import main
from spsnet.pipeline.results import load_people
from spsnet.video import VideoWriter, open_film
from spsnet.viewer import ViewerServer

FILMS = {"sports2d": 20, "vtest": 10}
"""Frames of each that are run, from a second on."""
SIZES = ((1280, 800), (390, 844))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_browser() is None, reason=f"none of {', '.join(NAMES)} on the PATH"),
]


@pytest.fixture(scope="module", params=FILMS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result of a second of a real film."""
    scratch = tmp_path_factory.mktemp("pages")
    film = open_film(fetch(f"footage-{request.param}"))
    first = round(2 * film.info.fps)
    path = scratch / f"{request.param}.mp4"
    with VideoWriter(path, fps=film.info.fps) as writer:
        for frame in islice(film.frames(), first, first + FILMS[request.param]):
            writer.write(frame.image_rgb, (frame.index - first) / film.info.fps)
    assert main(["run", str(path), "-o", str(scratch / "out")]) == 0
    return scratch / "out" / path.stem


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def keep(picture: bytes, folder: Path, name: str) -> np.ndarray:
    place = Path(os.environ.get("SPSNET_PICTURES", folder.parent))
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}.png").write_bytes(picture)
    return cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_viewer_shows_who_was_there(browser: Browser, folder: Path, width: int, height: int) -> None:
    people = load_people(folder)
    time_s = float(people[0].time_s[len(people[0]) // 2])
    with ViewerServer({folder.name: folder}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.resize(width, height, phone=width < 500)
        browser.open(f"{server.address}?time={time_s}")
        browser.wait_for("window.viewer?.isSettled", seconds=400)
        told = {person["id"]: person for person in browser.ask("viewer.describe().people")}
        picture = keep(browser.photograph(), folder, f"viewer_{folder.name}_{width}")
        assert browser.complaints == []
        assert browser.ask("document.documentElement.scrollWidth") <= width
        scene = browser.ask(
            "((b) => [b.x, b.y, b.right, b.bottom])(document.querySelector('.scene').getBoundingClientRect())"
        )
        server.shutdown()
    there = {person.track_id: np.flatnonzero(np.isclose(person.time_s, time_s, atol=1e-3)) for person in people}
    assert set(told) == {track for track, rows in there.items() if len(rows)} != set()
    for person in people:
        for row in there[person.track_id]:
            joints_px = np.array(told[person.track_id]["joints_px"])
            assert joints_px == pytest.approx(person.joints_px[row, : len(joints_px)], abs=0.1)
    left, top, right, bottom = (round(edge * picture.shape[1] / width) for edge in scene)
    bodies = picture[top:bottom, left:right]
    assert (bodies.max(-1) < 8).mean() < 0.002  # nothing is black
    assert (np.ptp(bodies, axis=-1) > 60).mean() > 0.005  # and somebody is there, in a colour


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_report_is_legible(browser: Browser, folder: Path, width: int, height: int) -> None:
    browser.resize(width, height, phone=width < 500)
    browser.open((folder / "report.html").as_uri())
    browser.wait_for("document.readyState == 'complete' && document.querySelectorAll('.plots').length")
    keep(browser.photograph(), folder, f"report_{folder.name}_{width}")
    assert browser.complaints == []
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.ask("[...document.images].every(image => image.naturalWidth)")
    for person in load_people(folder):
        assert f"Person {person.track_id}" in browser.ask("document.body.textContent")
