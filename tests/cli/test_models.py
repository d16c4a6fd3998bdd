import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from spsnet.assets import Asset, Package, catalogue
from spsnet.cli.main import main
from spsnet.cli.models import show_transfers

CONTENT = b"weights of a small network"
TOYS = Package(registry="npm", name="@toys/pose", version="2.0", size=1000)
HEAVY, DETECTOR, FILM = (
    Asset(
        name=name,
        role=role,
        package=TOYS,
        member=f"package/{name}.bin",
        filename=f"{name}.bin",
        sha256=hashlib.sha256(CONTENT + name.encode()).hexdigest(),
        size=len(CONTENT + name.encode()),
        licence="MIT",
        about="a toy",
    )
    for name, role in [("blazepose-heavy", "encoder"), ("detector-nanodet", "detector"), ("footage-toy", "footage")]
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package by hand that holds a catalogue of three; no network, and no client to reach it."""
    monkeypatch.setattr(catalogue, "_ASSETS", (HEAVY, DETECTOR, FILM))
    monkeypatch.setenv("SPSNET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SPSNET_OFFLINE", raising=False)
    path = tmp_path / "toys.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for asset in (HEAVY, DETECTOR, FILM):
            archive.writestr(asset.member, CONTENT + asset.name.encode())
    return path


def test_list_shows_name_role_licence_size_and_state(package, capsys):
    assert main(["models", "list"]) == 0
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.startswith("blazepose-heavy *")]
    assert line.split() == ["blazepose-heavy", "*", "encoder", "MIT", "0.0", "absent", "a", "toy", "@toys/pose@2.0"]
    assert "footage-toy *" not in out
    main(["models", "pull", "--from-file", str(package)])
    main(["models", "list"])
    assert "absent" not in capsys.readouterr().out.split("cache:")[-2]


def test_pull_from_a_file_then_everything_is_here(package, tmp_path, capsys):
    assert main(["models", "pull", "--from-file", str(package)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"blazepose-heavy  {tmp_path / 'home' / 'assets' / 'blazepose-heavy.bin'}"
    assert len(said) == 3
    for arguments in ([], ["--all"], ["--footage"], ["footage-toy", "--footage"]):
        assert main(["models", "pull", *arguments]) == 0
    pulled = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert pulled == [
        *("blazepose-heavy", "detector-nanodet"),
        *("blazepose-heavy", "detector-nanodet", "footage-toy"),
        *("footage-toy", "footage-toy"),
    ]


def test_pull_without_the_client_says_what_to_do(package, capsys):
    assert main(["models", "pull"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(
        "spsnet: blazepose-heavy, detector-nanodet are not fetched: @toys/pose@2.0 comes through"
    )
    assert "--from-file" in said.err
    assert len(said.err.splitlines()) == 1


def test_pull_of_an_unknown_name_suggests_the_nearest(package, capsys):
    assert main(["models", "pull", "blazepose-havy"]) == 1
    assert "did you mean blazepose-heavy?" in capsys.readouterr().err


def test_verify_tells_what_is_broken_and_the_remedy(package, tmp_path, capsys):
    assert main(["models", "verify"]) == 0, "what was never fetched is not broken"
    main(["models", "pull", "--from-file", str(package)])
    assert main(["models", "verify"]) == 0
    (tmp_path / "home" / "assets" / "footage-toy.bin").write_bytes(b"half")
    capsys.readouterr()
    assert main(["models", "verify"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == ["whole   blazepose-heavy", "whole   detector-nanodet", "broken  footage-toy"]
    assert said.err == f"spsnet: 1 broken in {tmp_path / 'home'}: run `spsnet models pull footage-toy`\n"


@pytest.mark.parametrize("arguments", [["models", "pull", "--nonsense"], ["nonsense"], ["models", "verify", "extra"]])
def test_wrong_arguments_end_with_2(arguments, capsys):
    assert main(arguments) == 2
    assert "Usage: spsnet" in capsys.readouterr().err


def test_the_traceback_is_shown_to_those_who_ask(package, capsys):
    assert main(["models", "pull", "nothing"]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert main(["models", "pull", "nothing", "--verbose"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_fault_of_ours_is_one_line_too(package, monkeypatch, capsys):
    monkeypatch.setattr("spsnet.cli.models.list_assets", lambda role=None: 1 / 0)
    assert main(["models", "verify"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("spsnet: this is a fault in spsnet, please report it: ZeroDivisionError: division by zero;")
    assert len(said.splitlines()) == 1


def test_version_and_help(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("spsnet 0.")
    for command in ("list", "pull", "verify"):
        assert main(["models", command, "--help"]) == 0
        assert f"Example: spsnet models {command}" in capsys.readouterr().out


def test_transfers_are_silent_without_a_terminal(capsys):
    with show_transfers() as report:
        report(TOYS, 0)
        report(TOYS, 5000)
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_ends_with_1_and_ends_the_client_too(tmp_path):
    program, started = tmp_path / "npm", tmp_path / "started"
    program.write_text(f"#!{sys.executable} -S\nimport os, time\nopen('pid', 'w').write(str(os.getpid()))\n"
                       f"os.rename('pid', {str(started)!r})\ntime.sleep(60)\n")  # fmt: skip
    program.chmod(0o755)
    environment = {**os.environ, "PATH": str(tmp_path), "SPSNET_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", "import sys; from spsnet.cli.main import main; sys.exit(main())", "models", "pull"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said == "spsnet: stopped by Ctrl-C\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
