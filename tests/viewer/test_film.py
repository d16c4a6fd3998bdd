import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference.made_films import encode_film
from spsnet.records import UserError
from spsnet.video import open_film
from spsnet.viewer.film import Film, find_film, prepare_film
from viewer.made_run import draw_grey, grey_of, make_film, save_run


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPSNET_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "films"


def find(folder: Path) -> Film:
    return find_film(folder, json.loads((folder / "summary.json").read_text()))


def test_the_input_is_shown_as_it_is_where_browsers_play_it(tmp_path: Path, cache: Path) -> None:
    path = make_film(tmp_path / "clip.mp4")
    film = find(save_run(tmp_path / "out", film=path))
    assert film == Film(path=path, fps=25.0)
    assert prepare_film(film) == path
    assert not cache.exists()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("clip.avi", {"codec": "mpeg4"}),
        ("clip.mp4", {"pix_fmt": "yuv444p"}),
        ("clip.mp4", {"times_s": (0.1, 0.2, 0.3)}),
    ],
)
def test_other_films_are_copied_once(tmp_path: Path, cache: Path, name: str, options: dict[str, Any]) -> None:
    path = encode_film(tmp_path / name, **({"times_s": (0.0, 0.1, 0.2), "rate": 10} | options))
    copy = prepare_film(Film(path=path, fps=10.0))
    assert copy is not None
    assert copy.parent == cache
    assert [frame.time_s for frame in open_film(copy).frames()] == pytest.approx([0, 0.1, 0.2], abs=1e-4)
    changed = copy.stat().st_mtime_ns
    assert prepare_film(Film(path=path, fps=10.0)) == copy
    assert copy.stat().st_mtime_ns == changed


def test_a_page_to_be_sent_gets_a_copy_of_480_lines(tmp_path: Path) -> None:
    path = encode_film(tmp_path / "large.mp4", times_s=(0.0, 0.1), size=(1280, 960), draw=draw_grey)
    copy = prepare_film(Film(path=path, fps=10.0), small=True)
    assert copy is not None
    assert (open_film(copy).info.width, open_film(copy).info.height) == (640, 480)
    frames = [frame.image_rgb.mean() for frame in open_film(copy).frames()]
    assert frames == pytest.approx([grey_of(0), grey_of(1)], abs=3)


def test_an_input_that_changed_gives_way_to_the_film_in_the_overlay(tmp_path: Path) -> None:
    path = make_film(tmp_path / "clip.mp4")
    out = save_run(tmp_path / "out", film=path)
    path.write_bytes(path.read_bytes()[:-1] + b"!")

    def draw_overlay(number: int, width: int, height: int) -> np.ndarray:
        picture = np.full((height, width, 3), 255, np.uint8)
        picture[:, :300] = 40
        return picture

    # 0.55 of 200 lines are the side view's 110 columns.
    encode_film(out / "overlay.mp4", times_s=(0.0, 0.1), size=(410, 200), draw=draw_overlay)
    film = find(out)
    assert film.path == out / "overlay.mp4"
    assert film.film_share == pytest.approx(300 / 410)
    assert film.note == f"{path} is gone, or has changed since the run: showing overlay.mp4 in its place."
    copy = prepare_film(film)
    assert copy is not None
    frame = next(iter(open_film(copy).frames()))
    assert frame.image_rgb.shape == (200, 300, 3)
    assert frame.image_rgb[:, :290].mean() == pytest.approx(40, abs=3)


def test_without_input_and_overlay_there_is_no_film_and_a_word_on_it(tmp_path: Path) -> None:
    film = find(save_run(tmp_path / "out"))
    assert prepare_film(film) is None
    assert film.note == (
        "gone.mp4 is gone, or has changed since the run, and the folder holds no overlay.mp4: bodies only."
    )
    assert find_film(tmp_path, {}).note.startswith("The run does not name its film, and")


def test_the_recording_of_a_camera_lies_in_the_folder(tmp_path: Path) -> None:
    recording = make_film(tmp_path / "recording.mp4", frames=3)
    out = save_run(tmp_path / "out", film=recording)
    recording.rename(out / "recording.mkv")
    assert find(out).path == out / "recording.mkv"


def test_a_film_that_cannot_be_read_is_refused_and_leaves_nothing(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "broken.avi"
    path.write_bytes(b"no film")
    with pytest.raises(UserError, match=r"broken\.avi"):
        prepare_film(Film(path=path, fps=10.0))
    assert list(cache.glob("*.mp4")) == []
