"""Contestants under conditions: rows of tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spsnet.body import BodyModel
from spsnet.datasets.shards import ObservedWindows, WindowSet
from spsnet.evaluation.answers import Answer, Contestant
from spsnet.evaluation.conditions import CLEAN, Condition, make_condition, make_conditions
from spsnet.evaluation.errors import Errors, measure_errors, measure_shapes
from spsnet.evaluation.scores import Scores, ShapeScores, reduce_errors, reduce_shapes
from spsnet.metrics import Estimate, estimate_difference, estimate_mean
from spsnet.records import UserError


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer under one condition."""

    name: str
    scores: Scores | None
    """None where the condition lacks what the model needs."""
    mpjpe_loss_mm: Estimate | None
    """MPJPE above that in the clean pictures; None in these."""
    pa_mpjpe_loss_mm: Estimate | None
    """The same of PA-MPJPE."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """All answers under one condition."""

    data: str
    """Name of the folder of windows."""
    condition: str
    paired: bool
    """Whether the condition shows the clean windows again: the loss is then that of the same frames. Otherwise it is
    the difference of two means over other windows, which may be harder in other ways too."""
    frames: Mapping[str, str]
    """By encoder, which frames count and why the others do not."""
    rows: tuple[Row, ...]
    average_adult: ShapeScores
    """What always guessing β = 0 gives."""


def compare(
    folders: Sequence[Path], contestants: Sequence[Contestant], body: BodyModel, *, window_limit: int | None = None
) -> Iterator[Table]:
    """Measure everybody under every condition.

    Args:
        folders: Of windows whose truth is known. Of the first, conditions are made (`make_conditions`); every other is
            a condition by itself.
        contestants: At least one.
        body: That the truth belongs to.
        window_limit: Use the first windows of each folder only.

    Yields:
        A table as soon as it is done; the clean one first.

    Raises:
        UserError: If a folder holds no windows of known truth, a contestant's encoder did not see them, or two rows
            have one name.
    """
    names = [name for contestant in contestants for name in contestant.rows]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"two models are called {name!r}; give them names: --model NAME=DIR")
    encoders = list(dict.fromkeys(contestant.encoder for contestant in contestants))
    clean: _Measured = {}
    for number, folder in enumerate(folders):
        windows = {encoder: _load(folder, encoder, window_limit) for encoder in encoders}
        made = [
            make_conditions(seen) if number == 0 else [make_condition(folder.name, seen)] for seen in windows.values()
        ]
        for together in zip(*made, strict=True):
            conditions = dict(zip(encoders, together, strict=True))
            measured = _measure(conditions, contestants, body)
            clean = clean or measured
            yield _fill_table(folder.name, conditions, measured, clean, body, paired=number == 0)


_Measured = dict[str, tuple[Condition, Errors | None]]
"""By row."""


def _load(folder: Path, encoder: str, window_limit: int | None) -> ObservedWindows:
    windows = WindowSet(folder, encoder)
    chosen = np.arange(len(windows) if window_limit is None else min(window_limit, len(windows)))
    taken = windows.take(chosen)
    if taken.labelled.all():
        return taken
    if not taken.labelled.any():
        raise UserError(
            f"{folder} holds real footage, whose truth is not known; give --data a folder of rendered people"
        )
    return windows.take(chosen[taken.labelled])


def _measure(conditions: Mapping[str, Condition], contestants: Sequence[Contestant], body: BodyModel) -> _Measured:
    """Everybody's errors, those of one encoder together: they share the truth's surfaces."""
    measured: _Measured = {}
    for encoder, condition in conditions.items():
        rows: list[str] = []
        answers: list[Answer] = []
        for contestant in contestants:
            if contestant.encoder == encoder:
                said = contestant.answer(condition)
                measured |= dict.fromkeys(contestant.rows, (condition, None))
                rows += contestant.rows if said is not None else ()
                answers += said or ()
        errors = measure_errors(condition, answers, body)
        measured |= {row: (condition, error) for row, error in zip(rows, errors, strict=True)}
    return {row: measured[row] for contestant in contestants for row in contestant.rows}


def _fill_table(
    data: str,
    conditions: Mapping[str, Condition],
    measured: _Measured,
    clean: _Measured,
    body: BodyModel,
    *,
    paired: bool,
) -> Table:
    condition = next(iter(conditions.values()))
    adult = measure_shapes(np.zeros_like(condition.truth.shape), condition.truth.shape, body)
    return Table(
        data=data,
        condition=condition.name,
        paired=paired,
        frames={encoder: seen.describe_frames() for encoder, seen in conditions.items()},
        rows=tuple(_make_row(name, *measured[name], *clean[name], paired=paired) for name in measured),
        average_adult=reduce_shapes(adult, condition.scored_mask),
    )


def _make_row(
    name: str,
    condition: Condition,
    errors: Errors | None,
    clean_condition: Condition,
    clean_errors: Errors | None,
    *,
    paired: bool,
) -> Row:
    if errors is None or clean_errors is None:
        return Row(name=name, scores=None, mpjpe_loss_mm=None, pa_mpjpe_loss_mm=None)
    mask, clean_mask = condition.scored_mask, clean_condition.scored_mask

    def lose(values: np.ndarray, clean: np.ndarray) -> Estimate | None:
        if condition.name == CLEAN:
            return None
        if paired:
            return estimate_mean(values - clean, mask)
        return estimate_difference(values, mask, clean, clean_mask)

    return Row(
        name=name,
        scores=reduce_errors(errors, mask),
        mpjpe_loss_mm=lose(errors.mpjpe_mm, clean_errors.mpjpe_mm),
        pa_mpjpe_loss_mm=lose(errors.pa_mpjpe_mm, clean_errors.pa_mpjpe_mm),
    )
