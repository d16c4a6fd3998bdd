"""A run's report: what was measured, what is wrong, as a record and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet.metrics import average
from spsnet.quality.findings import Finding, find_problems
from spsnet.quality.measures import PersonMeasures, measure_person
from spsnet.quality.thresholds import Thresholds
from spsnet.records import PersonMotion


@dataclass(frozen=True, kw_only=True)
class FilmFacts:
    """What a report says of the film and the run."""

    name: str
    width: int
    height: int
    fps: float
    frames: int
    model: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """Everything of the page but the pictures."""

    film: FilmFacts
    measures: tuple[PersonMeasures, ...]
    findings: tuple[Finding, ...]
    thresholds: Thresholds

    @cached_property
    def figures(self) -> tuple["PersonFigures", ...]:
        """One row of numbers a person."""
        return tuple(summarise_person(one, self.list_findings(one.track_id)) for one in self.measures)

    def list_findings(self, track_id: int) -> list[Finding]:
        """Those of one person."""
        return [finding for finding in self.findings if track_id in finding.person_ids]


@dataclass(frozen=True, kw_only=True)
class PersonFigures:
    """One person in numbers; None where nothing could be measured."""

    person: int
    start_s: float
    stop_s: float
    frames: int
    filled_frames: int
    missing_frames: int
    """Numbers that the film lacks within the person's time."""
    longest_gap_s: float
    """Seconds filled or missing in a row."""
    confidence: float | None
    landmark_confidence: float | None
    off_percent: float | None
    """Mean over frames, per cent of the box."""
    jitter_m_s2: float | None
    """Acceleration, mean over joints and frames."""
    shake_of: dict[str, float | None]
    """Mean of each limb and of the pelvis, m/s²; see `PersonMeasures.shake_m_s2`."""
    bone_percent: float | None
    """Half the range of the middle 90 % of frames: how constant the limbs' lengths are that were seen."""
    bone_change_percent: float
    """Of `joints_m`."""
    skate_mm_s: float | None
    findings: int


def make_report(
    people: Sequence[PersonMotion],
    film: FilmFacts,
    *,
    up: Float[np.ndarray, "3"],
    thresholds: Thresholds | None = None,
) -> Report:
    """Measure everybody and judge.

    Args:
        people: Of one film.
        film: For the heading.
        up: Unit vector away from the floor, camera axes.
        thresholds: The measured ones where None.

    Raises:
        ValueError: If somebody's times do not rise, or SMPL's joints do not come first.
    """
    thresholds = thresholds or Thresholds()
    measures = tuple(measure_person(person, up=up, thresholds=thresholds) for person in people)
    findings = tuple(find_problems(people, measures, thresholds))
    return Report(film=film, measures=measures, findings=findings, thresholds=thresholds)


def summarise_person(measured: PersonMeasures, findings: Sequence[Finding]) -> PersonFigures:
    """Means over the frames that were seen."""
    steps_s, steps = np.diff(measured.time_s), np.diff(measured.frame_index)
    absent = np.concatenate([[False], measured.filled_mask, [False]])
    edges = np.flatnonzero(np.diff(absent.astype(np.int8))).reshape(-1, 2)
    ends = [(max(start - 1, 0), min(stop, len(measured) - 1)) for start, stop in edges.tolist()]
    gaps = [float(measured.time_s[stop] - measured.time_s[start]) for start, stop in ends]
    gaps += steps_s[steps > 1].tolist()
    bones = measured.bone_percent[np.isfinite(measured.bone_percent)]
    return PersonFigures(
        person=measured.track_id,
        start_s=float(measured.time_s[0]),
        stop_s=float(measured.time_s[-1]),
        frames=len(measured),
        filled_frames=int(measured.filled_mask.sum()),
        missing_frames=int((steps - 1).sum()),
        longest_gap_s=max(gaps, default=0.0),
        confidence=_mean(measured.confidence),
        landmark_confidence=_mean(measured.landmark_confidence),
        off_percent=_mean(measured.off_percent),
        jitter_m_s2=_mean(measured.jitter_m_s2),
        shake_of={limb: _mean(values) for limb, values in measured.shake_m_s2.items()},
        bone_percent=float(np.ptp(np.percentile(bones, [5, 95])) / 2) if len(bones) else None,
        bone_change_percent=measured.bone_change_percent,
        skate_mm_s=_mean(measured.skate_mm_s),
        findings=len(findings),
    )


def format_json(report: Report) -> str:
    """The report as a program reads it: film, findings, a row a person, the curves, the thresholds."""
    plain = {
        "film": asdict(report.film),
        "findings": [_list_finding(finding) for finding in report.findings],
        "people": [_round(asdict(figures)) for figures in report.figures],
        "thresholds": asdict(report.thresholds),
        "curves": [_list_curves(measured) for measured in report.measures],
    }
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _list_finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "people": finding.person_ids,
        "what": finding.what,
        "remedy": finding.remedy,
        "stretches": [
            {"start_s": round(when.start_s, 4), "stop_s": round(when.stop_s, 4), "frames": when.frames}
            for when in finding.stretches
        ],
    }


def _list_curves(measured: PersonMeasures) -> dict[str, Any]:
    """Frame by frame, as text in one line each: indented, a list of numbers would be a line a number."""
    curves = {
        "time_s": measured.time_s,
        "confidence": measured.confidence,
        "off_percent": measured.off_percent,
        "bone_percent": measured.bone_percent,
        "jitter_m_s2": measured.jitter_m_s2,
        **{f"shake_m_s2/{limb}": values for limb, values in measured.shake_m_s2.items()},
    }
    return {"person": measured.track_id, **{name: _join(values) for name, values in curves.items()}}


def _join(values: Float[np.ndarray, " time"]) -> str:
    return " ".join("-" if not np.isfinite(value) else f"{value:.4g}" for value in values.tolist())


def _mean(values: Float[np.ndarray, " time"]) -> float | None:
    return _number(average(values, np.isfinite(values)))


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _round(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _round(part) for name, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value
