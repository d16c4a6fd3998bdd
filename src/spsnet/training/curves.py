"""Curves of one training or of several, from what they logged."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from spsnet.records import UserError
from spsnet.training.monitoring import LOG_FILE

CURVES_FILE = "curves.png"
_PAID_BY_D = "discriminator_"
_PANELS = {
    "losses": "losses (single ones before their weights)",
    "poses": "validation: PA-MPJPE, mm",
    "shapes": "validation: mean squared error of β",
    "verdicts": "discriminator's verdicts, 1 says real",
}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One number over the steps of a training."""

    steps: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class TrainingLog:
    """What a training logged, by name."""

    training: Mapping[str, Curve]
    """Means since the line before: "loss", "gradient_norm", the terms without their weights, and D's."""
    validation: Mapping[str, Curve]


def read_log(folder: Path) -> TrainingLog:
    """Read a training's `log.jsonl`.

    Raises:
        UserError: If it is missing or is not one.
    """
    path = folder / LOG_FILE
    points: dict[str, dict[str, list[tuple[int, float]]]] = {"training": {}, "validation": {}}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            values: dict[str, Any] = json.loads(line)
            curves, step = points[values.pop("kind")], int(values.pop("step"))
            for name, value in values.items():
                curves.setdefault(name, []).append((step, float(value)))
    except OSError as error:
        raise UserError(f"{path} cannot be read; `spsnet train` writes it") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is not the log of a training: {error}") from error
    training, validation = (
        {name: Curve(steps=tuple(s for s, _ in some), values=tuple(v for _, v in some)) for name, some in kind.items()}
        for kind in points.values()
    )
    return TrainingLog(training=training, validation=validation)


def compute_verdicts(log: TrainingLog) -> dict[str, Curve]:
    r"""What D says of real motions and of the network's, from what it pays.

        real: 1 − √(mean (D − 1)²)        fake: √(mean D²)

    Convention:
        1 says real. A D that pays 0.25 for each says about 0.5 of both; none where there is no D.
    """
    turned = {"real": lambda paid: 1 - math.sqrt(paid), "fake": math.sqrt}
    return {
        name: Curve(steps=curve.steps, values=tuple(turn(value) for value in curve.values))
        for name, turn in turned.items()
        if (curve := log.training.get(_PAID_BY_D + name)) is not None
    }


def draw_curves(runs: Mapping[str, Path], path: Path) -> None:
    """Draw four panels into a PNG: losses, PA-MPJPE, β and the discriminator.

    One run shows each of its losses, several their weighted sums, each run in a colour of its own.

    Args:
        runs: Folders of trainings by the names they get in the picture.
        path: Of the picture.

    Raises:
        UserError: If a folder holds no log.
        ValueError: If there is no run.
    """
    if not runs:
        raise ValueError("runs should be at least one training")
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    logs = {name: read_log(folder) for name, folder in runs.items()}
    is_alone = len(logs) == 1
    figure = Figure(figsize=(14, 9), layout="constrained")
    FigureCanvasAgg(figure)
    panels = dict(zip(_PANELS, figure.subplots(2, 2).flat, strict=True))
    panels["losses"].set_prop_cycle(color=matplotlib.colormaps["tab20"](range(20)))
    for number, (run, log) in enumerate(logs.items()):
        for line in _list_lines(log, terms=is_alone):
            panels[line.panel].plot(
                line.curve.steps,
                line.curve.values,
                line.style,
                marker=None if line.panel == "losses" else ".",
                linewidth=3 if line.curve is log.training.get("loss") else 1.3,
                color=None if is_alone else f"C{number}",
                label=line.label if is_alone else f"{run}: {line.label}",
            )
    panels["losses"].set_yscale("log", nonpositive="mask")
    panels["verdicts"].axhline(0.5, color="gray", linestyle=":")
    panels["verdicts"].set_ylim(0, 1)
    for name, axes in panels.items():
        axes.set_title(_PANELS[name])
        axes.set_xlabel("step")
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8, ncols=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


class _Line(NamedTuple):
    panel: str
    curve: Curve
    label: str
    style: str = "-"


def _list_lines(log: TrainingLog, *, terms: bool) -> Iterator[_Line]:
    """What of a run is shown; with `terms` its single losses too, which are logged before their weights."""
    for name, curve in log.training.items():
        is_term = name not in ("loss", "gradient_norm") and not name.startswith(_PAID_BY_D)
        if name == "loss":
            yield _Line("losses", curve, "weighted sum")
        elif terms and is_term and any(value > 0 for value in curve.values):
            yield _Line("losses", curve, name)
    for name, panel, label, style in (
        ("pa_mpjpe_mm", "poses", "clean", "-"),
        ("occluded_pa_mpjpe_mm", "poses", "occluded", "--"),
        ("shape_error", "shapes", "network", "-"),
        ("average_adult_shape_error", "shapes", "always the average adult", ":"),
    ):
        if name in log.validation:
            yield _Line(panel, log.validation[name], label, style)
    for name, curve in compute_verdicts(log).items():
        yield _Line("verdicts", curve, name, "-" if name == "real" else "--")
