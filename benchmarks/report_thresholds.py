"""Measure what the report finds and how often it is wrong, on rendered people whose truth is known.

    python benchmarks/report_thresholds.py --validation DIR --held-out DIR

Folders are of `spsnet synthesize`. Every window is one person of 1.1 s, recovered with the model as `spsnet run` does.
First table: each limit of `Thresholds` times 0.5 to 2, on the validation windows: share of planted faults that are
found, and alarms per person-minute that the truth says are wrong. Second table, on the held-out windows, at the limits
as they are: the same, all alarms of the model's results, right or wrong, and alarms on perfect results, which are made
of the truth itself.

The truth says an alarm is right: sides, where it finds left and right exchanged; off, unsure and bones, where the body
is wrong by more than 150 mm; jitter, where the limb shakes half as much again; jump, where the landmarks' trunk is off
by 0.15 boxes; skate, where its own feet slide half as fast; frozen, where it turns five times the limit.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from spsnet.body import build_keypoint_model, compute_keypoints, load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.crops import compute_network_box
from spsnet.datasets.motion_clips import FPS
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows, load_windows
from spsnet.datasets.sights import fill_missing, find_span
from spsnet.geometry import matrix_to_axis_angle, project_points, translation_to_crop_camera
from spsnet.pipeline.drawing import estimate_level
from spsnet.pipeline.lifting import Lifter
from spsnet.pipeline.recover import find_default_model
from spsnet.pipeline.settings import RunSettings, Stopwatch
from spsnet.quality import faults
from spsnet.quality.exchanges import find_trunk
from spsnet.quality.findings import Finding, find_problems
from spsnet.quality.measures import PersonMeasures, find_limb_joints, get_landmarks, get_smpl_joints, measure_person
from spsnet.quality.sides import compute_swap_share
from spsnet.quality.stillness import measure_turning
from spsnet.quality.thresholds import Thresholds
from spsnet.records import BodyParameters, PersonMotion, PersonObservations, Pinhole

FACTORS = (0.5, 0.7, 1.0, 1.4, 2.0)
LIMITS = {
    "unsure": "landmark_confidence",
    "off": "off_percent",
    "jitter": "shake_m_s2",
    "bones": "bone_percent",
    "skate": "skate_mm_s",
    "frozen": "frozen_rad_s",
    "sides": "side_share",
    "jump": "jump_boxes",
    "exchange": "exchange_share",
}
"""The limit of each finding that is tried."""
WRONG_M = 0.15
CENTER = np.zeros(2)


@dataclass(frozen=True, kw_only=True)
class Known:
    """A person as the model recovers it, and as it is."""

    said: PersonMotion
    true: PersonMotion


class Seen(NamedTuple):
    """What the report judges."""

    people: Sequence[PersonMotion]
    measures: Sequence[PersonMeasures]


class Planted(NamedTuple):
    """A fault and the frames it may be named at."""

    seen: Seen
    frames: tuple[int, int]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=find_default_model())
    parser.add_argument("--no-sweep", action="store_true", help="only the second table")
    arguments = parser.parse_args()
    if not arguments.no_sweep:
        print_sweep(recover_windows(arguments.validation, arguments.model))
    print_rates(recover_windows(arguments.held_out, arguments.model))


def print_sweep(people: Sequence[Known]) -> None:
    """Share found, and wrong alarms per person-minute, by limit."""
    minutes = sum(len(one.said) for one in people) / FPS / 60
    print(f"validation, {len(people)} people, {minutes:.2f} person-minutes: found % / wrong alarms a person-minute")
    print(f"| finding | limit | {' | '.join(f'× {factor:g}' for factor in FACTORS)} |")
    print(f"| --- | --- |{' ---: |' * len(FACTORS)}")
    cells: dict[str, list[str]] = {kind: [] for kind in LIMITS}
    clean = [measure([one.said]) for one in people]
    planted = {kind: plant(people, kind) for kind in PLANTS}
    for factor in FACTORS:
        usual = Thresholds()
        limits = replace(usual, **{name: factor * getattr(usual, name) for name in LIMITS.values()})
        alarms = [(f, one) for one, seen in zip(people, clean, strict=True) for f in find_problems(*seen, limits)]
        wrong = [f.kind for f, one in alarms if not is_right(f, one)]
        for kind in LIMITS:
            found = f"{100 * measure_found(planted[kind], kind, limits):.0f}" if kind in PLANTS else "-"
            cells[kind].append(f"{found} / {wrong.count(kind) / minutes:.1f}")
    for kind, name in LIMITS.items():
        print(f"| {kind} | `{name}` {getattr(Thresholds(), name):g} | {' | '.join(cells[kind])} |")


def print_rates(people: Sequence[Known]) -> None:
    """Share found, and alarms per person-minute, on windows that chose nothing."""
    minutes = sum(len(one.said) for one in people) / FPS / 60
    limits = Thresholds()
    print(f"\nheld out, {len(people)} people, {minutes:.2f} person-minutes; alarms a person-minute")
    print("| finding | planted faults found, % | alarms | of these wrong | on perfect results |")
    print("| --- | ---: | ---: | ---: | ---: |")
    alarms = [(f, one) for one in people for f in find_problems(*measure([one.said]), limits)]
    perfect = [f.kind for one in people for f in find_problems(*measure([one.true]), limits)]
    for kind in LIMITS:
        own = [(f, one) for f, one in alarms if f.kind == kind]
        wrong = sum(not is_right(f, one) for f, one in own)
        found = f"{100 * measure_found(plant(people, kind), kind, limits):.0f}" if kind in PLANTS else "-"
        rates = " | ".join(f"{number / minutes:.1f}" for number in (len(own), wrong, perfect.count(kind)))
        print(f"| {kind} | {found} | {rates} |")


def measure(people: Sequence[PersonMotion]) -> Seen:
    """People and their measures, as the report takes them."""
    up = np.array([0.0, -1.0, 0.0]) @ estimate_level(people)
    return Seen(people, [measure_person(person, up=up / np.linalg.norm(up)) for person in people])


def plant(people: Sequence[Known], kind: str) -> list[Planted]:
    """A fault in everybody who is long enough, at a place of chance."""
    planted = []
    for number, one in enumerate(people):
        if len(one.said) < 24:
            continue
        start = int(np.random.default_rng([7, number]).integers(4, len(one.said) - 18))
        frames = (0, len(one.said)) if kind == "skate" else (start - 2, start + 16)
        planted.append(Planted(measure(PLANTS[kind](one.said, start)), frames))
    return planted


def measure_found(planted: Sequence[Planted], kind: str, limits: Thresholds) -> float:
    """Share of planted faults that are named at a time that is theirs."""
    found = []
    for seen, (first, last) in planted:
        told = [when for f in find_problems(*seen, limits) if f.kind == kind for when in f.stretches]
        found.append(any(when.frames[0] <= last and when.frames[1] >= first for when in told))
    return float(np.mean(found))


def exchange(person: PersonMotion, start: int) -> list[PersonMotion]:
    """Somebody and a second one beside, exchanged."""
    other = replace(faults.move_aside(person, 0.8), track_id=person.track_id + 1000)
    return [faults.continue_with(person, other, start), faults.continue_with(other, person, start)]


PLANTS: dict[str, Callable[[PersonMotion, int], list[PersonMotion]]] = {
    "off": lambda person, start: [faults.lay_aside(person, start, start + 14, 0.15)],
    "jitter": lambda person, start: [faults.shake_limb(person, "left arm", start, start + 14, 0.02)],
    "bones": lambda person, start: [faults.grow_landmarks(person, start, start + 16, 1.5)],
    "skate": lambda person, _start: [faults.slide(person, 1.0)],
    "frozen": lambda person, start: [faults.freeze(person, start, start + 14)],
    "sides": lambda person, start: [faults.swap_sides(person, start, start + 10)],
    "jump": lambda person, start: [faults.continue_with(person, faults.move_aside(person, 0.5), start)],
    "exchange": exchange,
}


def is_right(finding: Finding, one: Known) -> bool:
    """Whether the truth confirms any stretch of an alarm."""
    return any(confirm(finding, rows, one) for rows in list_rows(finding, one.said))


def list_rows(finding: Finding, person: PersonMotion) -> list[slice]:
    """The frames of each stretch, and three more on both sides."""
    return [slice(max(w.frames[0] - 3, 0), min(w.frames[1] + 4, len(person))) for w in finding.stretches]


def confirm(finding: Finding, rows: slice, one: Known) -> bool:
    """What the module says of each finding."""
    said, true = one.said, one.true
    if finding.kind in ("off", "unsure", "bones"):
        left, right = (joints - joints[:, :1] for joints in (get_smpl_joints(said), get_smpl_joints(true)))
        return float(np.linalg.norm(left - right, axis=-1)[rows].mean()) > WRONG_M
    if finding.kind == "jitter":
        shake = [measure_person(p, up=np.array([0.0, -1.0, 0.0])).shake_m_s2 for p in (said, true)]
        return any(np.nanmax(shake[0][limb][rows]) > 1.5 * np.nanmax(shake[1][limb][rows]) for limb in shake[0])
    if finding.kind == "skate":
        skates = [measure_person(p, up=np.array([0.0, -1.0, 0.0])).skate_mm_s for p in (said, true)]
        return bool(np.nanmean(skates[1]) < 0.5 * np.nanmean(skates[0])) if np.isfinite(skates[1]).any() else True
    if finding.kind == "frozen":
        return float(measure_turning(true)[rows].mean()) > 5 * Thresholds().frozen_rad_s
    if finding.kind == "jump":
        way = np.linalg.norm(find_trunk(said) - find_trunk(true), axis=-1) / said.box_xys_px[:, 2]
        return float(way[rows].max()) > 0.15
    return finding.kind == "sides" and are_sides_exchanged(said, true, rows)


def are_sides_exchanged(said: PersonMotion, true: PersonMotion, rows: slice) -> bool:
    """Whether landmarks or body lie nearer to the truth's other side."""
    index, seen, known = find_limb_joints(said), get_landmarks(said), get_landmarks(true)
    if index is None or seen is None or known is None:
        return False
    side = said.box_xys_px[:, 2][:, None, None]
    for group in ([0, 1, 6, 7], [2, 3, 4, 5], [8, 9, 10, 11]):
        pixels = compute_swap_share(known[:, group, :2] / side, seen[:, group, :2] / side, 0.04)
        true_m, said_m = (p.joints_m[:, index][:, group] - p.joints_m[:, :1] for p in (true, said))
        if max(pixels[rows].max(), compute_swap_share(true_m, said_m, 0.1)[rows].max()) > 0.3:
            return True
    return False


def recover_windows(folder: Path, model: Path) -> list[Known]:
    """Every window with a person in it, by the model and in truth."""
    windows, lifter = load_windows(folder), Lifter(model, load_body())
    spans, sight = find_span(windows.seen.present_mask), fill_missing(windows.seen)
    camera = Pinhole(focal_px=FOCAL_PX, center_px=(0.0, 0.0), width=1, height=1)
    joints = build_keypoint_model(lifter.body, ("smpl24", "coco17"))
    points = LandmarkOffsets.load(model).build_model(lifter.body)
    people = []
    for i, span in enumerate(spans):
        if span.sum() < 4:
            continue
        landmarks, present = sight.landmarks_px[i, span].astype(np.float64), windows.seen.present_mask[i, span]
        seen = PersonObservations(
            track_id=i + 1,
            frame_index=np.arange(len(landmarks)),
            time_s=np.arange(len(landmarks)) / FPS,
            confidence=present.astype(np.float64),
            filled_mask=~present,
            box_xys_px=compute_network_box(landmarks),
            landmarks_px=landmarks,
            world_m=sight.world_m[i, span].astype(np.float64),
            feature=sight.feature[i, span] if lifter.needs_feature else None,
            widths_px=sight.widths_px[i, span],
        )
        said = lifter.lift(seen, camera, RunSettings(), Stopwatch())
        people.append(Known(said=said, true=make_true(said, windows, i, span, joints, points)))
    return people


def make_true(said: PersonMotion, windows: ObservedWindows, i: int, span: np.ndarray, joints, points) -> PersonMotion:  # type: ignore[no-untyped-def]
    """The result that a perfect program would give."""
    rotations, place = windows.rotations[i, span].astype(np.float64), windows.translation_m[i, span].astype(np.float64)
    shape = windows.shape[i].astype(np.float64)
    shapes = np.tile(shape, (len(place), 1))
    joints_m = compute_keypoints(joints, rotations, shapes, place)
    landmarks = project_points(compute_keypoints(points, rotations, shapes, place)[:, 24:], FOCAL_PX, CENTER)
    box = compute_network_box(landmarks)
    return replace(
        said,
        confidence=np.ones(len(said)),
        filled_mask=np.zeros(len(said), bool),
        box_xys_px=box,
        body=BodyParameters(
            pose_rad=matrix_to_axis_angle(rotations).reshape(len(said), 72), shape=shape, translation_m=place
        ),
        crop_camera=translation_to_crop_camera(place, box, FOCAL_PX, CENTER),
        joints_m=joints_m,
        joints_px=project_points(joints_m, FOCAL_PX, CENTER),
        keypoints_px=np.concatenate([landmarks, np.ones((*landmarks.shape[:2], 1))], -1),
    )


if __name__ == "__main__":
    main()
