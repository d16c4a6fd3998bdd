import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spsnet.viewer.server import ViewerServer, read_range
from viewer.made_run import make_film, make_person, save_run


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ViewerServer]:
    root = tmp_path_factory.mktemp("runs")
    first = save_run(root / "a b", make_person(), film=make_film(root / "film.mp4"))
    second = save_run(root / "second")
    with ViewerServer({"a b": first, "second": second}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def get(server: ViewerServer, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def test_the_first_page_and_that_of_each_clip(server: ViewerServer) -> None:
    status, headers, page = get(server, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>a b · spsnet</title>" in page.decode()
    assert get(server, "/clips/a%20b?time=2")[2] == page
    assert "<title>second · spsnet</title>" in get(server, "/clips/second")[2].decode()


def test_motion_film_and_files(server: ViewerServer) -> None:
    clip = server.find("a b")
    assert clip is not None
    assert get(server, "/clips/a%20b/motion")[2] == clip.scene.content
    status, headers, film = get(server, "/clips/a%20b/film")
    assert (status, headers["content-type"], headers["accept-ranges"]) == (200, "video/mp4", "bytes")
    assert clip.film.path is not None
    assert film == clip.film.path.read_bytes()
    npz = get(server, "/clips/a%20b/files/person_001.npz")[2]
    assert npz == clip.files["person_001.npz"].read_bytes()


def test_parts_of_a_film(server: ViewerServer) -> None:
    whole = get(server, "/clips/a%20b/film")[2]
    status, headers, part = get(server, "/clips/a%20b/film", Range="bytes=10-19")
    assert (status, part) == (206, whole[10:20])
    assert headers["content-range"] == f"bytes 10-19/{len(whole)}"
    assert get(server, "/clips/a%20b/film", Range="bytes=-7")[2] == whole[-7:]
    assert get(server, "/clips/a%20b/film", Range="bytes=nonsense")[::2] == (200, whole)
    status, headers, nothing = get(server, "/clips/a%20b/film", method="HEAD")
    assert (status, headers["content-length"], nothing) == (200, str(len(whole)), b"")


@pytest.mark.parametrize(
    "path",
    [
        "/clips/none", "/clips/none/motion", "/clips/second/film", "/clips/second/files/gone", "/etc/passwd",
        "/clips/second/files/%2e%2e%2fsecond%2fsummary.json", "/clips/..%2f", "/clips/second/files/../../a",
    ],
)  # fmt: skip
def test_nothing_else_is_given_out(server: ViewerServer, path: str) -> None:
    status, _, content = get(server, path)
    assert (status, content) == (404, b"there is no such page\n")


def test_pages_of_other_hosts_cannot_reach_in(server: ViewerServer) -> None:
    assert get(server, "/", Host=f"evil.example:{server.server_port}")[0] == 403
    assert get(server, "/", Host=f"localhost:{server.server_port}")[0] == 200


def test_a_damaged_run_is_named(tmp_path: Path) -> None:
    folder = save_run(tmp_path / "a", make_person())
    (folder / "person_001.npz").write_bytes(b"broken")
    with ViewerServer({"a": folder}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        status, _, content = get(server, "/")
        server.shutdown()
    assert status == 500
    assert b"person_001.npz is not a whole person" in content


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None), ("bytes=-", None), ("bytes=5-", (5, 100)), ("bytes=5-5", (5, 6)), ("bytes=90-200", (90, 100)),
        ("bytes=-200", (0, 100)), ("bytes=100-", None), ("bytes=9-5", None), ("bytes=1-2,4-5", None),
    ],
)  # fmt: skip
def test_ranges_by_hand(header: str | None, expected: tuple[int, int] | None) -> None:
    assert read_range(header, 100) == expected
