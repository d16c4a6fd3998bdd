import importlib.util
from pathlib import Path

import cv2
import pytest

from reference.command_line import assert_refused, call
from reference.tiny_recipe import write_sources

RECIPES = Path(__file__).parents[2] / "recipes"
OWN = """
from dataclasses import replace
from reference.tiny_recipe import TINY

def make_recipe():
    return replace(TINY, loop=replace(TINY.loop, steps=2))
"""


def test_a_training_ends_in_a_model_and_its_curves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = write_sources(tmp_path)
    (tmp_path / "own.py").write_text(OWN)
    out = tmp_path / "out"
    words = ["train", tmp_path / "own.py", "-o", out, "--windows", sources.windows, "--mocap", sources.mocap]
    words += ["--validation", sources.validation]
    assert call(*words) == 0
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith("step 1/2  loss ")
    assert "  pa_mpjpe_mm " not in first
    assert "  pa_mpjpe_mm " in second
    assert second.endswith("  0 min left")
    assert last == f"model: {out / 'model'}"
    assert (out / "model" / "head.onnx").is_file()
    assert cv2.imread(str(out / "curves.png")) is not None

    assert_refused(capsys, f"{out} holds a training run already; give --resume to go on with it", *words)
    assert call(*words, "--resume") == 0
    assert capsys.readouterr().out.splitlines() == [last]


def test_a_missing_recipe_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    message = f"{tmp_path / 'no.py'} is no recipe file; the folder recipes/ has some"
    assert_refused(capsys, message, "train", tmp_path / "no.py", "-o", out, "--windows", tmp_path)
    message = "make_recipe should return a TrainingRecipe, it returned SynthesisRecipe"
    assert_refused(capsys, message, "train", RECIPES / "frames.py", "-o", out, "--windows", tmp_path)
    assert not out.exists()


def test_missing_data_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources, out, nowhere = write_sources(tmp_path), tmp_path / "out", tmp_path / "nowhere"
    (tmp_path / "own.py").write_text(OWN)

    def refuse(message: str, recipe: Path, windows: Path, mocap: Path) -> None:
        assert_refused(capsys, message, "train", recipe, "-o", out, "--windows", windows, "--mocap", mocap)

    own = tmp_path / "own.py"
    refuse(f"{nowhere / 'landmarks.json'} cannot be read", own, nowhere, sources.mocap)
    refuse(f"{nowhere} holds none of acrnn_cmu.tar.xz", own, sources.windows, nowhere)
    refuse("holds windows of 5 frames, default wants 33", RECIPES / "default.py", sources.windows, sources.mocap)
    assert not out.exists()


def test_without_pytorch_the_remedy_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    words = ("train", RECIPES / "default.py", "-o", tmp_path, "--windows", tmp_path)
    assert_refused(capsys, "this command needs PyTorch: pip install 'spsnet[train]'", *words)


def test_help_shows_an_example_and_wrong_arguments_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("train", "--help") == 0
    assert "Example: spsnet train " in capsys.readouterr().out
    assert call("train", RECIPES / "default.py", "-o", tmp_path) == 2  # no --windows
    assert "Usage: spsnet train" in capsys.readouterr().err
