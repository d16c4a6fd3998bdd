"""Training under torchrun: two processes that share each batch give what one gives."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reference.tiny_loop import run_without_chance

TESTS = Path(__file__).parents[1]


def train_in_two_processes(folder: Path, *words: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"}
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    command = [*torchrun, str(TESTS / "reference" / "tiny_loop.py"), str(folder), *words]
    ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr


def read_log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def assert_same_figures(folder: Path, whole: Path) -> None:
    """To a hundred thousandth: sums are taken in another order, and nine steps of Adam follow on them."""
    lines, expected = read_log(folder), read_log(whole)
    assert [line.pop("kind") for line in lines] == [line.pop("kind") for line in expected]
    for line, other in zip(lines, expected, strict=True):
        assert line == pytest.approx(other, rel=1e-5, abs=1e-6)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    run_without_chance(folder)
    return folder


def test_two_processes_give_what_one_gives(tmp_path: Path, whole: Path) -> None:
    train_in_two_processes(tmp_path)
    assert_same_figures(tmp_path, whole)
    # Only one of them writes.
    assert len(list((tmp_path / "tensorboard").iterdir())) == 1


def test_two_processes_go_on_with_what_one_began(tmp_path: Path, whole: Path) -> None:
    run_without_chance(tmp_path, last=4)
    train_in_two_processes(tmp_path, "--resume")
    assert_same_figures(tmp_path, whole)
