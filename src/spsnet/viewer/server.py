"""The page on this machine: a small server that gives out the listed runs and nothing else."""

import mimetypes
import re
import threading
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from spsnet.pipeline.settings import Watch, watch_nothing
from spsnet.records import UserError
from spsnet.viewer.clips import ViewedClip, open_clip
from spsnet.viewer.film import prepare_film
from spsnet.viewer.page import FILM, MOTION, make_served_page

OWN_HOSTS = ("127.0.0.1", "localhost")
"""Names by which a page on this machine may call its server: those of other sites would let their pages read it."""
_OCTETS = "application/octet-stream"


class ViewerServer(ThreadingHTTPServer):
    """Serves on 127.0.0.1; addresses are looked up in tables, so that none reaches another file.

    Convention:
        `/` is the first clip, `/clips/NAME` the page of one, and under it `motion`, `film` and `files/FILE`.
    """

    daemon_threads = True

    def __init__(self, clips: Mapping[str, Path], *, port: int = 0) -> None:
        """Bind the port; `serve_forever` then answers.

        Args:
            clips: Folder of each run by name.
            port: 0 for one that is free.

        Raises:
            UserError: If the port is taken.
        """
        self._folders = dict(clips)
        self._opened: dict[str, ViewedClip] = {}
        self._films: dict[str, Path | None] = {}
        self._lock = threading.Lock()
        self._film_lock = threading.Lock()
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise UserError(f"--port {port}: cannot be used ({error.strerror or error}); choose another") from error

    @property
    def address(self) -> str:
        """Of the first page."""
        return f"http://127.0.0.1:{self.server_port}/"

    @property
    def first(self) -> str:
        """Name of the clip that is shown where none is named."""
        return next(iter(self._folders))

    def find(self, name: str) -> ViewedClip | None:
        """The clip of a name, read when it is first wanted; None where there is none.

        Raises:
            UserError: If its folder is damaged.
        """
        if name not in self._folders:
            return None
        with self._lock:
            if name not in self._opened:
                self._opened[name] = open_clip(self._folders[name])
            return self._opened[name]

    def find_film(self, clip: ViewedClip, *, watch: Watch = watch_nothing) -> Path | None:
        """The clip's film as browsers play it; waits until it is copied where that is needed.

        Raises:
            UserError: If it cannot be read or copied.
        """
        with self._film_lock:
            if clip.name not in self._films:
                self._films[clip.name] = prepare_film(clip.film, watch=watch)
            return self._films[clip.name]

    def list_pages(self) -> list[tuple[str, str]]:
        """Name and page of every clip."""
        return [(name, name_page(name)) for name in self._folders]


def name_page(clip: str) -> str:
    """Address of a clip's page on its server."""
    return f"/clips/{quote(clip, safe='')}"


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: ViewerServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give out a page or a part of one."""
        if (self.headers.get("Host") or "").rpartition(":")[0] not in OWN_HOSTS:
            self._refuse(HTTPStatus.FORBIDDEN, "this server answers to 127.0.0.1 only")
            return
        words = [unquote(word) for word in urlsplit(self.path).path.split("/")[1:]]
        try:
            clip = self.server.find(words[1] if words[0] == "clips" and len(words) > 1 else self.server.first)
            self._answer(clip, words)
        except (UserError, FileNotFoundError) as error:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        except ConnectionError:
            self.close_connection = True  # the browser has moved on

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Keep quiet."""

    def _answer(self, clip: ViewedClip | None, words: list[str]) -> None:
        if clip is not None and (words == [""] or (words[0] == "clips" and len(words) == 2)):
            page = make_served_page(clip, name_page(clip.name), self.server.list_pages())
            self._send(page.encode(), "text/html; charset=utf-8")
        elif clip is not None and words[2:] == [MOTION]:
            self._send(clip.scene.content, _OCTETS)
        elif clip is not None and words[2:] == [FILM] and (film := self.server.find_film(clip)) is not None:
            self._send_file(film)
        elif clip is not None and len(words) == 4 and words[2] == "files" and words[3] in clip.files:
            self._send_file(clip.files[words[3]])
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such page")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self._send(f"{message}\n".encode(), "text/plain; charset=utf-8", status)

    def _send(self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._start(status, kind, len(content))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_file(self, path: Path) -> None:
        """A whole file, or the part that the browser asks for: without parts it cannot jump within a film."""
        kind = mimetypes.guess_type(path.name)[0] or _OCTETS
        size = path.stat().st_size
        wanted = read_range(self.headers.get("Range"), size)
        with path.open("rb") as file:
            if wanted is None:
                self._start(HTTPStatus.OK, kind, size)
                start, stop = 0, size
            else:
                start, stop = wanted
                self._start(HTTPStatus.PARTIAL_CONTENT, kind, stop - start, f"bytes {start}-{stop - 1}/{size}")
            file.seek(start)
            if self.command != "HEAD":
                for piece in iter(partial(file.read, 1 << 16), b""):
                    self.wfile.write(piece[: stop - start])
                    start += len(piece)
                    if start >= stop:
                        break

    def _start(self, status: HTTPStatus, kind: str, length: int, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "no-store" if status != HTTPStatus.PARTIAL_CONTENT else "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last that a Range header asks for; None for the whole file.

    >>> read_range("bytes=10-", 100), read_range("bytes=-10", 100), read_range("bytes=0-9", 100)
    ((10, 100), (90, 100), (0, 10))
    """
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    return (start, stop) if start < stop else None
