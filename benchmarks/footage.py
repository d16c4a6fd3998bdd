"""Run one or two models on the catalogue's films and say how well bodies lie on people, and how they shake.

    python benchmarks/footage.py -o out/footage --model weights/default --before runs/plain/model --sheets docs/images

For every person, of `joints_px` (its COCO 17 part) and of the encoder's own 2D landmarks of the same names:

- off %: distance of COCO's twelve limb joints from those landmarks, median over joints and frames, in percent of the
  person's standing height in the picture;
- jitter: length of the second difference, mean over the 17 joints and over the frames that were seen with both their
  neighbours, in pixels per frame² and in percent of that height per frame².

Frames filled by the tracker have no landmarks and do not count. The height is that of the body of `--model`, standing,
in each frame. A film's last row is the mean over its people, each frame of a person counting once.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from footage_sheets import write_comparison, write_overview, write_sheet
from jaxtyping import Bool, Float

import spsnet
from spsnet.assets import fetch
from spsnet.body import load_body
from spsnet.network.exported import GRAPH_FILE
from spsnet.pipeline.recover import find_default_model
from spsnet.pipeline.results import OVERLAY_FILE, load_summary
from spsnet.pipeline.running import name_result, run
from spsnet.pipeline.settings import RunSettings
from spsnet.records import PersonMotion
from spsnet.skeletons import get_joint_set, map_joints
from spsnet.video import compute_sha256

FILMS = (
    "footage-sports2d",
    *(f"footage-pose2sim-single-cam0{i}" for i in range(1, 5)),
    *(f"footage-pose2sim-multi-cam0{i}" for i in range(1, 5)),
    "footage-vtest",
)
WOMAN_SEEN = (35, 213)
"""First and last frame of the `sports2d` demo that show any of the walking woman; read off the pictures."""
LIMBS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
COLUMNS = "off % before", "off %", "px/f² seen", "before", "now", "%/f² seen", "before", "now"


class Figures(NamedTuple):
    """What is printed of one person; before: of the other model, NaN where there is none."""

    off_before: float
    off: float
    landmarks_px: float
    before_px: float
    joints_px: float
    landmarks_percent: float
    before_percent: float
    joints_percent: float


def main() -> None:
    """Run, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=Path("out/footage"))
    parser.add_argument("--model", type=Path, default=find_default_model(), help="model folder; the one that ships")
    parser.add_argument("--before", type=Path, help="model folder to compare with")
    parser.add_argument("--sheets", type=Path, help="also write pictures of each film into this folder")
    parser.add_argument("--no-refine", action="store_true", help="results have a folder of their own")
    parser.add_argument("--force", action="store_true", help="run again where results exist")
    parser.add_argument("films", nargs="*", default=FILMS, help="names of the catalogue; all when not given")
    arguments = parser.parse_args()
    out = arguments.out / ("network" if arguments.no_refine else "refined")
    print(f"{'film':<22}{'person':>7}{'frames':>8}{'filled':>8}" + "".join(f"{name:>14}" for name in COLUMNS))
    for film in arguments.films:
        path = fetch(film)
        folder = run_model(path, out / "now", arguments.model, arguments)
        people, others = spsnet.load(folder), []
        if arguments.before:
            others = pair_people(people, spsnet.load(run_model(path, out / "before", arguments.before, arguments)))
        rows = []
        for i, person in enumerate(people):
            rows.append(measure_person(person, others[i] if others else None))
            print_row(folder.name, str(person.track_id), len(person), int(person.filled_mask.sum()), rows[-1])
        if rows:
            seen = [int((~person.filled_mask).sum()) for person in people]
            print_row(folder.name, "all", sum(map(len, people)), sum(map(len, people)) - sum(seen), average(rows, seen))
        describe_run(folder, people)
        if arguments.sheets:
            write_sheet(folder / OVERLAY_FILE, arguments.sheets / f"{folder.name}.jpg")
            if others:
                write_comparison(path, others, people, arguments.sheets / f"{folder.name}_before_after.jpg")
    if arguments.sheets:
        write_overview(out / "now", arguments.sheets / "overview.jpg")


def run_model(film: Path, out: Path, model: Path, arguments: argparse.Namespace) -> Path:
    """Result folder of a film, made if it is not there or is of another model."""
    folder = out / name_result(str(film))
    head = compute_sha256(model / GRAPH_FILE)
    is_other = folder.exists() and load_summary(folder)["model"]["sha256"] != head
    settings = RunSettings(model=model, refine=not arguments.no_refine)
    return run(str(film), out, settings, force=arguments.force or is_other)[0]


def pair_people(people: Sequence[PersonMotion], others: Sequence[PersonMotion]) -> list[PersonMotion]:
    """The other model's people in the order of ours.

    Raises:
        ValueError: If they are not the same people: the models see with different encoders.
    """
    by_track = {other.track_id: other for other in others}
    for person in people:
        other = by_track.get(person.track_id)
        if other is None or not np.array_equal(other.frame_index, person.frame_index):
            raise ValueError(f"person {person.track_id} is not the same with both models; do they share an encoder?")
    return [by_track[person.track_id] for person in people]


def measure_person(person: PersonMotion, other: PersonMotion | None) -> Figures:
    """All figures of one person; `other` is the same person by the other model."""
    landmarks = map_joints("blazepose33", "coco17").apply(person.keypoints_px[..., :2])
    height = measure_stature(person.body.shape) * person.focal_px / person.body.translation_m[:, 2]
    seen, now = ~person.filled_mask, take_coco(person)
    before = np.full_like(now, np.nan) if other is None else take_coco(other)
    off = [measure_distance(points, landmarks, seen, height) for points in (before, now)]
    jitter = [measure_jitter(points, seen, height) for points in (landmarks, before, now)]
    return Figures(*off, *(pixels for pixels, _ in jitter), *(percent for _, percent in jitter))


def take_coco(person: PersonMotion) -> Float[np.ndarray, "time 17 2"]:
    """COCO's joints of the body."""
    first = len(get_joint_set("smpl24").joint_names)
    return person.joints_px[:, first : first + 17]


def measure_stature(shape: Float[np.ndarray, "10"]) -> float:
    """Metres from sole to crown of a body at rest."""
    body = load_body()
    vertices = body.template_m + body.shape_directions @ shape
    return float(np.ptp(vertices[:, 1]))


def measure_distance(
    joints: Float[np.ndarray, "time 17 2"],
    landmarks: Float[np.ndarray, "time 17 2"],
    seen: Bool[np.ndarray, " time"],
    height: Float[np.ndarray, " time"],
) -> float:
    """Median distance of the limbs' joints in percent of the height."""
    limbs = [i for i, name in enumerate(get_joint_set("coco17").joint_names) if name.split("_")[-1] in LIMBS]
    distance = np.linalg.norm(joints - landmarks, axis=-1)[:, limbs]
    return float(np.median(100 * (distance / height[:, None])[seen]))


def measure_jitter(
    points: Float[np.ndarray, "time 17 2"], seen: Bool[np.ndarray, " time"], height: Float[np.ndarray, " time"]
) -> tuple[float, float]:
    """Mean length of the second difference, in pixels and in percent of height; NaN if never seen thrice running."""
    ok = seen[:-2] & seen[1:-1] & seen[2:]
    if not ok.any():
        return float("nan"), float("nan")
    jitter = np.linalg.norm(np.diff(points, n=2, axis=0), axis=-1)[ok]
    return float(jitter.mean()), float((100 * jitter / height[1:-1][ok, None]).mean())


def average(rows: Sequence[Figures], seen: Sequence[int]) -> Figures:
    """Mean over people, weighted by their frames; people too short to measure do not count."""
    values = np.ma.masked_invalid(rows)
    return Figures(*np.ma.average(values, axis=0, weights=seen).filled(np.nan).tolist())


def print_row(film: str, person: str, frames: int, filled: int, figures: Figures) -> None:
    """One line of the table."""
    numbers = "".join(f"{'-' if np.isnan(value) else f'{value:.2f}':>14}" for value in figures)
    print(f"{film:<22}{person:>7}{frames:>8}{filled:>8}{numbers}")


def describe_run(folder: Path, people: list[PersonMotion]) -> None:
    """How many people at once, how much of the walking woman's time she was followed, and what it cost."""
    summary = load_summary(folder)
    at_once = np.zeros(summary["input"]["frames"], int)
    for person in people:
        at_once[person.frame_index] += 1
    text = f"  people at once: median {np.median(at_once):.0f}, most {at_once.max()}, "
    text += f"four or more in {np.mean(at_once >= 4):.0%} of frames"
    if folder.name == "sports2d_demo":
        first, last = WOMAN_SEEN
        woman = max(people, key=lambda person: np.ptp(person.joints_px[:, 0, 0]))
        inside = np.count_nonzero((woman.frame_index >= first) & (woman.frame_index <= last))
        text += f"; the woman is person {woman.track_id}, in {inside} of the {last - first + 1} frames she is seen in"
    stages = ", ".join(f"{name} {value:.1f}" for name, value in summary["seconds"].items())
    print(text)
    print(f"  {summary['seconds_total']:.1f} s ({stages}), {summary['peak_memory_mb']} MB; {summary['warnings']}")


if __name__ == "__main__":
    main()
