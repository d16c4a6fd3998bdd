"""Which runs a folder holds, and what a page needs of one of them."""

from dataclasses import dataclass
from pathlib import Path

from spsnet.body import load_body
from spsnet.pipeline.results import SUMMARY_FILE, load_people, load_summary
from spsnet.records import UserError
from spsnet.viewer.film import Film, find_film
from spsnet.viewer.scene import Scene, make_scene


@dataclass(frozen=True, kw_only=True)
class ViewedClip:
    """One run, read."""

    name: str
    scene: Scene
    film: Film
    """Not prepared yet: that may take long."""
    files: dict[str, Path]
    """What the run left, by name, to be downloaded."""


def find_clips(out: Path) -> dict[str, Path]:
    """Folders of runs by name: the folder itself, or those in it.

    Raises:
        UserError: If there is none.
    """
    if (out / SUMMARY_FILE).is_file():
        return {out.resolve().name: out}
    inside = sorted(out.iterdir()) if out.is_dir() else []
    clips = {path.name: path for path in inside if (path / SUMMARY_FILE).is_file() and not path.name.startswith(".")}
    if not clips:
        what = "holds no result of a run" if out.is_dir() else "is not a folder"
        raise UserError(f"{out}: {what}; give the folder that `spsnet run -o` wrote, or one in it")
    return clips


def open_clip(folder: Path) -> ViewedClip:
    """Read a run.

    Args:
        folder: Of one run.

    Raises:
        UserError: If the folder is not one that a run wrote, or a file of it is damaged.
    """
    summary = load_summary(folder)
    return ViewedClip(
        name=folder.resolve().name,
        scene=make_scene(load_people(folder), summary, load_body()),
        film=find_film(folder, summary),
        files={path.name: path for path in sorted(folder.iterdir()) if path.is_file() and path.name[0] != "."},
    )
