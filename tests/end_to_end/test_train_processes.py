"""Training under torchrun: two processes that share each batch give what one gives."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reference.tiny_loop import run_without_chance
from reference.tiny_recipe import write_sources
from spsnet.cli.main import main

TESTS = Path(__file__).parents[1]
PROGRAM = TESTS / "reference" / "tiny_loop.py"


RECIPE = """
from dataclasses import replace
from reference.tiny_recipe import TINY

def make_recipe():
    return replace(TINY, network=replace(TINY.network, regressor_dropout=0.0))
"""


def run_in_two_processes(*words: object) -> str:
    """Returns what they say."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"}
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    command = [*torchrun, *map(str, words)]
    ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def read_log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def assert_same_figures(folder: Path, whole: Path) -> None:
    """To a hundred thousandth: sums are taken in another order, and nine steps of Adam follow on them."""
    lines, expected = read_log(folder), read_log(whole)
    assert [line.pop("kind") for line in lines] == [line.pop("kind") for line in expected]
    for line, other in zip(lines, expected, strict=True):
        assert line == pytest.approx(other, rel=1e-5, abs=1e-6)


def test_two_processes_go_on_with_what_one_began(tmp_path: Path) -> None:
    run_without_chance(tmp_path / "whole")
    run_without_chance(tmp_path / "shared", last=4)
    run_in_two_processes(PROGRAM, tmp_path / "shared", "--resume")
    assert_same_figures(tmp_path / "shared", tmp_path / "whole")


def test_spsnet_train_does_the_same_in_two_processes(tmp_path: Path) -> None:
    """Three windows: one process takes one, the other two."""
    sources = write_sources(tmp_path / "sources")
    recipe = tmp_path / "recipe.py"
    recipe.write_text(RECIPE)
    folders = ("--windows", sources.windows, "--validation", sources.validation, "--mocap", sources.mocap)
    assert main(["train", str(recipe), "-o", str(tmp_path / "one"), *map(str, folders)]) == 0
    said = run_in_two_processes("-m", "spsnet.cli.main", "train", recipe, "-o", tmp_path / "two", *folders)
    assert_same_figures(tmp_path / "two", tmp_path / "one")
    assert [line.split()[:2] for line in said.splitlines()] == [
        *(["step", f"{step}/4"] for step in (1, 2, 3, 4)),
        ["model:", str(tmp_path / "two" / "model")],
    ]
    assert (tmp_path / "two" / "model" / "head.onnx").exists()
    assert len(list((tmp_path / "two" / "tensorboard").iterdir())) == 1  # one of them writes
