"""The addresses, asked as a browser and as an attacker would."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient

from server.test_queue import FINDS, WAITS, MakeWorker, wait_for
from spsnet.server.app import make_app
from spsnet.server.jobs import JobStore
from spsnet.server.limits import Limits
from spsnet.server.queue import JobQueue


@contextmanager
def open_client(folder: Path, command: Callable[[Path, Path], list[str]], **limits: int) -> Iterator[TestClient]:
    store, taken = JobStore(folder / "jobs"), Limits(**limits)
    app = make_app(folder, taken, queue=JobQueue(store, taken, command=command), store=store)
    with TestClient(app, base_url="http://127.0.0.1:8350") as client:
        yield client


def list_states(client: TestClient) -> list[str]:
    return [job["state"] for job in client.get("/jobs").json()]


def test_a_film_is_handed_in_watched_and_removed(tmp_path: Path, make_worker: MakeWorker, film: bytes) -> None:
    command = make_worker(WAITS)
    with open_client(tmp_path, command) as client:
        page = client.get("/")
        assert "Drop a film here" in page.text
        assert "%%" not in page.text
        answer = client.post("/jobs", params={"name": "Läufer <b>.mp4"}, content=film)
        assert answer.status_code == 201
        number = answer.json()["number"]
        wait_for(lambda: list_states(client) == ["running"])
        assert (tmp_path / "jobs" / number / "Laufer_b.mp4").read_bytes() == film
        assert client.get(f"/jobs/{number}").json() == {"message": "there is no result of this film"}
        (tmp_path / "jobs" / number / "go").touch()
        wait_for(lambda: list_states(client) == ["done"])
        assert client.delete(f"/jobs/{number}").status_code == 200
        assert client.get("/jobs").json() == []
        assert client.delete(f"/jobs/{number}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "status", "message"),
    [
        ("../../x.mp4", None, 400, "'../../x.mp4' is a path or hidden; send a plain file name"),
        ("x.mp4", b"<html>a page that is named like a film</html>", 415, "x.mp4 is not a film, whatever its name says"),
        ("x.mp4", b"", 400, "x.mp4 is empty"),
        ("x.exe", None, 415, "'x.exe' is not named like a film"),
        ("", None, 400, "the film has no name"),
    ],
)
def test_what_must_be_refused_is_and_nothing_stays(
    tmp_path: Path, make_worker: MakeWorker, film: bytes, name: str, content: bytes | None, status: int, message: str
) -> None:
    with open_client(tmp_path, make_worker(FINDS)) as client:
        answer = client.post("/jobs", params={"name": name}, content=film if content is None else content)
        assert answer.status_code == status
        assert answer.json()["message"].startswith(message)
        assert client.get("/jobs").json() == []
    assert list((tmp_path / "jobs").iterdir()) == []


def test_other_sites_and_other_names_get_nothing(tmp_path: Path, make_worker: MakeWorker, film: bytes) -> None:
    with open_client(tmp_path, make_worker(FINDS)) as client:
        foreign = {"origin": "http://evil.example"}
        assert client.post("/jobs", params={"name": "x.mp4"}, content=film, headers=foreign).status_code == 403
        assert client.get("/jobs", headers={"host": "evil.example"}).status_code == 403
        own = {"origin": "http://127.0.0.1:8350"}
        assert client.post("/jobs", params={"name": "x.mp4"}, content=film, headers=own).status_code == 201
        for path in ("/jobs/../../etc", "/jobs/0123456789abcdef/files/..%2f..%2fjob.json", "/docs"):
            assert client.get(path).status_code in (404, 405)
        assert client.get("/").headers["content-security-policy"].startswith("default-src 'self'")


@contextmanager
def serve(folder: Path, command: Callable[[Path, Path], list[str]], **limits: int) -> Iterator[tuple[str, int]]:
    """A real server, for what only a socket shows."""
    store, taken = JobStore(folder / "jobs"), Limits(**limits)
    app = make_app(folder, taken, queue=JobQueue(store, taken, command=command), store=store)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        wait_for(lambda: server.started)
        try:
            yield door.getsockname()
        finally:
            server.should_exit = True
            thread.join()


def test_four_gigabytes_are_refused_before_they_are_sent(tmp_path: Path, make_worker: MakeWorker) -> None:
    with serve(tmp_path, make_worker(FINDS)) as address, socket.create_connection(address) as caller:
        caller.sendall(b"POST /jobs?name=x.mp4 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000000000\r\n\r\nbegins")
        answer = b"".join(iter(lambda: caller.recv(4096), b"")).decode()
    assert answer.startswith("HTTP/1.1 413")
    assert "x.mp4 has 4.0 GB, at most 2.0 GB are taken; cut or compress the film" in answer
    assert list((tmp_path / "jobs").iterdir()) == []


def test_two_hundred_at_once_fill_the_queue_and_no_more(tmp_path: Path, make_worker: MakeWorker, film: bytes) -> None:
    command = make_worker(WAITS)
    with serve(tmp_path, command, waiting=3) as (host, port):
        start = threading.Barrier(40)

        def send(number: int) -> tuple[int, str]:
            start.wait(20)
            answers = [
                httpx.post(f"http://{host}:{port}/jobs?name=f{number}.mp4", content=film, timeout=60) for _ in range(5)
            ]
            refused = next((answer for answer in answers if answer.status_code != 201), None)
            taken = sum(answer.status_code == 201 for answer in answers)
            assert all(answer.status_code in (201, 503) for answer in answers)
            return taken, refused.json()["message"] if refused is not None else ""

        with ThreadPoolExecutor(40) as pool:
            results = list(pool.map(send, range(40)))
        taken = sum(count for count, _ in results)
        assert 3 <= taken <= 4  # three wait, and one may run
        messages = [message for _, message in results if message]
        assert all("are arriving at this moment" in m or "3 films are waiting already" in m for m in messages)
        assert len(messages) >= 39
        states = [job["state"] for job in httpx.get(f"http://{host}:{port}/jobs").json()]
        assert sorted(set(states)) in (["running", "waiting"], ["waiting"])


def test_news_come_as_they_happen_and_a_broken_upload_leaves_nothing(
    tmp_path: Path, make_worker: MakeWorker, film: bytes
) -> None:
    command = make_worker(FINDS)
    with serve(tmp_path, command) as (host, port):
        with socket.create_connection((host, port)) as caller:
            caller.sendall(
                b"POST /jobs?name=x.mp4 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999\r\n\r\n" + film[:99]
            )
            wait_for(lambda: len(list((tmp_path / "jobs").iterdir())) == 1)
        wait_for(lambda: list((tmp_path / "jobs").iterdir()) == [])
        heard: list[list[str]] = []
        with httpx.stream("GET", f"http://{host}:{port}/events", timeout=20) as news:
            assert news.headers["content-type"].startswith("text/event-stream")
            lines = (line for line in news.iter_lines() if line)
            assert next(lines) == "data: []"
            httpx.post(f"http://{host}:{port}/jobs?name=x.mp4", content=film)
            end_s = time.monotonic() + 20
            while heard[-1:] != [["done"]] and time.monotonic() < end_s:
                heard.append([job["state"] for job in json.loads(next(lines).removeprefix("data: "))])
        assert heard[-1] == ["done"]
