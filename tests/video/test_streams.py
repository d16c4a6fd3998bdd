import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from reference.made_films import draw_picture, encode_film, encode_sound, read_quarters
from spsnet.records import UserError
from spsnet.video import VideoFile, record_stream


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Address of a local server of the test's folder."""
    handler = functools.partial(QuietHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class FakeCamera:
    """Gives `pictures` pictures, then none."""

    def __init__(self, pictures: int, *, interrupted: bool = False) -> None:
        self.left, self.interrupted, self.released = pictures, interrupted, False

    def get(self, _: int) -> float:
        return 0.0

    def read(self) -> tuple[bool, np.ndarray | None]:
        if self.left == 0 and self.interrupted:
            raise KeyboardInterrupt
        self.left -= 1
        return (False, None) if self.left < 0 else (True, cv2.cvtColor(draw_picture(0), cv2.COLOR_RGB2BGR))

    def release(self) -> None:
        self.released = True


def test_records_an_address_as_it_is(address: str, tmp_path: Path) -> None:
    source = VideoFile(encode_film(tmp_path / "film.mp4"))
    record_stream(f"{address}/film.mp4", tmp_path / "copy.mkv")
    copy = VideoFile(tmp_path / "copy.mkv")
    for expected, frame in zip(source.frames(), copy.frames(), strict=True):
        assert np.array_equal(frame.image_rgb, expected.image_rgb)
        assert frame.time_s == pytest.approx(expected.time_s, abs=1.1e-3)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.mkv", "film.mp4"]


def test_address_without_pictures(address: str, tmp_path: Path) -> None:
    encode_sound(tmp_path / "voice.m4a")
    with pytest.raises(UserError, match=r"voice\.m4a: sends no pictures"):
        record_stream(f"{address}/voice.m4a", tmp_path / "copy.mkv")
    with pytest.raises(UserError, match=r"gone\.mp4: cannot be reached \(.*\); check the address"):
        record_stream(f"{address}/gone.mp4", tmp_path / "copy.mkv")
    assert [file.name for file in tmp_path.iterdir()] == ["voice.m4a"]


@pytest.mark.parametrize("interrupted", [False, True])
def test_records_a_camera_until_it_ends_or_ctrl_c(
    interrupted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = FakeCamera(5, interrupted=interrupted)
    monkeypatch.setattr(cv2, "VideoCapture", lambda index: camera)
    record_stream("0", tmp_path / "film.mkv")
    frames = list(VideoFile(tmp_path / "film.mkv").frames())
    assert len(frames) == 5
    assert np.allclose(read_quarters(frames[0].image_rgb), read_quarters(draw_picture(0)), atol=10)
    assert camera.released


def test_camera_that_gives_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", lambda index: FakeCamera(0))
    with pytest.raises(UserError, match="camera 3: gives no picture; check that it is plugged in"):
        record_stream(3, tmp_path / "film.mkv")
    assert list(tmp_path.iterdir()) == []


def test_refuses_other_suffixes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"end in \.mkv, got film\.mp4"):
        record_stream(0, tmp_path / "film.mp4")
