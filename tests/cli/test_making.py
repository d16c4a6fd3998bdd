import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference.made_windows import make_windows
from reference.tiny_training import write_mocap
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.cli.main import main
from spsnet.datasets.shards import save_shard
from spsnet.evaluation.windows import WindowScores

RECIPES = Path(__file__).parents[2] / "recipes"


def call(*words: object) -> int:
    return main([str(word) for word in words])


def assert_refused(capsys: pytest.CaptureFixture[str], message: str, *words: object) -> None:
    assert call(*words) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("spsnet: ")
    assert message in said.err
    assert len(said.err.splitlines()) == 1


def test_a_missing_recipe_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    message = f"{tmp_path / 'no.py'} is no recipe file; the folder recipes/ has some"
    assert_refused(capsys, message, "synthesize", tmp_path / "no.py", "-o", out)
    assert_refused(capsys, message, "train", tmp_path / "no.py", "-o", out, "--frames", tmp_path)
    assert not out.exists()


def test_a_recipe_for_the_other_command_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = "make_recipe should return a SynthesisRecipe, it returned TrainingRecipe"
    assert_refused(capsys, message, "synthesize", RECIPES / "default.py", "-o", tmp_path)


def test_missing_data_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, nowhere = tmp_path / "out", tmp_path / "nowhere"
    no_motion = f"{nowhere} holds none of acrnn_cmu.tar.xz, cmu_expmap.tar.xz, reactidle.tar.xz; pass --mocap DIR"
    assert_refused(capsys, no_motion, "synthesize", RECIPES / "frames.py", "-o", out, "--mocap", nowhere)
    no_frames = f"{nowhere / 'landmarks.json'} cannot be read"
    assert_refused(
        capsys, no_frames, "train", RECIPES / "default.py", "-o", out, "--frames", nowhere, "--mocap", tmp_path
    )
    LandmarkOffsets(encoder="blazepose-heavy", body="b", offset_m=np.zeros((33, 3), np.float32)).save(tmp_path)
    assert_refused(
        capsys, no_motion, "train", RECIPES / "default.py", "-o", out, "--frames", tmp_path, "--mocap", nowhere
    )
    no_windows = f"{nowhere} holds no shards; `spsnet synthesize` makes them"
    assert_refused(capsys, no_windows, "evaluate", "--data", nowhere)
    assert not out.exists()


def test_simulated_windows_need_measured_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mocap = write_mocap(tmp_path / "mocap")
    message = "simulated windows need --frames: a folder of rendered ones that the noise was measured on"
    assert_refused(
        capsys, message, "synthesize", RECIPES / "held_out_simulated.py", "-o", tmp_path / "out", "--mocap", mocap
    )


@pytest.mark.parametrize("command", ["synthesize", "train"])
def test_without_pytorch_the_remedy_is_said(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    words = [command, RECIPES / "default.py", "-o", tmp_path, *(["--frames", tmp_path] if command == "train" else [])]
    assert_refused(capsys, "this command needs PyTorch: pip install 'spsnet[train]'", *words)


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of two windows of which one frame was not seen, and models that are always a certain bit wrong."""
    windows = make_windows(2, 4)
    windows.seen.present_mask[0, 0] = False
    save_shard(tmp_path / "data", 0, {"blazepose-heavy": windows})

    def evaluate_model(windows: Any, folder: Path, *, refine: bool) -> WindowScores:
        wrong = 60.25 if folder.name == "good" else 100.0
        return WindowScores(
            mpjpe_mm=wrong - 10 * refine,
            pa_mpjpe_mm=wrong / 2,
            acceleration_mm_frame2=3.14,
            acceleration_mm_s2=3.14 * 900,
            frames=int(windows.seen.present_mask.sum()),
            shape_error=0.5,
        )

    monkeypatch.setattr("spsnet.evaluation.windows.evaluate_model", evaluate_model)
    return tmp_path / "data"


def test_models_are_compared_in_a_table(scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", "--data", scored, "--model", "good", "--model", "bad", "-o", tmp_path / "t.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{scored}: 2 windows, 7 of 8 frames with a person seen"
    assert lines[3].split() == ["model", "MPJPE", "PA-MPJPE", "accel", "shape"]
    assert [line.split() for line in lines[4:]] == [
        ["good", "60.2", "30.1", "3.1", "0.50"],
        ["good", "+", "refinement", "50.2", "30.1", "3.1", "0.50"],
        ["bad", "100.0", "50.0", "3.1", "0.50"],
        ["bad", "+", "refinement", "90.0", "50.0", "3.1", "0.50"],
    ]
    table = json.loads((tmp_path / "t.json").read_text())
    assert table["data"] == str(scored)
    assert [(row["model"], row["refined"], row["mpjpe_mm"], row["frames"]) for row in table["rows"]] == [
        ("good", False, 60.25, 7),
        ("good", True, 50.25, 7),
        ("bad", False, 100.0, 7),
        ("bad", True, 90.0, 7),
    ]


def test_without_a_model_the_one_that_ships_is_measured(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", "--data", scored) == 0
    assert "weights/default" in capsys.readouterr().out


def test_long_names_do_not_run_into_the_numbers(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call("evaluate", "--data", scored, "--model", "runs/of_a_rather_long_name_indeed/that_has/good")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-4:] for line in lines[4:]] == [
        ["60.2", "30.1", "3.1", "0.50"],
        ["50.2", "30.1", "3.1", "0.50"],
    ]
    assert len({len(line) for line in lines[3:]}) == 1


@pytest.mark.parametrize("command", ["synthesize", "train", "evaluate"])
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(command, "--help") == 0
    assert f"Example: spsnet {command} " in capsys.readouterr().out


def test_wrong_arguments_end_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", RECIPES / "default.py", "-o", tmp_path) == 2  # no --frames
    assert call("synthesize", RECIPES / "frames.py") == 2  # no --out
    assert call("evaluate") == 2
    assert "Usage: spsnet" in capsys.readouterr().err
