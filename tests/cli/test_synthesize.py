import importlib.util
from pathlib import Path

import pytest

from reference.command_line import assert_refused, call
from reference.tiny_training import write_mocap

RECIPES = Path(__file__).parents[2] / "recipes"


def test_a_missing_recipe_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    message = f"{tmp_path / 'no.py'} is no recipe file; the folder recipes/ has some"
    assert_refused(capsys, message, "synthesize", tmp_path / "no.py", "-o", out)
    assert not out.exists()


def test_a_recipe_for_the_other_command_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = "make_recipe should return a SynthesisRecipe, it returned TrainingRecipe"
    assert_refused(capsys, message, "synthesize", RECIPES / "default.py", "-o", tmp_path)


def test_missing_data_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, nowhere = tmp_path / "out", tmp_path / "nowhere"
    no_motion = (
        f"{nowhere} holds none of acrnn_cmu.tar.xz, cmu_expmap.tar.xz, reactidle.tar.xz, *.npz; pass --mocap DIR"
    )
    assert_refused(capsys, no_motion, "synthesize", RECIPES / "frames.py", "-o", out, "--mocap", nowhere)
    assert not out.exists()


def test_simulated_windows_need_measured_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mocap = write_mocap(tmp_path / "mocap")
    message = "simulated windows need --frames: a folder of rendered ones that the noise was measured on"
    assert_refused(
        capsys, message, "synthesize", RECIPES / "held_out_simulated.py", "-o", tmp_path / "out", "--mocap", mocap
    )


def test_without_pytorch_the_remedy_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    message = "this command needs PyTorch: pip install 'spsnet[train]'"
    assert_refused(capsys, message, "synthesize", RECIPES / "frames.py", "-o", tmp_path)


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("synthesize", "--help") == 0
    assert "Example: spsnet synthesize " in capsys.readouterr().out


def test_wrong_arguments_end_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("synthesize", RECIPES / "frames.py") == 2  # no --out
    assert "Usage: spsnet" in capsys.readouterr().err
