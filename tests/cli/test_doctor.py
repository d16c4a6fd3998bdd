from collections import namedtuple
from pathlib import Path

import pytest

from spsnet.assets import default_models, fetch_all
from spsnet.cli import doctor
from spsnet.cli.main import main
from spsnet.pipeline import recover
from spsnet.pipeline.recover import find_default_model

Usage = namedtuple("Usage", "total used free")


def read_report(capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, tuple[str, str]], str]:
    """Mark and finding of each check by its name, and what was said on stderr."""
    out, err = capsys.readouterr()
    checks = {}
    for line in out.splitlines():
        if line.startswith("  "):
            mark, name, found = line[2:10].strip(), line[10:36].strip(), line[36:]
            checks[name] = (mark, found)
    return checks, err


def test_a_healthy_installation(capsys: pytest.CaptureFixture[str]) -> None:
    fetch_all(default_models())
    code = main(["doctor"])
    checks, said = read_report(capsys)
    assert (code, said) == (0, "")
    assert {"numpy", "av", "openvino", "engine", "body", "model", "npm", "disk", *default_models()} <= set(checks)
    assert {mark for mark, _ in checks.values()} == {"ok"}
    assert checks["engine"][1].startswith("OpenVINO on CPU")
    assert "vertices" in checks["body"][1]
    assert "encoder blazepose-" in checks["model"][1]


def test_missing_files_are_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPSNET_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(recover, "find_default_model", lambda: tmp_path / "nothing")
    assert main(["doctor"]) == 1
    checks, said = read_report(capsys)
    for name in default_models():
        assert checks[name] == ("MISSING", "not in the cache; `spsnet models pull` fetches it")
    mark, found = checks["model"]
    assert mark == "MISSING"
    assert "nothing/config.json cannot be read" in found
    assert said == f"spsnet: {len(default_models()) + 1} of {len(checks)} checks failed, see above\n"
    assert not (tmp_path / "home").exists(), "nothing is fetched"


def test_a_full_disk_and_a_missing_npm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: Usage(1e9, 9e8, 1e8))
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert main(["doctor"]) == 1
    checks, _ = read_report(capsys)
    assert checks["disk"][0] == "MISSING"
    assert checks["disk"][1].startswith("only 100 MB free at ")
    assert checks["npm"] == ("ok", "not here; only needed to fetch models that come from npm")


def test_the_model_that_ships_is_found_in_a_checkout_and_when_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "src" / "spsnet"
    monkeypatch.setattr(recover, "__file__", str(package / "pipeline" / "recover.py"))
    assert find_default_model() == tmp_path / "weights" / "default"
    (package / "weights" / "default").mkdir(parents=True)
    assert find_default_model() == package / "weights" / "default"
