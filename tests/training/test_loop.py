import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import pytest
import torch
from torch import Tensor, nn

from reference.tiny_loop import (
    TinyBatch,
    TinyObjective,
    draw_batch,
    make_discriminator,
    measure,
    run_tiny_training,
)
from reference.tiny_training import make_network
from spsnet.losses import TotalLoss
from spsnet.network.spsnet import SpsNet
from spsnet.records import UserError
from spsnet.training.loop import LoopConfig, Report, train

KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from reference.tiny_loop import make_discriminator, run_tiny_training
from reference.tiny_training import make_network

save, saves = torch.save, []
def save_half(state, file):
    saves.append(state)
    save(state, file)
    if len(saves) < int(sys.argv[2]):
        return
    file.truncate(file.tell() // 2)
    os.kill(os.getpid(), signal.SIGKILL)
torch.save = save_half
for report in run_tiny_training(Path(sys.argv[1]), make_network(), discriminator=make_discriminator()):
    if report.step == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
"""


def read_log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def list_steps(folder: Path, kind: str) -> list[int]:
    return [line["step"] for line in read_log(folder) if line["kind"] == kind]


def list_pictures(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "pictures").iterdir())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SpsNet]:
    """A run that nothing cuts off: its folder, and the network as it ends."""
    folder, network = tmp_path_factory.mktemp("whole"), make_network()
    reports = list(run_tiny_training(folder, network, discriminator=make_discriminator()))
    assert [report.step for report in reports] == list(range(1, 10))
    assert [report.step for report in reports if report.validation] == [3, 6, 9]
    return folder, network


def train_until(folder: Path, step: int) -> None:
    reports = run_tiny_training(folder, make_network(), discriminator=make_discriminator())
    while next(reports).step < step:
        pass
    reports.close()


def go_on(folder: Path, *, seed: int = 9) -> tuple[SpsNet, list[int]]:
    """Resume with other first weights: what counts is in the checkpoint, where there is one."""
    network = make_network(seed=seed)
    reports = run_tiny_training(folder, network, discriminator=make_discriminator(seed), resume=True)
    return network, [report.step for report in reports]


def assert_equal(values: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        assert values.keys() == expected.keys()
        for key in expected:
            assert_equal(values[key], expected[key])
    elif isinstance(expected, list):
        for one, other in zip(values, expected, strict=True):
            assert_equal(one, other)
    elif isinstance(expected, Tensor):
        assert torch.equal(values, expected)
    else:
        assert values == expected


def assert_same_run(folder: Path, network: SpsNet, whole: tuple[Path, SpsNet]) -> None:
    """Log, result, and everything in the files to the last bit."""
    assert read_log(folder) == read_log(whole[0])
    assert_equal(network.state_dict(), whole[1].state_dict())
    assert not network.training
    for name in ("checkpoint.pt", "best.pt"):
        assert_equal(*(torch.load(path / name, weights_only=True) for path in (folder, whole[0])))
    assert list_pictures(folder) == list_pictures(whole[0])


# After step 3 the run stopped at a checkpoint, after step 4 one step past it, after step 1 before the first.
@pytest.mark.parametrize("step", [1, 3, 4])
def test_a_run_that_was_cut_off_goes_on_as_if_it_had_not_been(
    tmp_path: Path, step: int, whole: tuple[Path, SpsNet]
) -> None:
    train_until(tmp_path, step)
    assert list_steps(tmp_path, "training") == list(range(1, step + 1))
    network, steps = go_on(tmp_path, seed=0 if step == 1 else 9)
    assert steps == list(range(1 if step == 1 else 4, 10))
    assert_same_run(tmp_path, network, whole)


# Files are saved in this order: best, checkpoint (step 3), best, checkpoint (step 6); step 6 is the best of all.
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
@pytest.mark.parametrize(("while_saving", "step"), [(4, 0), (99, 5)], ids=["while saving", "between"])
def test_a_killed_run_goes_on_from_its_last_checkpoint(
    tmp_path: Path, while_saving: int, step: int, whole: tuple[Path, SpsNet]
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    words = [sys.executable, "-c", KILLED, tmp_path, str(while_saving), str(step)]
    assert subprocess.run(words, env=environment, check=False).returncode == -signal.SIGKILL
    assert list_steps(tmp_path, "training")[-1] == (step or 6)
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"kind": "training", "step": 5, "lo')
    network, steps = go_on(tmp_path)
    assert steps == [4, 5, 6, 7, 8, 9]
    assert_same_run(tmp_path, network, whole)


def test_resuming_a_run_that_is_done_gives_its_result(tmp_path: Path, whole: tuple[Path, SpsNet]) -> None:
    train_until(tmp_path, 9)
    network, steps = go_on(tmp_path)
    assert steps == []
    assert_same_run(tmp_path, network, whole)


def test_a_run_is_not_begun_over_another(whole: tuple[Path, SpsNet]) -> None:
    files = [path for path in whole[0].rglob("*") if path.is_file()]
    before = [path.read_bytes() for path in files]
    with pytest.raises(UserError, match="holds a training run already; give --resume to go on with it"):
        next(run_tiny_training(whole[0], make_network()))
    assert [path.read_bytes() for path in whole[0].rglob("*") if path.is_file()] == before


def test_a_checkpoint_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    train_until(tmp_path, 3)
    path = tmp_path / "checkpoint.pt"
    message = r"checkpoint\.pt is damaged or of another network .*; train into another folder"
    with pytest.raises(UserError, match=message):
        next(run_tiny_training(tmp_path, make_network(), resume=True))  # it had a discriminator
    other = make_network(temporal=False)
    with pytest.raises(UserError, match=message):
        next(run_tiny_training(tmp_path, other, discriminator=make_discriminator(), resume=True))
    for content in (path.read_bytes()[:500], b"no checkpoint", b""):
        path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            go_on(tmp_path)


class Changed(TinyObjective):
    """The tiny objective, with a loss changed from the sixth call on."""

    def __init__(self, which: str, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.which, self.change, self.calls = which, change, 0

    def compute_generator_loss(self, *arguments: Any) -> Any:
        loss, fake = super().compute_generator_loss(*arguments)
        self.calls += 1
        return self._change("generator", loss), fake

    def compute_discriminator_loss(self, *arguments: Any) -> TotalLoss:
        return self._change("discriminator", super().compute_discriminator_loss(*arguments))

    def _change(self, which: str, loss: TotalLoss) -> TotalLoss:
        return loss._replace(total=self.change(loss.total)) if which == self.which and self.calls > 5 else loss


def say_nan(total: Tensor) -> Tensor:
    return total * math.nan


def say_zero_with_a_gradient_that_is_none(total: Tensor) -> Tensor:
    return (0 * total).sqrt()


@pytest.mark.parametrize(("which", "name"), [("generator", "SpsNet"), ("discriminator", "Discriminator")])
@pytest.mark.parametrize("change", [say_nan, say_zero_with_a_gradient_that_is_none])
def test_numbers_that_are_none_stop_the_run_and_its_checkpoint_stays(
    tmp_path: Path, which: str, name: str, change: Callable[[Tensor], Tensor]
) -> None:
    objective = Changed(which, change)

    def begin(resume: bool) -> Any:
        config = LoopConfig(steps=9, batch=2, epoch_steps=4, report_steps=4, accelerator="cpu")
        parts = {"discriminator": make_discriminator(), "resume": resume}
        return train(make_network(), objective, draw_batch, config, tmp_path, **parts)

    reports = begin(False)
    assert next(reports).step == 4
    kept = (tmp_path / "checkpoint.pt").read_bytes()
    message = rf"the loss of {name}, or its gradient, stopped being a number at step 5; .*checkpoint\.pt holds the run"
    with pytest.raises(UserError, match=message + r" after step 4, resume it with a smaller learning rate"):
        next(reports)
    assert (tmp_path / "checkpoint.pt").read_bytes() == kept
    with pytest.raises(UserError, match=r"at step 4; .*after step 4"):
        next(begin(True))
    (tmp_path / "checkpoint.pt").unlink()
    with pytest.raises(UserError, match="at step 0; there is no checkpoint yet, start anew with a smaller learning"):
        next(begin(False))


class OneNumber:
    """Losses that are one number of each module: Adam goes by just the learning rate then."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.judged: list[float] = []

    def compute_generator_loss(self, network: SpsNet, *rest: Any) -> tuple[TotalLoss, None]:
        self.values.append(float(network.regressors.shape.bias[0].detach()))
        return TotalLoss(network.regressors.shape.bias[0], {}), None

    def compute_discriminator_loss(self, discriminator: nn.Module, *rest: Any) -> TotalLoss:
        self.judged.append(float(discriminator.judge.bias[0].detach()))
        return TotalLoss(discriminator.judge.bias[0], {})


def train_one_number(folder: Path, **choices: Any) -> tuple[list[float], list[float], SpsNet]:
    """Values before each step and after the last, of network and discriminator."""
    network, discriminator, objective = make_network(), make_discriminator(), OneNumber()
    config = LoopConfig(batch=1, weight_decay=0.0, accelerator="cpu", **choices)
    list(train(network, objective, draw_batch, config, folder, discriminator=discriminator))
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    last = float(state["network"]["regressors.shape.bias"][0])
    return [*objective.values, last], [*objective.judged, float(discriminator.judge.bias[0].detach())], network


def test_the_rates_rise_in_a_line_and_fall_along_a_cosine(tmp_path: Path) -> None:
    rates = {"learning_rate": 1e-3, "discriminator_learning_rate": 2e-3}
    values, judged, _ = train_one_number(tmp_path, steps=8, warmup_steps=2, **rates)
    steps = [before - after for before, after in pairwise(values)]
    assert steps[0] == pytest.approx(0.5e-3, rel=1e-3)  # half of the warm-up
    assert steps[1] == pytest.approx(0.9619e-3, rel=1e-3)  # (1 + cos 22.5°) / 2
    assert steps[4] == pytest.approx(0.5e-3, rel=1e-3)
    assert steps[7] == pytest.approx(0.0381e-3, rel=1e-2)
    assert sorted(steps[1:], reverse=True) == steps[1:]
    assert [before - after for before, after in pairwise(judged)] == pytest.approx([2 * x for x in steps], rel=1e-2)


def test_a_constant_rate_stays(tmp_path: Path) -> None:
    values, _, _ = train_one_number(tmp_path, steps=5, warmup_steps=0, learning_rate=1e-3, schedule="constant")
    assert [before - after for before, after in pairwise(values)] == pytest.approx([1e-3] * 5, rel=1e-3)


def test_the_result_is_the_running_average_of_the_weights(tmp_path: Path) -> None:
    values, _, network = train_one_number(tmp_path, steps=30, learning_rate=1e-3, warmup_steps=1, average=0.7)
    average = values[0]
    for step, value in enumerate(values[1:]):
        decay = min(0.7, (1 + step) / (10 + step))  # the first weights are soon forgotten
        average = decay * average + (1 - decay) * value
    assert float(network.regressors.shape.bias[0].detach()) == pytest.approx(average, rel=1e-4)
    assert average > values[-1]


def test_without_averaging_the_result_is_the_weights(tmp_path: Path) -> None:
    values, _, network = train_one_number(tmp_path, steps=3, average=0.0)
    assert float(network.regressors.shape.bias[0].detach()) == values[-1]


def test_the_best_epoch_is_kept_or_the_last(tmp_path: Path, whole: tuple[Path, SpsNet]) -> None:
    scores = {line["step"]: line["pa_mpjpe_mm"] for line in read_log(whole[0]) if line["kind"] == "validation"}
    assert min(scores, key=scores.__getitem__) == 6
    assert measure(whole[1])["pa_mpjpe_mm"] == scores[6]
    assert torch.load(whole[0] / "checkpoint.pt", weights_only=True)["best"] == (6, scores[6])
    config = LoopConfig(steps=2, batch=2, epoch_steps=1, report_steps=1, keep="last", accelerator="cpu")
    network, figures = make_network(), iter([1.0, math.nan])
    validate = lambda network: {"pa_mpjpe_mm": next(figures)}  # noqa: E731
    list(train(network, TinyObjective(), draw_batch, config, tmp_path, validate=validate))
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["best"] == (1, 1.0)  # what is no number is not better
    assert_equal(dict(network.state_dict()), dict(state["average"]))


def test_a_validation_must_say_which_is_best(tmp_path: Path) -> None:
    config = LoopConfig(steps=1, batch=1, accelerator="cpu")
    with pytest.raises(ValueError, match=r"validate should give 'pa_mpjpe_mm', it gave \['mpjpe_mm'\]"):
        list(train(make_network(), TinyObjective(), draw_batch, config, tmp_path, validate=lambda _: {"mpjpe_mm": 1.0}))


def test_pictures_are_written(whole: tuple[Path, SpsNet]) -> None:
    assert list_pictures(whole[0]) == [f"step_000000{step}.png" for step in (3, 6, 9)]
    picture = cv2.imread(str(whole[0] / "pictures" / "step_0000006.png"))
    assert picture.shape == (4, 6, 3)
    assert picture[0, 0].tolist() == [0, 100, 200]  # OpenCV's order


def test_curves_are_written_once_however_often_a_run_is_cut_off(tmp_path: Path, whole: tuple[Path, SpsNet]) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train_until(tmp_path, 5)
    go_on(tmp_path)
    board = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    points = board.Scalars("training/discriminator_loss")
    lines = [line for line in read_log(whole[0]) if line["kind"] == "training"]
    assert [point.step for point in points] == list(range(1, 10))
    assert [point.value for point in points] == pytest.approx([line["discriminator_loss"] for line in lines])
    assert [point.step for point in board.Scalars("validation/pa_mpjpe_mm")] == [3, 6, 9]
    assert [image.step for image in board.Images("validation")] == [3, 6, 9]


class Given:
    """Losses with given values."""

    def __init__(self, losses: list[float]) -> None:
        self.losses = iter(losses)

    def compute_generator_loss(
        self, network: SpsNet, _discriminator: None, batch: TinyBatch, chance: torch.Generator
    ) -> tuple[TotalLoss, None]:
        value = next(self.losses)
        return TotalLoss(3 * network.regressors.shape.bias[0] + value, {"pose": torch.tensor(2 * value)}), None

    def compute_discriminator_loss(self, *arguments: Any) -> TotalLoss:
        raise AssertionError("there is no discriminator")


def test_the_lead_is_drawn_otherwise_and_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    drawn: list[tuple[str, int]] = []

    def say(name: str) -> Callable[[torch.Generator, int], TinyBatch]:
        def draw(generator: torch.Generator, count: int) -> TinyBatch:
            drawn.append((name, count))
            return draw_batch(generator, count)

        return draw

    config = LoopConfig(steps=5, batch=4, lead_steps=3, lead_batch=2, epoch_steps=2, report_steps=2, accelerator="cpu")

    def begin(resume: bool) -> Iterator[Report]:
        return train(
            make_network(), TinyObjective(), say("rest"), config, tmp_path, sample_lead=say("lead"), resume=resume
        )

    assert next(begin(False)).step == 2
    assert drawn == [("lead", 2)] * 2
    assert [report.step for report in begin(True)] == [4, 5]
    assert drawn[2:] == [("lead", 2), ("rest", 4), ("rest", 4)]


def test_a_report_is_the_mean_since_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 9.0, *(value for step in range(4) for value in (10 * step, 10 * step + 2.0 + step % 2))])
    monkeypatch.setattr("spsnet.training.loop.time", SimpleNamespace(monotonic=lambda: next(seconds, 99.0)))
    config = LoopConfig(steps=5, batch=1, epoch_steps=6, report_steps=2, learning_rate=0.0, accelerator="cpu")
    objective = Given([1.0, 3.0, 5.0, 7.0, 10.0])
    reports: list[Report] = list(train(make_network(), objective, draw_batch, config, tmp_path))
    assert [(report.step, report.loss, report.terms) for report in reports] == [
        (2, 2.0, {"pose": 4.0}),
        (4, 6.0, {"pose": 12.0}),
        (5, 10.0, {"pose": 20.0}),
    ]
    assert [report.gradient_norm for report in reports] == pytest.approx([3.0] * 3)
    # The first step took 9 s and does not count; the others took 2 and 3 s in turn.
    assert [report.seconds_left for report in reports] == pytest.approx([3 * 2, (2 + 3 + 2) / 3, 0])
    assert read_log(tmp_path)[1] == {"kind": "training", "step": 4, "loss": 6.0, "gradient_norm": 3.0, "pose": 12.0}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"steps": 0}, "LoopConfig.steps should be at least 1, got 0"),
        ({"batch": 0}, "LoopConfig.batch should be at least 1, got 0"),
        ({"lead_batch": 0}, "LoopConfig.lead_batch should be at least 1, got 0"),
        ({"lead_steps": -1}, "LoopConfig.lead_steps should not be negative, got -1"),
        ({"epoch_steps": 70}, "epoch_steps should be a multiple of report_steps 50, got 70"),
        ({"average": 1.0}, r"average should be in \[0, 1\), got 1.0"),
        ({"gradient_norm": 0.0}, "gradient_norm should be positive, got 0.0"),
        ({"discriminator_learning_rate": -1.0}, "discriminator_learning_rate should not be negative, got -1.0"),
    ],
)
def test_senseless_choices_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LoopConfig(**{"steps": 1, **fields})


@pytest.mark.parametrize("choice", [{"schedule": "step"}, {"keep": "all"}, {"accelerator": "abacus"}])
def test_unknown_choices_are_refused(choice: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError), match=next(iter(choice))):  # TypeError where types are checked
        LoopConfig(steps=1, **choice)
