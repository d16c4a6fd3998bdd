"""What a run leaves on the disk: whole or not at all."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spsnet import __version__
from spsnet.body import BodyModel, compute_vertices
from spsnet.export import load_person, save_person
from spsnet.geometry import axis_angle_to_matrix
from spsnet.pipeline.settings import Stopwatch, Watch, watch_nothing
from spsnet.records import Frame, PersonMotion, Recovery, UserError
from spsnet.rendering import OverlayPerson, OverlayScene
from spsnet.video import Film, VideoWriter

SUMMARY_FILE, OVERLAY_FILE = "summary.json", "overlay.mp4"


@contextmanager
def write_whole(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `folder` when the block ends well, and is removed when not.

    Raises:
        UserError: If the place cannot be written.
    """
    part, old = (folder.with_name(f".{folder.name}.{kind}-{os.getpid()}") for kind in ("part", "old"))
    try:
        part.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{folder.parent} cannot be written: {error.strerror}; choose another folder with -o"
        ) from error
    try:
        yield part
        if folder.exists():
            folder.replace(old)
        part.replace(folder)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror or error}; free space or choose -o") from error
    finally:
        for leftover in (part, old):
            shutil.rmtree(leftover, ignore_errors=True)


def draw_overlay(
    film: Film,
    recovery: Recovery,
    body: BodyModel,
    path: Path,
    *,
    stopwatch: Stopwatch | None = None,
    watch: Watch = watch_nothing,
) -> None:
    """Third pass over the film: bodies over every frame and from the side.

    Raises:
        UserError: If the file cannot be written.
    """
    stopwatch = stopwatch or Stopwatch()
    scene = OverlayScene(body.faces, recovery.camera, extent_m=_measure_extent(recovery.people))
    frames = watch(stopwatch.time_each(film.frames(), "decode"), "drawing", recovery.frame_count)
    with VideoWriter(path, fps=film.info.fps) as writer:
        for frame in frames:
            with stopwatch.time("draw"):
                picture = scene.compose(frame.image_rgb, _pose_people(frame, recovery.people, body))
            with stopwatch.time("write"):
                writer.write(picture, frame.time_s)


def _pose_people(frame: Frame, people: tuple[PersonMotion, ...], body: BodyModel) -> list[OverlayPerson]:
    here = [(person, int(i)) for person in people for i in np.flatnonzero(person.frame_index == frame.index)]
    if not here:
        return []
    rotations = np.stack([axis_angle_to_matrix(person.body.pose_rad[i].reshape(24, 3)) for person, i in here])
    shapes = np.stack([person.body.shape for person, _ in here])
    places = np.stack([person.body.translation_m[i] for person, i in here])
    vertices = compute_vertices(
        body, rotations.astype(np.float32), shapes.astype(np.float32), places.astype(np.float32)
    )
    return [
        OverlayPerson(vertices_m=vertices[k], track_id=person.track_id, filled=bool(person.filled_mask[i]))
        for k, (person, i) in enumerate(here)
    ]


def _measure_extent(people: tuple[PersonMotion, ...]) -> np.ndarray | None:
    """The box that holds nearly all joints, so that one wild frame does not push the side view away."""
    if not people:
        return None
    joints = np.concatenate([person.joints_m.reshape(-1, 3) for person in people])
    low, high = np.percentile(joints, [0.5, 99.5], axis=0)
    return np.stack([low - np.array([0.1, 0.2, 0.1]), high + 0.1])


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What a summary says beyond the recovery itself."""

    command: tuple[str, ...]
    sha256: str
    """Of the input file; empty for a folder."""
    size_bytes: int
    parts: dict[str, dict[str, str]]
    """Model, encoder and detector: name and sha256 of each."""
    started: str
    """Date and time, ISO 8601."""


def save_people(folder: Path, recovery: Recovery) -> None:
    """Write one archive a person."""
    for person in recovery.people:
        path = folder / name_person(person)
        save_person(path, person, body=recovery.body, model=recovery.model, fps=recovery.film.fps)


def name_person(person: PersonMotion) -> str:
    """File name of a person's archive."""
    return f"person_{person.track_id:03d}.npz"


def save_summary(folder: Path, recovery: Recovery, facts: RunFacts) -> dict[str, Any]:
    """Write `summary.json` and return what it holds."""
    person_frames = sum(len(person) for person in recovery.people)
    total_s = sum(recovery.seconds.values())
    film = recovery.film
    summary = {
        "spsnet": __version__,
        "command": list(facts.command),
        "started": facts.started,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "cores": os.cpu_count(),
        },
        "input": {
            "path": str(film.path),
            "sha256": facts.sha256,
            "bytes": facts.size_bytes,
            "width": film.width,
            "height": film.height,
            "rotation_deg": film.rotation_deg,
            "fps": round(film.fps, 4),
            "frames": recovery.frame_count,
        },
        "camera": {"focal_px": recovery.camera.focal_px, "center_px": list(recovery.camera.center_px)},
        "body": recovery.body,
        **facts.parts,
        "seconds": {name: round(value, 3) for name, value in recovery.seconds.items()},
        "seconds_total": round(total_s, 3),
        "person_frames": person_frames,
        "person_frames_per_second": round(person_frames / total_s, 2) if total_s else 0.0,
        "peak_memory_mb": _measure_peak_memory_mb(),
        "people": [
            {
                "id": person.track_id,
                "file": name_person(person),
                "first_frame": int(person.frame_index[0]),
                "last_frame": int(person.frame_index[-1]),
                "frames": len(person),
                "filled_frames": int(person.filled_mask.sum()),
                "mean_confidence": round(float(person.confidence.mean()), 3),
            }
            for person in recovery.people
        ],
        "warnings": list(recovery.warnings),
    }
    (folder / SUMMARY_FILE).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return summary


def load_people(folder: Path) -> list[PersonMotion]:
    """Read the people of a finished run.

    Raises:
        UserError: If the folder is not one that a run wrote.
    """
    if not (folder / SUMMARY_FILE).is_file():
        raise UserError(f"{folder} is not the result of a run: it has no {SUMMARY_FILE}")
    return [load_person(path) for path in sorted(folder.glob("person_*.npz"))]


def _measure_peak_memory_mb() -> int | None:
    """Most memory this process has held; None on Windows, which does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1e6 if sys.platform == "darwin" else peak / 1e3)
