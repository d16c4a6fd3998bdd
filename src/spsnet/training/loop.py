"""The training loop: network and discriminator in turn, exact resume, the best model, a guard against NaN."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar, get_args, runtime_checkable

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from spsnet.losses import TotalLoss
from spsnet.network.spsnet import SpsNet
from spsnet.records import UserError
from spsnet.training.checkpoints import BEST_FILE, CHECKPOINT_FILE, SCORE, TrainingState
from spsnet.training.monitoring import Journal
from spsnet.training.processes import Accelerator, Processes
from spsnet.training.schedule import Pace, Schedule, compute_rate_factor, compute_seed

Batch = TypeVar("Batch", bound=tuple[Any, ...])
BatchIn = TypeVar("BatchIn", bound=tuple[Any, ...], contravariant=True)
Sample: TypeAlias = Callable[[torch.Generator, int], Batch]
Validate = Callable[[SpsNet], dict[str, float]]
Draw = Callable[[SpsNet], UInt8[np.ndarray, "height width 3"]]


@runtime_checkable
class Objective(Protocol[BatchIn]):
    """What is minimised. Every chance in it comes from `step_generator` (on the CPU) or torch's own generator."""

    def compute_generator_loss(
        self, network: SpsNet, discriminator: nn.Module | None, batch: BatchIn, step_generator: torch.Generator
    ) -> tuple[TotalLoss, Any]:
        """The network's loss, and its detached motions for the discriminator, whose weights are still meanwhile."""
        ...

    def compute_discriminator_loss(
        self, discriminator: nn.Module, fake: Any, batch: BatchIn, step_generator: torch.Generator
    ) -> TotalLoss:
        """The discriminator's loss on those motions and on real ones."""
        ...


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """How long and how fast."""

    steps: int
    batch: int = 32
    """Windows of a step, of all processes together."""
    lead_steps: int = 0
    """So many steps come first with `lead_batch` windows instead, all simulated, beside the simulated single frames:
    these teach stem and regressors, as the paper's start from those of a single-image model."""
    lead_batch: int = 1
    learning_rate: float = 5e-4
    """Highest, after the warm-up."""
    discriminator_learning_rate: float = 1e-4
    schedule: Schedule = "cosine"
    """Of both rates: "cosine" falls to zero over all steps, "constant" stays."""
    warmup_steps: int = 200
    """Both rates rise from zero meanwhile."""
    weight_decay: float = 1e-4
    """AdamW's, of both; 0 makes it plain Adam."""
    gradient_norm: float = 1.0
    """Gradients are scaled down to this norm, the network's and the discriminator's each for itself; inf: never."""
    average: float = 0.998
    """Decay of the running average of weights that is validated and kept; 0 keeps the weights themselves."""
    seed: int = 0
    epoch_steps: int = 500
    """After every epoch comes a checkpoint, and the validation. A multiple of `report_steps`: a run that goes on from a
    checkpoint makes the reports it would have made."""
    report_steps: int = 50
    keep: Literal["best", "last"] = "best"
    """Which weights the run ends with where there is a validation: those with the lowest PA-MPJPE, or the last."""
    accelerator: Accelerator = "auto"
    """"auto": a CUDA device if there is one. Only the CPU gives the same numbers in every run."""

    def __post_init__(self) -> None:
        """Refuse a run without steps or people, rates below zero and unknown choices."""
        for name in ("steps", "batch", "lead_batch", "epoch_steps", "report_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"LoopConfig.{name} should be at least 1, got {getattr(self, name)}")
        for name in ("learning_rate", "discriminator_learning_rate", "warmup_steps", "lead_steps", "weight_decay"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"LoopConfig.{name} should not be negative, got {getattr(self, name)}")
        if not self.gradient_norm > 0:
            raise ValueError(f"LoopConfig.gradient_norm should be positive, got {self.gradient_norm}")
        if not 0 <= self.average < 1:
            raise ValueError(f"LoopConfig.average should be in [0, 1), got {self.average}")
        if self.epoch_steps % self.report_steps:
            raise ValueError(
                f"LoopConfig.epoch_steps should be a multiple of report_steps {self.report_steps}, "
                f"got {self.epoch_steps}"
            )
        for name, choices in (("schedule", Schedule), ("accelerator", Accelerator), ("keep", Literal["best", "last"])):
            if getattr(self, name) not in get_args(choices):
                raise ValueError(f"LoopConfig.{name} should be one of {get_args(choices)}, got {getattr(self, name)!r}")


class DivergedError(UserError):
    """A loss, or its gradient, stopped being a number."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where the training stands."""

    step: int
    steps: int
    loss: float
    """Mean since the last report; so are the following."""
    gradient_norm: float
    """Before it is scaled down."""
    terms: dict[str, float]
    """Before their weights; the discriminator's begin with "discriminator_"."""
    validation: dict[str, float] = field(default_factory=dict)
    """At the end of an epoch what `validate` said of the averaged weights."""
    seconds_left: float


def train(
    network: SpsNet,
    objective: Objective[Batch],
    sample: Sample[Batch],
    config: LoopConfig,
    folder: Path,
    *,
    sample_lead: Sample[Batch] | None = None,
    discriminator: nn.Module | None = None,
    validate: Validate | None = None,
    draw: Draw | None = None,
    resume: bool = False,
) -> Iterator[Report]:
    """Train in place; after the last report `network` holds the averaged weights, of the best epoch or of the last.

    A step is one of the network, then one of the discriminator on what the network said. Every step draws its chance
    from the seed and its own number alone, so that a run that was cut off and resumed gives the losses it would have
    given without.

    Under `torchrun` the processes share each batch (`Processes`): the result is that of one process but for float
    arithmetic and for what the network drops out by chance. Only the first writes, validates and reports; in the others
    this yields nothing.

    Args:
        network: Trained where it is; on the CPU again at the end.
        objective: From network and windows to the losses.
        sample: Draws windows: a named tuple of tensors on the CPU whose first axis is the windows.
        config: Length and speed.
        sample_lead: The same for the first `lead_steps`; `sample` where it is None.
        folder: Gets `checkpoint.pt`, `best.pt`, `log.jsonl`, `tensorboard/` and `pictures/`.
        discriminator: Trained beside the network.
        validate: Measures the averaged weights after every epoch; its `pa_mpjpe_mm` decides which are best. The network
            is in evaluation mode on the training's device.
        draw: Shows what the averaged weights do, after every epoch.
        resume: Go on from the checkpoint in `folder`, where there is one.

    Raises:
        UserError: If `folder` holds a run and `resume` is not set, its checkpoint is damaged or of another network, or
            there are more processes than windows.
        DivergedError: If a loss or its gradient is not finite; the last checkpoint stays.
        ValueError: If `validate` gives no `pa_mpjpe_mm`.
    """
    checkpoint = folder / CHECKPOINT_FILE
    if checkpoint.exists() and not resume:
        raise UserError(f"{folder} holds a training run already; give --resume to go on with it, or another folder")
    processes = Processes(config.accelerator)
    fewest = min(config.batch, config.lead_batch) if config.lead_steps else config.batch
    if processes.count > fewest:
        raise UserError(f"{processes.count} processes cannot share {fewest} windows; start fewer")
    for module in (network, discriminator):
        if module is not None:
            module.to(processes.device).train()
    state = TrainingState(network, discriminator, weight_decay=config.weight_decay)
    if checkpoint.exists():
        state.load(checkpoint)
    processes.make_equal(part for part in (network, state.average, discriminator) if part is not None)
    lead = sample_lead or sample
    if processes.is_first:
        with closing(Journal(folder, state.step)) as journal:
            yield from _Run(state, objective, sample, lead, config, folder, processes, journal, validate, draw).go_on()
    else:
        for _ in _Run(state, objective, sample, lead, config, folder, processes, None, validate, draw).go_on():
            pass
    if config.keep == "best" and state.best is not None:
        state.load_best(folder / BEST_FILE)
    network.load_state_dict(state.average.state_dict())
    network.to("cpu").eval()


@dataclass(frozen=True)
class _Run(Generic[Batch]):
    """What one process takes its steps with."""

    state: TrainingState
    objective: Objective[Batch]
    sample: Sample[Batch]
    sample_lead: Sample[Batch]
    config: LoopConfig
    folder: Path
    processes: Processes
    journal: Journal | None
    """In the first process only."""
    validate: Validate | None
    draw: Draw | None

    def go_on(self) -> Iterator[Report]:
        """Steps from where the state stands to the last."""
        state, config = self.state, self.config
        pace = Pace()
        sums: dict[str, Tensor] = {}
        counted = 0
        while state.step < config.steps:
            began = time.monotonic()
            values = self.take_step()
            sums = {name: value.double() + sums.get(name, 0) for name, value in values.items()}
            counted += 1
            pace.add_step(time.monotonic() - began)
            ends_epoch = state.step % config.epoch_steps == 0 or state.step == config.steps
            if not (ends_epoch or state.step % config.report_steps == 0):
                continue
            means = self.processes.average(torch.stack([*sums.values()]) / counted).tolist()
            record = dict(zip(sums, means, strict=True))
            sums, counted = {}, 0
            if self.journal is not None:
                self.journal.write("training", state.step, record)
            scores: dict[str, float] = {}
            if ends_epoch:
                began = time.monotonic()
                scores = self.end_epoch()
                pace.add_pause(time.monotonic() - began)
            steps_left = config.steps - state.step
            yield Report(
                step=state.step,
                steps=config.steps,
                loss=record.pop("loss"),
                gradient_norm=record.pop("gradient_norm"),
                terms=record,
                validation=scores,
                seconds_left=pace.estimate_left(steps_left, -(-steps_left // config.epoch_steps)),
            )

    def take_step(self) -> dict[str, Tensor]:
        """One step of the network and one of the discriminator; what is to be logged of them."""
        state, config, rank = self.state, self.config, self.processes.rank
        step, discriminator = state.step, state.discriminator
        chance = torch.Generator().manual_seed(compute_seed(config.seed, step, "batch"))
        leads = step < config.lead_steps
        drawn = self.sample_lead(chance, config.lead_batch) if leads else self.sample(chance, config.batch)
        batch = self.processes.take_share(drawn)
        torch.manual_seed(compute_seed(config.seed, step, "network", rank))
        generator = torch.Generator().manual_seed(compute_seed(config.seed, step, "objective", rank))
        if discriminator is not None:
            discriminator.requires_grad_(False)
        loss, fake = self.objective.compute_generator_loss(state.network, discriminator, batch, generator)
        values = self.descend(state.network, state.optimizer, config.learning_rate, loss)
        state.follow(min(config.average, (1 + step) / (10 + step)))
        if discriminator is not None and state.discriminator_optimizer is not None:
            discriminator.requires_grad_(True)
            loss = self.objective.compute_discriminator_loss(discriminator, fake, batch, generator)
            rate = config.discriminator_learning_rate
            judged = self.descend(discriminator, state.discriminator_optimizer, rate, loss)
            values |= {f"discriminator_{name}": value for name, value in judged.items()}
        state.step += 1
        return values

    def descend(
        self, module: nn.Module, optimizer: torch.optim.Optimizer, rate: float, loss: TotalLoss
    ) -> dict[str, Tensor]:
        """Move a module's weights against the gradient."""
        step, config = self.state.step, self.config
        factor = compute_rate_factor(config.schedule, step, steps=config.steps, warmup_steps=config.warmup_steps)
        optimizer.param_groups[0]["lr"] = factor * rate
        optimizer.zero_grad(set_to_none=True)
        loss.total.backward()  # type: ignore[no-untyped-call]
        parameters = [parameter for parameter in module.parameters() if parameter.grad is not None]
        total = self.processes.average_gradients(parameters, loss.total.detach())
        norm = nn.utils.get_total_norm(parameter.grad for parameter in parameters if parameter.grad is not None)
        if not bool(torch.isfinite(total) & torch.isfinite(norm)):
            raise DivergedError(
                f"the loss of {type(module).__name__}, or its gradient, stopped being a number at step {step}; "
                f"{self.state.describe_saved()} with a smaller learning rate"
            )
        if norm > config.gradient_norm:
            nn.utils.clip_grads_with_norm_(parameters, config.gradient_norm, norm)
        optimizer.step()
        return {"loss": total, "gradient_norm": norm, **loss.terms}

    def end_epoch(self) -> dict[str, float]:
        """Validate, show and keep, in the first process; the others get its figures.

        The checkpoint comes last: whatever is cut off before it is done again, to the same end.
        """
        state, journal = self.state, self.journal
        scores: dict[str, float] = {}
        if journal is not None:
            with torch.no_grad():
                if self.validate is not None:
                    scores = self.validate(state.average)
                if self.draw is not None:
                    journal.write_picture(state.step, self.draw(state.average))
        scores = self.processes.tell(scores)
        if self.validate is not None and SCORE not in scores:
            raise ValueError(f"validate should give {SCORE!r}, it gave {sorted(scores)}")
        is_best = SCORE in scores and state.consider_best(scores[SCORE])
        if journal is not None:
            if scores:
                journal.write("validation", state.step, scores)
            journal.flush()
            if is_best:
                state.save_best(self.folder / BEST_FILE)
            state.save(self.folder / CHECKPOINT_FILE)
        self.processes.wait()
        return scores
