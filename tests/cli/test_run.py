"""Words of the command line to settings, without a film."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from spsnet.assets import DEFAULT_DETECTOR
from spsnet.cli import run as command
from spsnet.cli.main import main
from spsnet.cli.progress import show_progress
from spsnet.export import extras
from spsnet.pipeline import running
from spsnet.pipeline.settings import RunSettings
from spsnet.records import UserError


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the pipeline was asked to run; it does nothing and needs nothing."""
    calls: list[dict[str, Any]] = []

    def run_one(source: str, out: Path, settings: RunSettings, **options: Any) -> tuple[Path, None]:
        if "bad" in source:
            raise UserError(f"{source}: bad")
        calls.append({"source": source, "out": out, "settings": settings, **options})
        return out / Path(source).stem, None

    monkeypatch.setattr(running, "run", run_one)
    monkeypatch.setattr(command, "fetch_all", lambda names, report: [])
    return calls


def test_defaults(asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "walk.mp4"]) == 0
    (call,) = asked
    assert call["settings"] == RunSettings(detector=DEFAULT_DETECTOR)
    assert (call["source"], call["out"], call["overlay"], call["force"]) == ("walk.mp4", Path("out"), True, False)
    assert capsys.readouterr() == ("out/walk: done before, left as it is; --force does it again\n", "")


def test_every_choice(asked: list[dict[str, Any]], tmp_path: Path) -> None:
    words = (
        f"-o {tmp_path} --model weights --detector ssdlite --encoder full --device cpu --people 2 --smooth 0.2 "
        "--no-refine --focal-px 900 --fps 25 --export npz,glb,bvh,glb --no-overlay --force"
    )
    assert main(["run", "walk.mp4", *words.split()]) == 0
    (call,) = asked
    assert call["settings"] == RunSettings(
        model=Path("weights"),
        detector="ssdlite",
        encoder="full",
        people=2,
        smooth_s=0.2,
        refine=False,
        focal_px=900.0,
        fps=25.0,
    )
    assert (call["out"], call["overlay"], call["force"]) == (tmp_path, False, True)
    assert call["exports"] == ("glb", "bvh")


@pytest.mark.parametrize(("word", "seconds"), [("auto", None), ("none", 0.0), ("0", 0.0), ("0.1", 0.1)])
def test_smooth(word: str, seconds: float | None, asked: list[dict[str, Any]]) -> None:
    assert main(["run", "walk.mp4", "--smooth", word]) == 0
    assert asked[0]["settings"].smooth_s == seconds


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Missing argument"),
        (["a.mp4", "--smooth", "much"], "'much' is neither auto, none nor seconds"),
        (["a.mp4", "--smooth", "-1"], "should be between 0 and 10 seconds"),
        (["a.mp4", "--smooth", "nan"], "should be between 0 and 10 seconds"),
        (["a.mp4", "--detector", "eyes"], "'eyes' is none of"),
        (["a.mp4", "--encoder", "light"], "'light' is not one of"),
        (
            ["a.mp4", "--export", "npz,fbx"],
            "'fbx' is none of npz, amass, glb, bvh, usd, obj, ply, c3d, trc; for others",
        ),
        (["a.mp4", "--people", "0"], "should be greater than or equal to 1"),
        (["a.mp4", "--focal-px", "-5"], "should be positive"),
        (["a.mp4", "--fps", "0"], "should be positive"),
        (["a.mp4", "--device", "tpu"], "'tpu' is not one of"),
        (["a.mp4", "--nonsense"], "No such option"),
    ],
)
def test_wrong_arguments_end_with_2(
    words: list[str], message: str, asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *words]) == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert message in said
    assert asked == []


def test_a_device_that_cannot_be_had_ends_with_1(
    asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "a.mp4", "--device", "cuda"]) == 1
    assert capsys.readouterr().err == ("spsnet: --device cuda: this version runs on the CPU only; leave --device out\n")


def test_a_library_that_is_missing_is_said_before_the_run(
    asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    assert main(["run", "a.mp4", "--export", "usd"]) == 1
    said = capsys.readouterr().err
    assert said == "spsnet: writing usd needs a library that is not installed: pip install 'spsnet[usd]'\n"
    assert asked == []


def test_inputs_in_turn_each_once(
    asked: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.mp4", "a.mp4", "[x].mp4", "bad.mp4"):
        (tmp_path / name).touch()
    assert main(["run", "*.mp4", "a.mp4", "[x].mp4"]) == 1
    assert [call["source"] for call in asked] == ["[x].mp4", "a.mp4", "b.mp4"]
    assert capsys.readouterr().err == ("spsnet: bad.mp4: bad\nspsnet: 1 of 4 inputs could not be done: bad.mp4\n")


def test_models_are_fetched_before_the_first_film_and_not_for_none(
    asked: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[list[str]] = []
    monkeypatch.setattr(command, "fetch_all", lambda names, report: fetched.append(names))
    monkeypatch.setattr(running, "list_needed_assets", lambda settings: [settings.detector])
    assert main(["run", str(tmp_path / "gone.mp4")]) == 0
    assert fetched == []
    (tmp_path / "a.mp4").touch()
    assert main(["run", str(tmp_path / "a.mp4"), "--detector", "ssdlite"]) == 0
    assert fetched == [["ssdlite"]]


def test_the_command_is_kept(asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/spsnet", "run", "walk.mp4", "--force"])
    assert main() == 0
    assert asked[0]["command"] == ("spsnet", "run", "walk.mp4", "--force")


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--help"]) == 0
    assert "Example: spsnet run walk.mp4 -o out" in capsys.readouterr().out


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("walk.mp4") as watch:
        assert list(watch(range(3), "finding people", 3)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("total", [3, None])
def test_progress_shows_a_bar_on_a_terminal(total: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.openpty()
    with os.fdopen(writer, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        with show_progress("walk.mp4") as watch:
            assert list(watch(range(3), "finding people", total)) == [0, 1, 2]
    shown = b""
    with contextlib.suppress(OSError):  # the end, as Linux tells it
        while piece := os.read(reader, 4096):
            shown += piece
    os.close(reader)
    assert b"walk.mp4: finding people" in shown
    assert b"3/3" in shown
