"""The training loop: exact resume, a guard against numbers that are none, one line of JSON a report."""

import copy
import json
import math
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from spsnet.losses import TotalLoss
from spsnet.network.spsnet import SpsNet
from spsnet.records import UserError
from spsnet.synthesis.windows import TrainingWindows

CHECKPOINT_FILE = "checkpoint.pt"
LOG_FILE = "log.jsonl"


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """How long and how fast."""

    steps: int
    batch: int = 32
    learning_rate: float = 5e-4
    """Highest, after the warm-up; falls to zero along a cosine."""
    warmup_steps: int = 200
    weight_decay: float = 1e-4
    gradient_norm: float = 1.0
    """Gradients are scaled down to this norm."""
    average: float = 0.998
    """Decay of the running average of weights that is the result."""
    seed: int = 0
    checkpoint_steps: int = 250
    """A multiple of `report_steps`: a run that goes on from a checkpoint makes the reports it would have made."""
    report_steps: int = 50

    def __post_init__(self) -> None:
        """Refuse a run without steps or people."""
        for name in ("steps", "batch", "checkpoint_steps", "report_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"LoopConfig.{name} should be at least 1, got {getattr(self, name)}")
        if self.checkpoint_steps % self.report_steps:
            raise ValueError(
                f"LoopConfig.checkpoint_steps should be a multiple of report_steps {self.report_steps}, "
                f"got {self.checkpoint_steps}"
            )


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where the training stands."""

    step: int
    steps: int
    loss: float
    terms: dict[str, float]
    """Means since the last report, before their weights."""
    seconds_left: float


def train(
    network: SpsNet,
    objective: Callable[[SpsNet, TrainingWindows], TotalLoss],
    sample: Callable[[torch.Generator, int], TrainingWindows],
    config: LoopConfig,
    folder: Path,
    *,
    resume: bool = False,
) -> Iterator[Report]:
    """Train in place; after the last report `network` holds the averaged weights.

    Every step draws its chance from the seed and its own number alone, so that a run that was cut off and resumed gives
    the losses it would have given without.

    Args:
        network: Trained where it is.
        objective: From network and windows to the loss.
        sample: Draws windows.
        config: Length and speed.
        folder: Gets `checkpoint.pt` and `log.jsonl`, one line a report.
        resume: Go on from the checkpoint in `folder`, where there is one.

    Raises:
        UserError: If `folder` holds a run and `resume` is not set, its checkpoint is damaged or of another network, or
            a loss or its gradient is not finite; the last checkpoint stays.
    """
    checkpoint = folder / CHECKPOINT_FILE
    if checkpoint.exists() and not resume:
        raise UserError(f"{folder} holds a training run already; give --resume to go on with it, or another folder")
    folder.mkdir(parents=True, exist_ok=True)
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=config.weight_decay)
    first = _load(checkpoint, network, average, optimizer) if checkpoint.exists() else 0
    _drop_reports_after(folder / LOG_FILE, first)
    network.train()
    sums: dict[str, float] = {}
    counted, started = 0, time.monotonic()
    for step in range(first, config.steps):
        windows = sample(torch.Generator().manual_seed(config.seed * 1_000_003 + step), config.batch)
        torch.manual_seed(config.seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = _compute_rate(config, step)
        optimizer.zero_grad(set_to_none=True)
        loss = objective(network, windows)
        loss.total.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), config.gradient_norm)
        if not bool(torch.isfinite(loss.total) & torch.isfinite(norm)):
            raise UserError(
                f"the loss stopped being a number at step {step}; {checkpoint} holds the run before it, "
                "resume it with a smaller learning rate"
            )
        optimizer.step()
        _follow(average, network, min(config.average, (1 + step) / (10 + step)))
        for name, value in (("total", loss.total.detach()), *loss.terms.items()):
            sums[name] = sums.get(name, 0.0) + float(value)
        counted += 1
        done = step + 1
        if done % config.report_steps == 0 or done == config.steps:
            means = {name: value / counted for name, value in sums.items()}
            pace = (time.monotonic() - started) / (done - first)
            total = means.pop("total")
            with (folder / LOG_FILE).open("a", encoding="utf-8") as log:
                log.write(json.dumps({"step": done, "loss": total, **means}) + "\n")
            # A checkpoint comes after its report, which a run that goes on from it does not make again.
            if done % config.checkpoint_steps == 0 or done == config.steps:
                _save(checkpoint, network, average, optimizer, done)
            yield Report(
                step=done, steps=config.steps, loss=total, terms=means, seconds_left=pace * (config.steps - done)
            )
            sums, counted = {}, 0
    network.load_state_dict(average.state_dict())
    network.eval()


def _compute_rate(config: LoopConfig, step: int) -> float:
    warm = min(1.0, (step + 1) / max(config.warmup_steps, 1))
    return config.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / config.steps))


@torch.no_grad()
def _follow(average: SpsNet, network: SpsNet, decay: float) -> None:
    for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        kept.lerp_(new, 1 - decay)


def _load(path: Path, network: SpsNet, average: SpsNet, optimizer: torch.optim.Optimizer) -> int:
    """Put everything where the checkpoint says and return the number of steps that are done."""
    try:
        state = torch.load(path, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])
    except (RuntimeError, EOFError, pickle.UnpicklingError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path} is damaged or of another network ({reason}); train into another folder") from error


def _drop_reports_after(path: Path, step: int) -> None:
    """Leave out of the log what will be trained again, and a line that was cut off."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _save(path: Path, network: SpsNet, average: SpsNet, optimizer: torch.optim.Optimizer, step: int) -> None:
    state: dict[str, dict[str, Tensor] | int] = {
        "network": network.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
    }
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
