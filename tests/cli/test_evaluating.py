import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reference.command_line import assert_refused, call
from reference.made_windows import make_windows
from spsnet.datasets.shards import save_shard

HEADINGS = ["model", "MPJPE", "loss", "PA-MPJPE", "PA", "loss", "PVE", "accel.", "mm/s²", "β", "stature", "girth"]
SHIPPED = Path(__file__).parents[2] / "weights" / "default"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two windows of which one frame was not seen."""
    windows = make_windows(2, 4)
    windows.seen.present_mask[0, 1] = False
    save_shard(tmp_path / "data", 0, {"blazepose-heavy": replace(windows, occluded=None)})
    return tmp_path / "data"


def test_one_command_writes_every_table_the_same_twice(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for run in ("a", "b"):
        files = ["-o", tmp_path / f"{run}.json", "--markdown", tmp_path / f"{run}.md"]
        assert call("evaluate", "--data", data, "--model", f"ours={SHIPPED}", "--linear-map", data, *files) == 0
        said.append(capsys.readouterr().out)
    lines = said[0].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("clean: "))
    assert lines[start] == "clean: 2 windows, 7 of 8 frames scored; 1 left out: nobody seen in the clean picture"
    assert lines[start + 1].split() == HEADINGS
    names = ["blazepose-heavy's 3D landmarks, linear map", "ours ", "ours + refinement", "always the average adult"]
    assert [name for name, line in zip(names, lines[start + 2 :], strict=False) if line.startswith(name)] == names
    assert said[0] == said[1]
    for kind in ("json", "md"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    tables = json.loads((tmp_path / "a.json").read_text())
    assert [table["condition"] for table in tables] == ["clean", "swapped", "lost"]
    assert all(np.isfinite(row["scores"]["mpjpe_mm"]) for table in tables for row in table["rows"])


def test_without_a_model_the_one_that_ships_is_measured(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", "--data", data, "--data", data, "--windows", 1) == 0
    said = capsys.readouterr().out
    assert "\ndefault + refinement " in said
    assert "\nclean: 1 windows, 3 of 4 frames scored" in said
    assert "\ndata (other windows than the clean ones): 1 windows" in said


def test_a_model_may_have_a_name_or_be_its_own(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / "width=3"
    odd.symlink_to(SHIPPED)
    assert call("evaluate", "--data", data, "--model", odd, "--windows", 1) == 0
    assert f"\n{odd} + refinement" in capsys.readouterr().out
    assert_refused(capsys, "--model =x: should be DIR or NAME=DIR", "evaluate", "--data", data, "--model", "=x")
    twice = ["--model", f"a={SHIPPED}", "--model", f"a={SHIPPED}"]
    assert_refused(capsys, "two models are called 'a'; give them names", "evaluate", "--data", data, *twice)


def test_missing_folders_are_named(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "nowhere"
    no_windows = f"{nowhere} holds no shards; `spsnet synthesize` makes them"
    assert_refused(capsys, no_windows, "evaluate", "--data", nowhere)
    assert_refused(capsys, no_windows, "evaluate", "--data", data, "--linear-map", nowhere)
    no_model = f"{nowhere / 'config.json'} cannot be read"
    assert_refused(capsys, no_model, "evaluate", "--data", data, "--model", nowhere)


def test_help_shows_an_example_and_data_are_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", "--help") == 0
    assert "Example: spsnet evaluate --data runs/held_out" in capsys.readouterr().out
    assert call("evaluate") == 2
