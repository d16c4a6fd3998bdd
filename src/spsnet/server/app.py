"""The server's addresses."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from spsnet.records import UserError
from spsnet.server.jobs import Job, JobStore
from spsnet.server.limits import Limits, RefusedError
from spsnet.server.queue import JobQueue
from spsnet.server.uploads import receive, require_film, require_plain_name
from spsnet.viewer.clips import ViewedClip, open_clip
from spsnet.viewer.film import prepare_film
from spsnet.viewer.page import FILM, MOTION, make_served_page
from spsnet.viewer.server import OWN_HOSTS

_NEWS_EVERY_S = 0.3
_KEPT_CLIPS = 4
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' data: blob:; frame-ancestors 'none'",
}
"""The pages carry their own style and script; nothing comes from elsewhere."""


def make_app(folder: Path, limits: Limits, *, queue: JobQueue | None = None, store: JobStore | None = None) -> FastAPI:
    """The application; its queue works from start to end.

    Convention:
        `/` is the page where films are dropped. `POST /jobs?name=FILM.mp4` with the film as its body hands one in;
        `GET /jobs` lists all, `GET /events` tells of every change (server-sent events); `POST /jobs/N/cancel`,
        `DELETE /jobs/N`. `/jobs/N` is the viewer's page, and under it `motion`, `film` and `files/FILE`.

    Args:
        folder: Of the jobs.
        limits: What is taken.
        queue: To be used instead of one of its own.
        store: That of `queue`.
    """
    jobs = store or JobStore(folder)
    line = queue or JobQueue(jobs, limits)

    @asynccontextmanager
    async def live(_app: FastAPI) -> AsyncIterator[None]:
        line.start()
        yield
        await run_in_threadpool(line.stop)

    app = FastAPI(title="spsnet", lifespan=live, docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(_guard)
    app.exception_handler(RefusedError)(_refuse)
    app.exception_handler(UserError)(_refuse)
    _add_jobs(app, jobs, line, limits)
    _add_results(app, jobs)
    return app


def _add_jobs(app: FastAPI, store: JobStore, queue: JobQueue, limits: Limits) -> None:
    """Handing in, watching, cancelling, removing."""

    @app.get("/")
    def show_page() -> HTMLResponse:
        page = (resources.files("spsnet.server") / "static" / "page.html").read_text(encoding="utf-8")
        return HTMLResponse(page.replace("%%limits%%", json.dumps(vars(limits))))

    @app.get("/jobs")
    def list_jobs() -> list[dict[str, Any]]:
        return queue.describe()

    @app.post("/jobs", status_code=HTTPStatus.CREATED)
    async def hand_in(request: Request, name: str = "") -> dict[str, str]:
        require_plain_name(name)
        announced = request.headers.get("content-length", "")
        size_bytes = int(announced) if announced.isdecimal() else 0
        limits.require_size(name, size_bytes)
        limits.require_room(name, size_bytes, shutil.disk_usage(store.folder).free)
        job = queue.reserve(name)
        try:
            film = store.get_film(job)
            size_bytes = await receive(request.stream(), film, name, limits)
            await run_in_threadpool(require_film, film, name, limits)
        except ClientDisconnect:
            queue.discard(job.number)
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"{name} broke off; send it again") from None
        except BaseException:
            queue.discard(job.number)
            raise
        queue.enqueue(job, size_bytes)
        return {"number": job.number}

    @app.get("/events")
    async def tell_news(request: Request) -> StreamingResponse:
        async def tell() -> AsyncIterator[str]:
            before = ""
            while not await request.is_disconnected():
                now = json.dumps(queue.describe())
                if now != before:
                    yield f"data: {now}\n\n"
                    before = now
                await asyncio.sleep(_NEWS_EVERY_S)

        return StreamingResponse(tell(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @app.post("/jobs/{number}/cancel")
    def cancel(number: str) -> dict[str, str]:
        queue.cancel(number)
        return {"number": number}

    @app.delete("/jobs/{number}")
    def remove(number: str) -> dict[str, str]:
        queue.discard(number)
        return {"number": number}


def _add_results(app: FastAPI, store: JobStore) -> None:
    """The viewer's page of each finished job, and its files."""

    @lru_cache(maxsize=_KEPT_CLIPS)
    def open_result(folder: Path) -> ViewedClip:
        return open_clip(folder)

    @lru_cache(maxsize=_KEPT_CLIPS)
    def find_film(folder: Path) -> Path | None:
        return prepare_film(open_result(folder).film)

    def find(number: str) -> tuple[Job, Path]:
        job = store.find(number)
        folder = None if job is None else store.find_result(job)
        if job is None or folder is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is no result of this film")
        return job, folder

    @app.get("/jobs/{number}")
    def show_result(number: str) -> HTMLResponse:
        _, folder = find(number)
        done = [(job.name, f"/jobs/{job.number}") for job in store.list() if job.state == "done"]
        return HTMLResponse(make_served_page(open_result(folder), f"/jobs/{number}", done))

    @app.get(f"/jobs/{{number}}/{MOTION}")
    def get_motion(number: str) -> Response:
        return Response(open_result(find(number)[1]).scene.content, media_type="application/octet-stream")

    @app.get(f"/jobs/{{number}}/{FILM}")
    def get_film(number: str) -> FileResponse:
        film = find_film(find(number)[1])
        if film is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "the film cannot be shown")
        return FileResponse(film)

    @app.get("/jobs/{number}/files/{name}")
    def get_file(number: str, name: str) -> FileResponse:
        path = open_result(find(number)[1]).files.get(name)
        if path is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such file")
        return FileResponse(path, filename=None if path.suffix == ".html" else name)


async def _guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Answer to this machine's own pages alone: other sites' pages can send requests here as well."""
    own = request.url.hostname in OWN_HOSTS
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if not own or (foreign and request.method not in ("GET", "HEAD")):
        return JSONResponse({"message": "this server answers to its own page only"}, HTTPStatus.FORBIDDEN)
    response = await answer(request)
    response.headers.update(_HEADERS)
    return response


async def _refuse(_request: Request, error: Exception) -> JSONResponse:
    """Say why, in words; the connection is closed, since a film may still be coming."""
    status = error.status if isinstance(error, RefusedError) else HTTPStatus.INTERNAL_SERVER_ERROR
    return JSONResponse({"message": str(error)}, status, headers={"Connection": "close"})
