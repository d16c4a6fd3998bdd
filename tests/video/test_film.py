import os
from pathlib import Path

import cv2
import pytest

from reference.made_films import draw_picture, encode_film
from spsnet.records import UserError
from spsnet.video import Film, PictureFilm, VideoFile, is_stream, open_film


def test_opens_files_folders_and_pictures(tmp_path: Path) -> None:
    video = encode_film(tmp_path / "film.mp4", times_s=[0.0])
    folder = tmp_path / "folder"
    folder.mkdir()
    picture = folder / "1.PNG"
    picture.write_bytes(cv2.imencode(".png", draw_picture(0))[1].tobytes())
    opened = {video: VideoFile, folder: PictureFilm, picture: PictureFilm}
    for source, kind in opened.items():
        film = open_film(source)
        assert isinstance(film, kind)
        assert isinstance(film, Film)
        assert (film.info.path, film.info.frame_count) == (source, 1)
        assert [frame.image_rgb.shape for frame in film.frames()] == [(120, 160, 3)]
    assert isinstance(open_film(str(video)), VideoFile)
    assert open_film(folder, fps=12.0).info.fps == 12.0


def test_refuses_what_is_missing_or_empty(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.mp4: there is no such file or folder"):
        open_film(tmp_path / "gone.mp4")
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(UserError, match=r"empty\.mp4: the file is empty \(0 bytes\)"):
        open_film(tmp_path / "empty.mp4")


def test_refuses_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="pipe: this is a device or a pipe"):
        open_film(tmp_path / "pipe")


def test_refuses_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode_film(tmp_path / "film.mp4", times_s=[0.0])

    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError, match=r"film\.mp4: you have no permission to read it"):
        open_film(path)


def test_refuses_a_rate_that_is_not_positive(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fps should be positive, got 0"):
        open_film(tmp_path, fps=0.0)


@pytest.mark.parametrize("source", [0, "0", "12", "rtsp://host/live", "http://host:81/film.mp4"])
def test_live_sources(source: str | int) -> None:
    assert is_stream(source)


def test_paths_are_not_live_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "7").touch()
    assert not any(is_stream(source) for source in ("film.mp4", Path("a/b.mp4"), "7", "C:\\film.mp4", "C:/film.mp4"))
