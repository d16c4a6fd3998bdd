"""What comes from outside, looked at before anything is done with it."""

import re
import unicodedata
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

from spsnet.records import UserError
from spsnet.server.limits import Limits, RefusedError
from spsnet.video import open_film

_LONGEST_NAME = 200
_HEAD_BYTES = 16
_SUFFIXES = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".3gp", ".wmv", ".flv")


def require_plain_name(name: str) -> str:
    """Refuse what is not the plain name of a film.

    Raises:
        RefusedError: If the name holds a path, is hidden, too long, of unprintable characters, or ends in nothing that
            films end in.
    """
    shown = "".join(c if c.isprintable() else "?" for c in name[:60])
    if not name.strip():
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the film has no name; send it as /jobs?name=FILM.mp4")
    if "/" in name or "\\" in name or name.startswith("."):
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"{shown!r} is a path or hidden; send a plain file name")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, f"{shown!r} is too long or holds characters that cannot be shown; rename the film"
        )
    if Path(name).suffix.lower() not in _SUFFIXES:
        raise RefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"{name!r} is not named like a film; {', '.join(_SUFFIXES)} are taken"
        )
    return name


def make_safe_stem(name: str) -> str:
    """A folder's name out of a film's, letters, digits, - and _ alone.

    >>> make_safe_stem("Läufer 3 (final).mp4")
    'Laufer_3_final'
    """
    plain = unicodedata.normalize("NFKD", Path(name).stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9-]+", "_", plain).strip("_-")[:60] or "film"


async def receive(stream: AsyncIterator[bytes], path: Path, name: str, limits: Limits) -> int:
    """Write what arrives into a new file; whatever is refused or breaks off is removed again.

    Returns:
        Bytes received.

    Raises:
        RefusedError: If it is empty, too large, or does not begin as a film's file does.
    """
    size, head = 0, b""
    try:
        with path.open("xb") as file:
            async for piece in stream:
                size += len(piece)
                limits.require_size(name, size)
                if len(head) < _HEAD_BYTES:
                    head += piece[:_HEAD_BYTES]
                    if len(head) >= _HEAD_BYTES:
                        _require_container(name, head)
                file.write(piece)
        _require_container(name, head)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return size


def require_film(path: Path, name: str, limits: Limits) -> None:
    """Refuse a file that cannot be decoded, or a film that is too long.

    Raises:
        RefusedError: With the reason.
    """
    try:
        info = open_film(path).info
    except UserError as error:
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error).replace(str(path), name)) from error
    limits.require_length(name, None if info.frame_count is None else info.frame_count / info.fps)


def _require_container(name: str, head: bytes) -> None:
    """Playlists and descriptions can make a decoder open other files and addresses: only real containers pass."""
    if not head:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"{name} is empty; send the film as the body of the request")
    known = (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
        or head.startswith((b"\x1aE\xdf\xa3", b"FLV\x01", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"0&\xb2u"))
        or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
        or (head[0:1] == b"G" and not head[:4].isalnum())
    )
    if not known:
        raise RefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"{name} is not a film, whatever its name says; MP4, MOV, MKV, WebM, AVI, MPEG and WMV are taken",
        )
