import importlib.util
import json
from pathlib import Path

import pytest

from reference.command_line import call
from reference.tiny_recipe import write_sources, write_windows

RECIPES = Path(__file__).parents[2] / "recipes"
OWN = """
from dataclasses import replace
from reference.tiny_recipe import TINY
from spsnet.training.recipe import AblationRecipe
from spsnet.training.variants import make_variants

def make_recipe():
    base = replace(TINY, loop=replace(TINY.loop, steps=2, report_steps=1))
    return AblationRecipe(
        name="own", base=base, variants={"without L_adv": make_variants(base)["without L_adv"]}, seeds=(0, 1)
    )
"""


def test_an_ablation_ends_in_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources, held_out = write_sources(tmp_path), write_windows(tmp_path / "held_out", seed=9)
    (tmp_path / "own.py").write_text(OWN)
    out = tmp_path / "out"
    words = ("ablate", tmp_path / "own.py", "-o", out, "--windows", sources.windows, "--data", held_out)
    assert call(*words, "--mocap", sources.mocap) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("0/4  full, seed 0: step 1/2  loss ")
    assert lines[1].startswith("0/4  full, seed 0: step 2/2  loss ")
    assert lines[1].endswith(" min left")
    assert lines[2].startswith("1/4  full, seed 0: PA-MPJPE ")
    assert " on held_out  (A: entropy " in lines[2]
    assert lines[11].startswith("4/4  without L_adv, seed 1: PA-MPJPE ")
    assert lines[12].startswith("14 LSP joints")
    assert "held_out: costs" in lines
    assert lines[-1] == f"tables: {out / 'table.md'}, {out / 'table.json'}"
    (table,) = json.loads((out / "table.json").read_text())
    assert [row["name"] for row in table["rows"]] == ["full", "without L_adv"]
    assert [len(row["scores"]["pve_mm"]) for row in table["rows"]] == [2, 2]
    assert "| without L_adv |" in (out / "table.md").read_text()

    # Once more: everything is there, and only the tables are shown.
    assert call(*words, "--mocap", sources.mocap) == 0
    again = capsys.readouterr().out.splitlines()
    assert again == lines[12:]


def test_the_recipe_of_a_training_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = RECIPES / "default.py"
    assert call("ablate", recipe, "-o", tmp_path / "out", "--windows", tmp_path, "--data", tmp_path) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (f"spsnet: {recipe}: make_recipe should return a AblationRecipe, it returned TrainingRecipe\n")
    assert not (tmp_path / "out").exists()


def test_without_pytorch_the_remedy_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    words = ("ablate", RECIPES / "ablation.py", "-o", tmp_path, "--windows", tmp_path, "--data", tmp_path)
    assert call(*words) == 1
    assert capsys.readouterr().err == "spsnet: this command needs PyTorch: pip install 'spsnet[train]'\n"


def test_help_shows_an_example_and_wrong_arguments_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("ablate", "--help") == 0
    assert "Example: spsnet ablate recipes/ablation.py " in capsys.readouterr().out
    assert call("ablate", RECIPES / "ablation.py", "-o", tmp_path) == 2  # no --windows
    assert call("ablate", RECIPES / "ablation.py", "-o", tmp_path, "--windows", tmp_path) == 2  # no --data
