"""Every variant of an ablation with every seed: trained, measured on held-out windows, written down."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from spsnet.datasets.shards import ObservedWindows, WindowSet, load_windows
from spsnet.records import UserError
from spsnet.synthesis.crew import share_work
from spsnet.training.diagnosis import Diagnosis, diagnose
from spsnet.training.loop import DivergedError, Report
from spsnet.training.model_runs import ModelRun
from spsnet.training.recipe import AblationRecipe, TrainingRecipe
from spsnet.training.sources import LoadedSources, TrainingSources, load_sources
from spsnet.training.validation import validate_network

RESULTS_FILE, RECIPE_FILE = "results.jsonl", "recipe.json"
_LOOKED_AT = 64
"""Windows that a network is diagnosed on."""


class Trial(NamedTuple):
    """One training of an ablation."""

    variant: str
    seed: int

    def find_folder(self, folder: Path) -> Path:
        """Where it is trained.

        Convention:
            "without L_SMPL (pose)" and seed 1: `without_L_SMPL_pose/1` in the ablation's folder.
        """
        words = "".join(letter if letter.isalnum() else " " for letter in self.variant).split()
        return folder / "_".join(words) / str(self.seed)


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What came of it."""

    trial: Trial
    scores: Mapping[str, Mapping[str, float]]
    """By the held-out folder's name, as `validate_network` gives them; empty if the training diverged."""
    diagnosis: Diagnosis | None = None
    """Of the first seed's network on the first folder."""
    failure: str | None = None
    """Why there are no scores."""


@dataclass(frozen=True, kw_only=True)
class AblationReport:
    """Where an ablation stands, and what one of its trials has just said."""

    trial: Trial
    said: Report | TrialResult
    done: int
    """Of all trials those that are finished."""
    trials: int
    seconds_left: float | None
    """None at first."""


def run_ablation(
    recipe: AblationRecipe, sources: TrainingSources, data: Sequence[Path], folder: Path, *, workers: int = 1
) -> Iterator[AblationReport]:
    """Train and measure what is missing in `folder`; seed by seed, so that a comparison can be made early.

    Trials are in `folder/VARIANT/SEED`, results in `folder/results.jsonl`. What was cut off goes on from its last
    checkpoint. A training that diverges is a result too.

    Args:
        recipe: What to compare.
        sources: For all trials alike; opened once in each process.
        data: Folders of held-out windows whose truth is known; their names tell them apart.
        folder: May hold an earlier part of the same ablation, with fewer variants, seeds or held-out folders.
        workers: Processes that train side by side, one thread each; one is this one.

    Raises:
        UserError: If something that is needed is missing, two held-out folders have one name, or `folder` holds
            variants that were trained otherwise; or as `ModelRun.train`.
    """
    names = [path.name for path in data]
    if not names or len(set(names)) < len(names):
        raise UserError(f"held-out folders should be one or more of different names, got {names}")
    wanted = [Trial(name, seed) for seed in recipe.seeds for name in recipe.recipes]
    results = load_results(folder)
    missing = [trial for trial in wanted if not _is_done(results.get(trial), names)]
    _claim(folder, recipe, sources)
    progress = _Progress(len(wanted), missing, recipe.base.loop.steps, workers)
    order = _Order(recipe=recipe, sources=sources, data=tuple(data), folder=folder)
    with closing(share_work(_Laboratory, order, missing, workers=workers)) as reports:
        for trial, said in reports:
            if isinstance(said, TrialResult):
                _append(folder, said)
            yield progress.report(trial, said)


def load_results(folder: Path) -> dict[Trial, TrialResult]:
    """Read what is finished; the last result of each trial counts.

    Raises:
        UserError: If a line cannot be read.
    """
    path = folder / RESULTS_FILE
    results = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else []):
        try:
            values = json.loads(line)
            trial = Trial(values.pop("variant"), values.pop("seed"))
            diagnosis = values.pop("diagnosis")
            results[trial] = TrialResult(
                trial=trial, diagnosis=None if diagnosis is None else Diagnosis.from_dict(diagnosis), **values
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{path}, line {number + 1} cannot be read ({error}); delete it") from error
    return results


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What a process needs to know to do trials."""

    recipe: AblationRecipe
    sources: TrainingSources
    data: tuple[Path, ...]
    folder: Path


class _Laboratory:
    """Sources and held-out windows, opened once for all trials of a process."""

    def __init__(self, order: _Order) -> None:
        base = order.recipe.base
        self._order = order
        self._held_out = {path.name: _load_held_out(path, base.encoder) for path in order.data}
        self._loaded: LoadedSources = load_sources(base, order.sources)

    def __call__(self, trial: Trial) -> Iterator[Report | TrialResult]:
        """Train, then measure."""
        order = self._order
        recipe = order.recipe.recipes[trial.variant]
        recipe = replace(recipe, loop=replace(recipe.loop, seed=trial.seed))
        run = ModelRun(recipe, self._loaded)
        try:
            yield from run.train(trial.find_folder(order.folder), resume=True)
        except DivergedError as error:
            yield TrialResult(trial=trial, scores={}, failure=str(error))
            return
        scores = {
            name: validate_network(run.network, recipe.features, windows, self._loaded.body, surface=True)
            for name, windows in self._held_out.items()
        }
        looked_into = trial.seed == order.recipe.seeds[0]
        yield TrialResult(trial=trial, scores=scores, diagnosis=self._diagnose(run, recipe) if looked_into else None)

    def _diagnose(self, run: ModelRun, recipe: TrainingRecipe) -> Diagnosis:
        windows = next(iter(self._held_out.values()))
        real = None
        if run.discriminator is not None and run.real_motions is not None:
            run.discriminator.cpu().eval()
            real = run.real_motions.sample(torch.Generator().manual_seed(0), _LOOKED_AT, recipe.network.window)
        return diagnose(
            run.network,
            recipe.features,
            windows,
            discriminator=run.discriminator,
            real=real,
            root=recipe.objective.discriminator_root,
        )


class _Progress:
    """How far all trials are, and how long the rest will take at the pace so far."""

    def __init__(self, trials: int, missing: Sequence[Trial], steps: int, workers: int) -> None:
        self._trials, self._workers = trials, workers
        self._left = dict.fromkeys(missing, steps)
        """Steps that each trial still has to take."""
        self._heard_s: dict[Trial, float] = {}
        """When each was last heard of."""
        self._steps = self._steps_s = self._ends = self._ends_s = 0.0
        """Steps, what they took, and the same of what comes after the last step."""

    def report(self, trial: Trial, said: Report | TrialResult) -> AblationReport:
        now_s = time.monotonic()
        before_s = self._heard_s.get(trial)
        if isinstance(said, Report):
            steps_left = said.steps - said.step
            if before_s is not None:
                self._steps += self._left[trial] - steps_left
                self._steps_s += now_s - before_s
            self._left[trial], self._heard_s[trial] = steps_left, now_s
        else:
            if before_s is not None:
                self._ends += 1
                self._ends_s += now_s - before_s
            del self._left[trial]
        return AblationReport(
            trial=trial,
            said=said,
            done=self._trials - len(self._left),
            trials=self._trials,
            seconds_left=self._estimate_left(),
        )

    def _estimate_left(self) -> float | None:
        if not self._left:
            return 0.0
        if not self._steps:
            return None
        step_s, end_s = self._steps_s / self._steps, self._ends_s / max(self._ends, 1)
        work_s = sum(self._left.values()) * step_s + len(self._left) * end_s
        return work_s / min(self._workers, len(self._left))


def _load_held_out(folder: Path, encoder: str) -> ObservedWindows:
    windows = load_windows(folder, encoder)
    if not windows.labelled.all():
        raise UserError(f"{folder} holds real footage, whose truth is not known; give --data rendered people")
    return windows


def _is_done(result: TrialResult | None, names: Sequence[str]) -> bool:
    return result is not None and (result.failure is not None or set(names) <= set(result.scores))


def _append(folder: Path, result: TrialResult) -> None:
    values = {**result.trial._asdict(), **asdict(result)}
    del values["trial"]
    with (folder / RESULTS_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(values) + "\n")


def _claim(folder: Path, recipe: AblationRecipe, sources: TrainingSources) -> None:
    """Write what is compared; variants and seeds may be added later, but nothing may be trained otherwise."""
    kinds = {"windows": sources.windows, "stills": sources.stills, "films": sources.films}
    sizes = {kind: len(WindowSet(path)) for kind, path in kinds.items() if path is not None}
    recipes: dict[str, Any] = json.loads(json.dumps({name: asdict(one) for name, one in recipe.recipes.items()}))
    path = folder / RECIPE_FILE
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        if before["sizes"] != sizes:
            then, now = (
                ", ".join(f"{count} {kind}" for kind, count in some.items()) for some in (before["sizes"], sizes)
            )
            raise UserError(f"{folder} holds trainings on {then}, now there are {now}; take another folder")
        for name, one in recipes.items():
            if one != before["recipes"].get(name, one):
                raise UserError(f"{folder} holds trainings of {name!r} with other choices; take another folder")
        recipes = before["recipes"] | recipes
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"sizes": sizes, "recipes": recipes}, indent=2) + "\n", encoding="utf-8")
