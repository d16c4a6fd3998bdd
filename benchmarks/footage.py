"""Run spsnet on the catalogue's films and say how well bodies lie on people.

    python benchmarks/footage.py -o out/footage --sheets docs/images

For every person: frames, filled frames, and how far `joints_px` (COCO's limb joints) lie from the encoder's own 2D
landmarks of the same names, median over joints and frames in percent of the person's height in the picture; and jitter,
the median second difference in pixels per frame², of `joints_px` and of those landmarks. Frames filled by the tracker
have no landmarks and do not count.
"""

import argparse
import json
from pathlib import Path

import av
import cv2
import numpy as np

import spsnet
from spsnet.assets import fetch
from spsnet.body import load_body
from spsnet.pipeline.running import name_result, run
from spsnet.pipeline.settings import RunSettings
from spsnet.records import PersonMotion
from spsnet.skeletons import get_joint_set

FILMS = (
    "footage-sports2d",
    *(f"footage-pose2sim-single-cam0{i}" for i in range(1, 5)),
    *(f"footage-pose2sim-multi-cam0{i}" for i in range(1, 5)),
    "footage-vtest",
)
OVERVIEW = (
    (("sports2d_demo", 114), ("vtest", 317)),
    (
        ("pose2sim_single_cam01", 30),
        ("pose2sim_single_cam04", 60),
        ("pose2sim_multi_cam04", 50),
        ("pose2sim_multi_cam01", 10),
    ),
)
"""Rows of the README's picture: film and frame."""
WOMAN_SEEN = (35, 213)
"""First and last frame of the `sports2d` demo that show any of the walking woman; read off the pictures."""
LIMBS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
NAMES = [f"{side}_{limb}" for limb in LIMBS for side in ("left", "right")]


def main() -> None:
    """Run, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=Path("out/footage"))
    parser.add_argument("--model", type=Path, help="model folder; the one that ships when not given")
    parser.add_argument("--sheets", type=Path, help="also write a contact sheet of each film into this folder")
    parser.add_argument("--no-refine", action="store_true")
    parser.add_argument("--force", action="store_true", help="run again where results exist")
    parser.add_argument("films", nargs="*", default=FILMS, help="names of the catalogue; all when not given")
    arguments = parser.parse_args()
    settings = RunSettings(model=arguments.model, refine=not arguments.no_refine)
    print(f"{'film':<22}{'person':>7}{'frames':>8}{'filled':>8}{'off %':>8}{'jitter px':>11}{'landmarks px':>14}")
    for film in arguments.films:
        path = fetch(film)
        folder, _ = run(str(path), arguments.out, settings, force=arguments.force)
        people = spsnet.load(folder)
        for person in people:
            off, jitter, landmark_jitter = measure_person(person)
            print(
                f"{name_result(str(path)):<22}{person.track_id:>7}{len(person):>8}{int(person.filled_mask.sum()):>8}"
                f"{100 * off:>8.2f}{jitter:>11.2f}{landmark_jitter:>14.2f}"
            )
        summary = json.loads((folder / "summary.json").read_text())
        print(describe_presence(folder.name, people, summary["input"]["frames"]))
        stages = ", ".join(f"{name} {value:.1f}" for name, value in summary["seconds"].items())
        print(f"  {summary['seconds_total']:.1f} s ({stages}), {summary['peak_memory_mb']} MB; {summary['warnings']}")
        if arguments.sheets:
            write_sheet(folder / "overlay.mp4", arguments.sheets / f"{folder.name}.jpg")
    if arguments.sheets:
        write_overview(arguments.out, arguments.sheets / "overview.jpg")


def measure_person(person: PersonMotion) -> tuple[float, float, float]:
    """Distance of limb joints from landmarks over height, and both jitters."""
    first = len(get_joint_set("smpl24").joint_names)
    coco = get_joint_set("coco17").joint_names
    blazepose = get_joint_set("blazepose33").joint_names
    joints = person.joints_px[:, [first + coco.index(name) for name in NAMES]]
    landmarks = person.keypoints_px[:, [blazepose.index(name) for name in NAMES], :2]
    seen = ~person.filled_mask
    distance = np.linalg.norm(joints - landmarks, axis=-1)
    height = measure_stature(person.body.shape) * person.focal_px / person.body.translation_m[:, 2]
    off = float(np.median((distance / height[:, None])[seen]))
    return off, measure_jitter(joints, seen), measure_jitter(landmarks, seen)


def measure_stature(shape: np.ndarray) -> float:
    """Metres from sole to crown of a body at rest."""
    body = load_body()
    vertices = body.template_m + body.shape_directions @ shape
    return float(np.ptp(vertices[:, 1]))


def measure_jitter(points: np.ndarray, seen: np.ndarray) -> float:
    """Median length of the second difference where three frames in a row were seen."""
    ok = seen[:-2] & seen[1:-1] & seen[2:]
    if not ok.any():
        return float("nan")
    return float(np.median(np.linalg.norm(np.diff(points, n=2, axis=0), axis=-1)[ok]))


def read_frames(overlay: Path, wanted: set[int]) -> list[np.ndarray]:
    """Frames of a film by number, BGR."""
    with av.open(str(overlay)) as container:
        return [f.to_ndarray(format="bgr24") for i, f in enumerate(container.decode(video=0)) if i in wanted]


def write_overview(results: Path, path: Path, *, width: int = 1600) -> None:
    """One frame of each of some films, in rows of one width, for the README."""
    rows = []
    for films in OVERVIEW:
        overlays = [(results / name / "overlay.mp4", frame) for name, frame in films]
        pictures = [read_frames(overlay, {frame})[0] for overlay, frame in overlays if overlay.is_file()]
        if pictures:
            scaled = [cv2.resize(p, (round(400 * p.shape[1] / p.shape[0]), 400)) for p in pictures]
            row = np.hstack(scaled)
            rows.append(cv2.resize(row, (width, round(400 * width / row.shape[1])), interpolation=cv2.INTER_AREA))
    if rows:
        path.write_bytes(cv2.imencode(".jpg", np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())


def describe_presence(name: str, people: list[PersonMotion], frames: int) -> str:
    """How many people at once, and how much of the walking woman's time she was followed."""
    at_once = np.zeros(frames, int)
    for person in people:
        at_once[person.frame_index] += 1
    text = f"  people at once: median {np.median(at_once):.0f}, most {at_once.max()}, "
    text += f"four or more in {np.mean(at_once >= 4):.0%} of frames"
    if name == "sports2d_demo":
        first, last = WOMAN_SEEN
        woman = max(people, key=lambda person: np.ptp(person.joints_px[:, 0, 0]))
        inside = np.count_nonzero((woman.frame_index >= first) & (woman.frame_index <= last))
        text += f"; the woman is person {woman.track_id}, in {inside} of the {last - first + 1} frames she is seen in"
    return text


def write_sheet(overlay: Path, path: Path, *, columns: int = 4, rows: int = 3, width: int = 480) -> None:
    """Evenly spread frames of an overlay as one JPEG."""
    with av.open(str(overlay)) as container:
        count = container.streams.video[0].frames
    frames = read_frames(overlay, set(np.linspace(0, count - 1, columns * rows + 2).astype(int)[1:-1].tolist()))
    height = round(frames[0].shape[0] * width / frames[0].shape[1])
    cells = [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    sheet = np.vstack([np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes())


if __name__ == "__main__":
    main()
