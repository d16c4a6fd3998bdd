"""What is refused before anything is done with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spsnet.server.limits import Limits, RefusedError
from spsnet.server.uploads import make_safe_stem, receive, require_film, require_plain_name


@pytest.mark.parametrize("name", ["walk.mp4", "Läufer 3 (final).MOV", "..mp4.mkv"[2:], "走る.webm"])
def test_plain_names_pass(name: str) -> None:
    assert require_plain_name(name) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "has no name"),
        ("  ", "has no name"),
        ("../../x.mp4", r"'\.\./\.\./x\.mp4' is a path or hidden"),
        ("/etc/x.mp4", "is a path or hidden"),
        ("..\\x.mp4", "is a path or hidden"),
        (".x.mp4", "is a path or hidden"),
        ("a\nb.mp4", r"'a\?b\.mp4' is too long or holds characters that cannot be shown"),
        ("a\x00.mp4", "characters that cannot be shown"),
        ("\u202exe.mp4", "characters that cannot be shown"),
        (300 * "a" + ".mp4", "is too long"),
        ("x.html", r"'x\.html' is not named like a film; \.mp4, "),
        ("mp4", "is not named like a film"),
    ],
)
def test_other_names_are_refused(name: str, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        require_plain_name(name)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Läufer 3 (final).mp4", "Laufer_3_final"),
        ("走る.mp4", "film"),
        ("a.b.mp4", "a_b"),
        ("-rf.mp4", "rf"),
        (150 * "x" + ".mp4", 60 * "x"),
        ("CON.mp4", "CON"),
    ],
)
def test_folders_get_harmless_names(name: str, stem: str) -> None:
    assert make_safe_stem(name) == stem


def take(pieces: list[bytes], path: Path, limits: Limits | None = None) -> int:
    async def arrive() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return asyncio.run(receive(arrive(), path, "x.mp4", limits or Limits()))


def test_a_film_arrives_in_pieces_of_any_size(tmp_path: Path, film: bytes) -> None:
    pieces = [film[i : i + 7] for i in range(0, len(film), 7)]
    assert take(pieces, tmp_path / "a.mp4") == len(film)
    assert (tmp_path / "a.mp4").read_bytes() == film
    require_film(tmp_path / "a.mp4", "x.mp4", Limits())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.mp4 is empty"),
        (b"<html><body>this is a page</body></html>", "x.mp4 is not a film, whatever its name says"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "is not a film"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "is not a film"),
        (b"GIF89a and more and more", "is not a film"),
        (b"RIFF1234WAVEfmt 12345678", "is not a film"),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\n", "is not a film"),
        (b"short", "is not a film"),
    ],
)
def test_what_is_no_film_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        take([content[:10], content[10:]] if content else [], tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_more_than_announced_is_cut_off(tmp_path: Path, film: bytes) -> None:
    with pytest.raises(RefusedError, match=r"x\.mp4 has 0\.\d MB, at most 0\.0 MB are taken; cut or compress"):
        take([film, film], tmp_path / "a.mp4", Limits(film_bytes=len(film)))
    assert list(tmp_path.iterdir()) == []


def test_a_head_without_a_film_and_a_long_film_are_refused(tmp_path: Path, film: bytes) -> None:
    (tmp_path / "film.mp4").write_bytes(film)
    with pytest.raises(RefusedError, match=r"mine\.mp4 lasts 0\.0 minutes, at most 0\.005 are taken; cut the film"):
        require_film(tmp_path / "film.mp4", "mine.mp4", Limits(film_s=0.3))
    (tmp_path / "film.mp4").write_bytes(film[:40] + bytes(len(film) - 40))
    with pytest.raises(RefusedError, match=r"^mine\.mp4: "):
        require_film(tmp_path / "film.mp4", "mine.mp4", Limits())


def test_limits_name_what_they_are_and_must_take_something() -> None:
    with pytest.raises(RefusedError, match=r"x\.mp4 has 4\.0 GB, at most 2\.0 GB are taken"):
        Limits().require_size("x.mp4", 4_000_000_000)
    with pytest.raises(RefusedError, match=r"x\.mp4 does not fit: 1\.2 GB are free on the disk"):
        Limits().require_room("x.mp4", 300_000_000, 1_200_000_000)
    Limits().require_length("x.mp4", None)
    with pytest.raises(ValueError, match=r"Limits\.waiting should be positive, got 0"):
        Limits(waiting=0)
