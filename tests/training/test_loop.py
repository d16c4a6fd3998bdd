import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from reference.tiny_training import compare_rotations, draw_windows, make_network, run_tiny_training
from spsnet.losses import TotalLoss
from spsnet.network.spsnet import SpsNet
from spsnet.records import UserError
from spsnet.synthesis.windows import TrainingWindows
from spsnet.training.loop import LoopConfig, Report, train

KILLED_WHILE_SAVING = """
import io, os, signal, sys
from pathlib import Path
import torch
from reference.tiny_training import make_network, run_tiny_training

save = torch.save
def save_half(state, path):
    if state["step"] < 4:
        return save(state, path)
    whole = io.BytesIO()
    save(state, whole)
    Path(path).write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
torch.save = save_half
list(run_tiny_training(Path(sys.argv[1]), make_network()))
"""


def read_log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def train_whole(folder: Path) -> SpsNet:
    network = make_network()
    assert [report.step for report in run_tiny_training(folder, network)] == [1, 2, 3, 4, 5, 6]
    return network


def train_until(folder: Path, step: int) -> None:
    reports = run_tiny_training(folder, make_network())
    while next(reports).step < step:
        pass
    reports.close()


def assert_same_run(folder: Path, network: SpsNet, whole_folder: Path, whole: SpsNet) -> None:
    assert read_log(folder) == read_log(whole_folder)
    state, expected = network.state_dict(), whole.state_dict()
    assert all(torch.equal(state[name], expected[name]) for name in expected)
    assert not network.training


# After step 2 the run stopped at a checkpoint, after step 3 one step past it, after step 1 before the first.
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_run_that_was_cut_off_goes_on_as_if_it_had_not_been(tmp_path: Path, step: int) -> None:
    whole = train_whole(tmp_path / "whole")
    train_until(tmp_path / "cut", step)
    assert [line["step"] for line in read_log(tmp_path / "cut")] == list(range(1, step + 1))
    network = make_network(seed=0 if step == 1 else 9)  # where there is a checkpoint, all is in it
    list(run_tiny_training(tmp_path / "cut", network, resume=True))
    assert_same_run(tmp_path / "cut", network, tmp_path / "whole", whole)


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
def test_a_run_killed_while_it_saves_goes_on_from_the_checkpoint_before(tmp_path: Path) -> None:
    whole = train_whole(tmp_path / "whole")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    ended = subprocess.run([sys.executable, "-c", KILLED_WHILE_SAVING, tmp_path / "cut"], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert [line["step"] for line in read_log(tmp_path / "cut")] == [1, 2, 3, 4]
    with (tmp_path / "cut" / "log.jsonl").open("a") as log:
        log.write('{"step": 5, "lo')
    network = make_network()
    reports = list(run_tiny_training(tmp_path / "cut", network, resume=True))
    assert [report.step for report in reports] == [3, 4, 5, 6]
    assert_same_run(tmp_path / "cut", network, tmp_path / "whole", whole)


def test_resuming_a_run_that_is_done_gives_its_result(tmp_path: Path) -> None:
    whole = train_whole(tmp_path)
    log = read_log(tmp_path)
    network = make_network(seed=9)
    assert list(run_tiny_training(tmp_path, network, resume=True)) == []
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), whole.parameters(), strict=True))
    assert read_log(tmp_path) == log


def test_a_run_is_not_begun_over_another(tmp_path: Path) -> None:
    train_until(tmp_path, 2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UserError, match="holds a training run already; give --resume to go on with it"):
        next(run_tiny_training(tmp_path, make_network()))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_checkpoint_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    train_until(tmp_path, 2)
    path = tmp_path / "checkpoint.pt"
    message = r"checkpoint\.pt is damaged or of another network .*; train into another folder"
    with pytest.raises(UserError, match=message):
        next(run_tiny_training(tmp_path, make_network(temporal=False), resume=True))
    for content in (path.read_bytes()[:500], b"no checkpoint", b""):
        path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            next(run_tiny_training(tmp_path, make_network(), resume=True))


def say_nan(network: SpsNet, total: torch.Tensor) -> torch.Tensor:
    return total * math.nan


def say_zero_with_a_gradient_that_is_none(network: SpsNet, total: torch.Tensor) -> torch.Tensor:
    return (0 * total).sqrt()


@pytest.mark.parametrize("spoil", [say_nan, say_zero_with_a_gradient_that_is_none])
def test_numbers_that_are_none_stop_the_run_and_its_checkpoint_stays(
    tmp_path: Path, spoil: Callable[[SpsNet, torch.Tensor], torch.Tensor]
) -> None:
    calls = 0

    def objective(network: SpsNet, windows: TrainingWindows) -> TotalLoss:
        nonlocal calls
        calls += 1
        loss = compare_rotations(network, windows)
        # The fourth step would be followed by a checkpoint.
        return loss if calls < 4 else loss._replace(total=spoil(network, loss.total))

    config = LoopConfig(steps=6, batch=2, checkpoint_steps=2, report_steps=2)
    reports = train(make_network(), objective, draw_windows, config, tmp_path)
    assert next(reports).step == 2
    kept = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(UserError, match=r"stopped being a number at step 3; .*checkpoint\.pt holds the run before it"):
        next(reports)
    assert (tmp_path / "checkpoint.pt").read_bytes() == kept


def train_one_number(folder: Path, config: LoopConfig) -> tuple[list[float], SpsNet]:
    """A loss whose gradient is always the same: Adam goes by just the learning rate then. Values before each step."""
    network, values = make_network(), []

    def objective(network: SpsNet, windows: TrainingWindows) -> TotalLoss:
        values.append(float(network.regressors.shape.bias[0].detach()))
        loss = network.regressors.shape.bias[0]
        return TotalLoss(loss, {})

    list(train(network, objective, draw_windows, config, folder))
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    return [*values, float(state["network"]["regressors.shape.bias"][0])], network


def test_the_rate_rises_in_a_line_and_falls_along_a_cosine(tmp_path: Path) -> None:
    config = LoopConfig(steps=8, batch=1, learning_rate=1e-3, warmup_steps=2, weight_decay=0.0)
    values, _ = train_one_number(tmp_path, config)
    rates = [before - after for before, after in pairwise(values)]
    assert rates[0] == pytest.approx(0.5e-3, rel=1e-3)  # half of the warm-up
    assert rates[1] == pytest.approx(0.9619e-3, rel=1e-3)  # (1 + cos 22.5°) / 2
    assert rates[4] == pytest.approx(0.5e-3, rel=1e-3)
    assert rates[7] == pytest.approx(0.0381e-3, rel=1e-2)
    assert sorted(rates[1:], reverse=True) == rates[1:]


def test_the_result_is_the_running_average_of_the_weights(tmp_path: Path) -> None:
    config = LoopConfig(steps=30, batch=1, learning_rate=1e-3, warmup_steps=1, weight_decay=0.0, average=0.7)
    values, network = train_one_number(tmp_path, config)
    average = values[0]
    for step, value in enumerate(values[1:]):
        decay = min(0.7, (1 + step) / (10 + step))  # the first weights are soon forgotten
        average = decay * average + (1 - decay) * value
    assert float(network.regressors.shape.bias[0].detach()) == pytest.approx(average, rel=1e-4)
    assert average > values[-1]


def test_a_report_is_the_mean_since_the_last_one(tmp_path: Path) -> None:
    losses = iter([1.0, 3.0, 5.0, 7.0, 10.0])

    def objective(network: SpsNet, windows: TrainingWindows) -> TotalLoss:
        value = next(losses)
        return TotalLoss(0 * network.regressors.shape.bias.sum() + value, {"pose": torch.tensor(2 * value)})

    config = LoopConfig(steps=5, batch=1, checkpoint_steps=2, report_steps=2)
    reports: list[Report] = list(train(make_network(), objective, draw_windows, config, tmp_path))
    assert [(report.step, report.loss, report.terms) for report in reports] == [
        (2, 2.0, {"pose": 4.0}),
        (4, 6.0, {"pose": 12.0}),
        (5, 10.0, {"pose": 20.0}),
    ]
    assert reports[-1].seconds_left == 0
    assert read_log(tmp_path)[1] == {"step": 4, "loss": 6.0, "pose": 12.0}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"steps": 0}, "LoopConfig.steps should be at least 1, got 0"),
        ({"steps": 1, "batch": 0}, "LoopConfig.batch should be at least 1, got 0"),
        ({"steps": 1, "checkpoint_steps": 70}, "checkpoint_steps should be a multiple of report_steps 50, got 70"),
    ],
)
def test_senseless_lengths_are_refused(fields: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LoopConfig(**fields)
