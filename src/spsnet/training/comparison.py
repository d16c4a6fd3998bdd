"""An ablation's results as tables: means over seeds, and what each missing part costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from spsnet.training.ablation import Trial, TrialResult
from spsnet.training.diagnosis import format_diagnosis
from spsnet.training.recipe import BASE_NAME, AblationRecipe
from spsnet.training.variants import PAPER_SCORES

_METRICS = {
    "pa_mpjpe_mm": ("PA-MPJPE", 1),
    "mpjpe_mm": ("MPJPE", 1),
    "pve_mm": ("PVE", 1),
    "acceleration_mm_frame2": ("accel.", 1),
    "shape_error": ("β", 3),
    "occluded_pa_mpjpe_mm": ("occluded PA", 1),
}
"""Heading and decimals of what the tables show."""
_GUESSED = "average_adult_shape_error"
_NOTHING = "-"
_CONFIDENCE = 0.95
NOTES = """\
14 LSP joints and the surface of the body, root between the hips, mm; acceleration error in mm/frame² at 30 frames a
second; β: mean squared error; occluded PA: with 3 to 5 keypoints covered. No refinement. Mean ± standard deviation
over seeds.
Cost: what a variant's error is above that of the full recipe with the same seed, ± half of a 95 % interval over the
seeds (paired, Student's t); * marks those whose interval leaves out 0. Paper: the same on 3DPW in its tables 2 and 3,
PA-MPJPE / MPJPE / PVE; other people in other pictures, so that only directions can be compared."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of what a variant lacks, in one metric."""

    by_seed: tuple[float, ...]
    """Error less that of the full recipe with the same seed."""

    @property
    def mean(self) -> float:
        """Over seeds."""
        return float(np.mean(self.by_seed))

    @property
    def margin(self) -> float:
        """Half of the 95 % interval of the mean; NaN for one seed.

        Convention:
            Costs of 1, 2 and 3: deviation 1, t = 4.303 at two degrees of freedom, 4.303 · 1/√3 = 2.484.
        """
        count = len(self.by_seed)
        if count < 2:
            return float("nan")
        return float(stdtrit(count - 1, (1 + _CONFIDENCE) / 2) * np.std(self.by_seed, ddof=1) / np.sqrt(count))

    @property
    def is_beyond_noise(self) -> bool:
        """Whether the interval leaves out 0."""
        return abs(self.mean) > self.margin


@dataclass(frozen=True, kw_only=True)
class VariantRow:
    """One variant on one held-out folder."""

    name: str
    scores: Mapping[str, tuple[float, ...]]
    """By metric, one number a seed that is finished."""
    costs: Mapping[str, Cost]
    """By metric, over the seeds that the full recipe finished too; none for the full recipe itself."""
    failures: tuple[str, ...]
    """Of seeds whose training diverged."""
    diagnosis: str | None
    """Of the first seed, in the table of the first folder, on which it was made."""


@dataclass(frozen=True, kw_only=True)
class AblationTable:
    """All variants on one held-out folder."""

    data: str
    rows: tuple[VariantRow, ...]
    average_adult: float | None
    """Error of β if always 0 is guessed; None if no trial has measured it."""


def make_tables(recipe: AblationRecipe, results: Mapping[Trial, TrialResult]) -> list[AblationTable]:
    """One table for each held-out folder, in the recipe's order; variants without a result are left out."""
    wanted = {name: [results.get(Trial(name, seed)) for seed in recipe.seeds] for name in recipe.recipes}
    found = [result for row in wanted.values() for result in row if result is not None]
    folders = list(dict.fromkeys(folder for result in found for folder in result.scores))
    full = wanted[BASE_NAME]
    return [
        AblationTable(
            data=folder,
            average_adult=next(
                (scores[_GUESSED] for scores in _find_scores(found, folder) if _GUESSED in scores), None
            ),
            rows=tuple(
                _make_row(name, row, full, folder, is_first=folder == folders[0])
                for name, row in wanted.items()
                if any(row)
            ),
        )
        for folder in folders
    ]


def format_text(table: AblationTable) -> str:
    """Means, costs and diagnoses, aligned."""
    parts = [f"{table.data}: means"]
    parts += _align(_fill_means(table))
    parts += ["", f"{table.data}: costs"]
    parts += _align(_fill_costs(table))
    parts += ["", *(f"{name}: {text}" for name, text in _list_remarks(table))]
    return "\n".join(parts)


def format_markdown(tables: Sequence[AblationTable]) -> str:
    """All tables, to be included in a page as they are."""
    parts = [NOTES.replace("\n", " ").replace("* marks", r"\* marks")]
    for table in tables:
        for title, cells in (("means", _fill_means(table)), ("costs", _fill_costs(table))):
            rows = [cells[0], ["---", *["---:"] * (len(cells[0]) - 1)], *cells[1:]]
            lines = [f"| {' | '.join(cell.replace('*', chr(92) + '*') for cell in row)} |" for row in rows]
            parts += [f"**{table.data}: {title}**", "\n".join(lines)]
        parts.append("\n".join(f"- {name}: {text}" for name, text in _list_remarks(table)))
    return "\n\n".join(part for part in parts if part) + "\n"


def to_plain(tables: Sequence[AblationTable]) -> list[dict[str, Any]]:
    """All numbers, unrounded, seed by seed, as a JSON file holds them."""
    return [asdict(table) for table in tables]


def _make_row(
    name: str,
    row: Sequence[TrialResult | None],
    full: Sequence[TrialResult | None],
    folder: str,
    *,
    is_first: bool,
) -> VariantRow:
    measured = [None if result is None else result.scores.get(folder) for result in row]
    reference = [None if result is None else result.scores.get(folder) for result in full]
    metrics = [metric for metric in _METRICS if any(scores and metric in scores for scores in measured)]
    costs = {}
    for metric in metrics if name != BASE_NAME else ():
        pairs = [(ours, theirs) for ours, theirs in zip(measured, reference, strict=True) if ours and theirs]
        if pairs:
            costs[metric] = Cost(by_seed=tuple(ours[metric] - theirs[metric] for ours, theirs in pairs))
    diagnoses = [result.diagnosis for result in row if result is not None and result.diagnosis is not None]
    return VariantRow(
        name=name,
        scores={metric: tuple(scores[metric] for scores in measured if scores) for metric in metrics},
        costs=costs,
        failures=tuple(result.failure for result in row if result is not None and result.failure is not None),
        diagnosis=format_diagnosis(diagnoses[0]) if diagnoses and is_first else None,
    )


def _find_scores(results: Sequence[TrialResult], folder: str) -> list[Mapping[str, float]]:
    return [result.scores[folder] for result in results if folder in result.scores]


def _fill_means(table: AblationTable) -> list[list[str]]:
    def show(row: VariantRow, metric: str, decimals: int) -> str:
        values = row.scores.get(metric)
        if not values:
            return _NOTHING
        spread = f" ± {np.std(values, ddof=1):.{decimals}f}" if len(values) > 1 else ""
        return f"{np.mean(values):.{decimals}f}{spread}"

    lines = _fill(table, "seeds", lambda row: str(max(map(len, row.scores.values()), default=0)), show)
    if table.average_adult is not None:
        guessed = [
            f"{table.average_adult:.{decimals}f}" if metric == "shape_error" else _NOTHING
            for metric, (_, decimals) in _METRICS.items()
        ]
        lines.append(["always the average adult", *guessed, _NOTHING])
    return lines


def _fill_costs(table: AblationTable) -> list[list[str]]:
    def show(row: VariantRow, metric: str, decimals: int) -> str:
        cost = row.costs.get(metric)
        if cost is None:
            return _NOTHING
        margin = f" ± {cost.margin:.{decimals}f}" if len(cost.by_seed) > 1 else ""
        return f"{cost.mean:+.{decimals}f}{margin}{' *' if cost.is_beyond_noise else ''}"

    return _fill(table, "paper", lambda row: _tell_paper(row.name), show)


def _fill(
    table: AblationTable, last: str, tell: Callable[[VariantRow], str], show: Callable[[VariantRow, str, int], str]
) -> list[list[str]]:
    """A heading, and a line for each variant."""
    lines = [["", *(heading for heading, _ in _METRICS.values()), last]]
    for row in table.rows:
        cells = [show(row, metric, decimals) for metric, (_, decimals) in _METRICS.items()]
        lines.append([row.name, *cells, tell(row)])
    return lines


def _tell_paper(name: str) -> str:
    scores, full = PAPER_SCORES.get(name), PAPER_SCORES[BASE_NAME]
    if scores is None or name == BASE_NAME:
        return _NOTHING
    return " / ".join(f"{ours - theirs:+.1f}" for ours, theirs in zip(scores, full, strict=True))


def _list_remarks(table: AblationTable) -> list[tuple[str, str]]:
    remarks = [(row.name, row.diagnosis) for row in table.rows if row.diagnosis is not None]
    return remarks + [(row.name, f"diverged: {failure}") for row in table.rows for failure in row.failures]


def _align(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in cells
    ]
