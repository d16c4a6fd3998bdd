import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from reference.command_line import assert_refused, call
from viewer.made_run import make_film, make_person, save_run


def test_save_writes_one_file_that_holds_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPSNET_HOME", str(tmp_path / "cache"))
    out = save_run(tmp_path / "walk", make_person(), film=make_film(tmp_path / "film.mp4"))
    page = tmp_path / "page.html"
    assert call("view", out, "--save", page) == 0
    assert capsys.readouterr().out == f"{page}: {page.stat().st_size / 1e6:.1f} MB, opens in any browser\n"
    assert '<script type="text/plain" id="film">' in page.read_text(encoding="utf-8")


def test_a_page_holds_one_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("run", "walk"):
        save_run(tmp_path / name)
    message = f"{tmp_path}: holds 2 clips (run, walk); give one of them to --save"
    assert_refused(capsys, message, "view", tmp_path, "--save", tmp_path / "page.html")


def test_a_folder_without_runs_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(capsys, "holds no result of a run", "view", tmp_path)


def test_a_page_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = save_run(tmp_path / "walk")
    assert_refused(capsys, "page.html", "view", out, "--save", tmp_path / "gone" / "page.html")


def test_a_port_that_is_taken_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert_refused(capsys, f"--port {port}: cannot be used", "view", save_run(tmp_path / "a"), "--port", port)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a signal")
def test_it_serves_until_ctrl_c(tmp_path: Path) -> None:
    out = save_run(tmp_path / "walk", make_person())
    program = [sys.executable, "-m", "spsnet.cli.main", "view", str(out), "--no-browser"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.match(r"(http://127\.0\.0\.1:\d+/) shows walk; Ctrl-C ends it", line)
        assert found is not None, line
        with urllib.request.urlopen(found[1], timeout=60) as answer:
            assert "<title>walk · spsnet</title>" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert (rest, errors, process.returncode) == ("ended\n", "", 0)
