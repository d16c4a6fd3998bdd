from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import pytest

from reference.made_films import QUARTERS, draw_picture, read_quarters
from spsnet.records import UserError
from spsnet.video import VideoFile, VideoWriter
from spsnet.video.writer import name_partial


def write_film(
    path: Path, pictures: Iterable[tuple[np.ndarray, float]], *, crf: int = 22, error: BaseException | None = None
) -> None:
    """Write pictures with their times, then fail with `error`."""
    with VideoWriter(path, fps=30.0, crf=crf) as writer:
        for image, time_s in pictures:
            writer.write(image, time_s)
        if error is not None:
            raise error


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_what_is_written_can_be_read(name: str, tmp_path: Path) -> None:
    times = [0.0, 1 / 30, 0.1, 0.5, 0.51, 2.0]
    write_film(tmp_path / name, ((draw_picture(number), time_s) for number, time_s in enumerate(times)), crf=10)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    film = VideoFile(tmp_path / name)
    frames = list(film.frames())
    assert [frame.time_s for frame in frames] == pytest.approx(times, abs=6e-4 if name == "film.mkv" else 1e-5)
    for frame in frames:
        assert np.allclose(read_quarters(frame.image_rgb), list(QUARTERS.values()), atol=6)
        assert np.abs(frame.image_rgb.astype(int) - draw_picture(frame.index)).mean() < 3
    assert film.warnings == ()


def test_plays_everywhere(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "film.mp4", fps=29.97) as writer:
        for number in range(5):
            writer.write(draw_picture(number), number / 29.97)
    data = (tmp_path / "film.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(tmp_path / "film.mp4")) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        assert (stream.codec_context.name, frame.format.name) == ("h264", "yuv420p")
        assert (frame.colorspace, frame.color_range) == (6, 1)


def test_mpeg4_where_there_is_no_x264(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    write_film(tmp_path / "film.mp4", ((draw_picture(number), number / 30) for number in range(5)))
    film = VideoFile(tmp_path / "film.mp4")
    assert [frame.time_s for frame in film.frames()] == pytest.approx([number / 30 for number in range(5)], abs=1e-4)


def test_odd_sizes_gain_a_repeated_edge(tmp_path: Path) -> None:
    write_film(tmp_path / "film.mp4", [(draw_picture(0, 161, 121), 0.0)], crf=5)
    image = next(VideoFile(tmp_path / "film.mp4").frames()).image_rgb
    assert image.shape == (122, 162, 3)
    assert np.allclose(image[-1, :60].astype(int), image[-2, :60], atol=4)


def test_8k(tmp_path: Path) -> None:
    write_film(tmp_path / "film.mp4", [(draw_picture(0, 7680, 4320), 0.0), (draw_picture(1, 7680, 4320), 0.5)])
    film = VideoFile(tmp_path / "film.mp4")
    assert (film.info.width, film.info.height) == (7680, 4320)
    frame = next(film.frames())
    assert np.allclose(read_quarters(frame.image_rgb), list(QUARTERS.values()), atol=6)


def test_failure_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"older")
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error):
            write_film(tmp_path / "film.mp4", [(draw_picture(0), 0.0)], error=error())
    assert [file.name for file in tmp_path.iterdir()] == ["film.mp4"]
    assert (tmp_path / "film.mp4").read_bytes() == b"older"


@pytest.mark.parametrize("frames", [1, 400])
def test_full_disk(frames: int, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    name_partial(path).symlink_to("/dev/full")
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (120, 160, 3), np.uint8)
    pictures = ((np.roll(noise, number * 7, axis=0), number / 30) for number in range(frames))
    with pytest.raises(UserError, match=r"film\.mp4: the disk is full; free some space"):
        write_film(path, pictures, crf=1)
    assert list(tmp_path.iterdir()) == []


def test_frames_closer_than_the_file_can_say_are_spread(tmp_path: Path) -> None:
    times = [0.0, 1e-6, 2e-6, 0.1]
    write_film(tmp_path / "film.mp4", [(draw_picture(number), time_s) for number, time_s in enumerate(times)])
    read = [frame.time_s for frame in VideoFile(tmp_path / "film.mp4").frames()]
    assert read == pytest.approx([0, 1 / 60_000, 2 / 60_000, 0.1], abs=1e-6)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"film\.mp4: the folder .*gone does not exist"):
        write_film(tmp_path / "gone" / "film.mp4", [])


def test_refuses_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"end in \.mp4 or \.mkv, got film\.wmv"):
        VideoWriter(tmp_path / "film.wmv", fps=30.0)
    with pytest.raises(ValueError, match="fps should be positive, got 0"):
        VideoWriter(tmp_path / "film.mp4", fps=0.0)
    with pytest.raises(ValueError, match="inside its with block"):
        VideoWriter(tmp_path / "film.mp4", fps=30.0).write(draw_picture(0), 0.0)
    with pytest.raises(ValueError, match="no picture was written"):
        write_film(tmp_path / "film.mp4", [])
    with pytest.raises(ValueError, match=r"time_s should rise, got 0\.1 after 0\.1"):
        write_film(tmp_path / "film.mp4", [(draw_picture(0), 0.1), (draw_picture(1), 0.1)])
    with pytest.raises(ValueError, match="pictures should be 160×120 like the first, got 80×60"):
        write_film(tmp_path / "film.mp4", [(draw_picture(0), 0.0), (draw_picture(0, 80, 60), 0.1)])
    assert list(tmp_path.iterdir()) == []
