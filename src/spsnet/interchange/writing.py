"""Results into files: whole, or not at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from spsnet.export import Scene, require_extra
from spsnet.interchange.amass import AMASS
from spsnet.interchange.exports import EXPORTS, make_scene, name_person, select_frame
from spsnet.interchange.losses import FIELDS
from spsnet.interchange.registry import find_format
from spsnet.interchange.result_format import ResultFormat
from spsnet.interchange.spsnet import SPSNET
from spsnet.records import PredictedMotion, UserError

RUN_FORMATS = (AMASS.name, *(kind.name for kind in EXPORTS))
"""What a run may leave in its folder beside our own results."""


def write_results(
    motions: Sequence[PredictedMotion],
    path: Path,
    format: str,  # noqa: A002
    *,
    overwrite: bool = False,
    body: Path | None = None,
    frame: int | None = None,
) -> None:
    """Write people, under a temporary name that is moved into place once it is whole.

    Args:
        motions: The people.
        path: File to write; a folder for `spsnet`, and, where the name has no suffix, for formats that have one person
            a file.
        format: A name of `FORMATS`.
        overwrite: Replace what is there: a file by a file, a folder of nothing but such results by a folder.
        body: SMPL's file, for formats that show bodies and shapes that are of it.
        frame: For formats that show one frame: its number; None for the middle of those that show most people.

    Raises:
        UserError: If something is there, the motions lack what the format needs, a library is missing, or the file
            cannot be written.
        ValueError: If there is no such format, or nobody to write.
    """
    kind = find_format(format)
    if not motions:
        raise ValueError("motions should hold somebody")
    _require_fields(motions, path, kind)
    is_folder = _plan_folder(motions, path, kind)
    _require_room(path, kind, is_folder=is_folder, overwrite=overwrite)
    files = _Files(motions, kind, body=body, frame=frame)
    with _move_into_place(path) as part:
        if is_folder and (kind.single or kind.together):
            part.mkdir()
            files.write_folder(part)
        else:
            files.write_one(part)


def write_exports(motions: Sequence[PredictedMotion], folder: Path, format: str) -> None:  # noqa: A002
    """Write a format's files into the folder of a run, beside what else it holds.

    Convention:
        `person_001.glb` and so on, `scene.glb` where a file may hold everybody; AMASS's `amass_001.npz`, as
        `person_001.npz` is ours.

    Args:
        motions: The people of the run; of nobody nothing is written.
        folder: That no finished result is in.
        format: A name of `RUN_FORMATS`.

    Raises:
        UserError: If a library is missing, or a file cannot be written.
        ValueError: If a run does not leave this format.
    """
    if format not in RUN_FORMATS:
        raise ValueError(f"{format!r} is none of {', '.join(RUN_FORMATS)}")
    if motions:
        files = _Files(motions, find_format(format), body=None, frame=None)
        files.write_folder(folder, prefix="amass_" if format == AMASS.name else "person_")


class _Files:
    """People in the form that a format takes."""

    def __init__(
        self, motions: Sequence[PredictedMotion], kind: ResultFormat, *, body: Path | None, frame: int | None
    ) -> None:
        require_format(kind)
        self._kind = kind
        self._motions = select_frame(motions, frame) if kind.one_frame else motions
        self._scene = None if kind.write_bodies is None else make_scene(self._motions, body)

    def write_one(self, path: Path) -> None:
        """Everybody into one file."""
        if self._kind.write_bodies is not None and self._scene is not None:
            self._kind.write_bodies(self._scene, path)
        elif self._kind.write is not None:
            self._kind.write(self._motions, path)

    def write_folder(self, folder: Path, prefix: str = "person_") -> None:
        """A file a person where a format has such, and one with everybody where it has that."""
        kind = self._kind
        if kind.single or kind.together:
            for number, motion in enumerate(self._motions):
                path = folder / f"{prefix}{name_person(motion).removeprefix('person_')}{kind.suffix}"
                if kind.write_bodies is not None and self._scene is not None:
                    kind.write_bodies(Scene(people=(self._scene.people[number],)), path)
                elif kind.write is not None:
                    kind.write([motion], path)
        if not kind.single:
            self.write_one(folder / f"scene{kind.suffix}")


def require_format(kind: ResultFormat) -> None:
    """Say how to install what writing a format needs, where it is missing.

    Raises:
        UserError: If the library is not there.
    """
    if kind.extra is not None:
        require_extra(*kind.extra)


def _require_fields(motions: Sequence[PredictedMotion], path: Path, kind: ResultFormat) -> None:
    for field in sorted(kind.needs):
        lacking = [motion.person for motion in motions if getattr(motion, field) is None]
        if lacking:
            remedy = "give --fps" if field == "fps" else "choose another format"
            raise UserError(
                f"{path}: {kind.title} needs {FIELDS[field]}, which the results of person {lacking[0]} do not hold; "
                f"{remedy}"
            )
    for motion in motions if kind.find_lens is not None else ():
        if motion.translation_m is not None and motion.translation_m[:, 2].min() <= 0:
            raise UserError(
                f"{path}: {kind.title} has people before the camera only, person {motion.person} stands behind it; "
                "choose another format"
            )


def _plan_folder(motions: Sequence[PredictedMotion], path: Path, kind: ResultFormat) -> bool:
    """Whether a folder is to be written, by the format and by how the path ends."""
    has_suffix = path.suffix == kind.suffix
    if not kind.suffix:
        if path.suffix == ".npz":
            raise UserError(f"{path}: results of {kind.title} are a folder; give -o {path.stem}")
        return True
    if (kind.single and not has_suffix) or (kind.together and not path.suffix):
        return True
    if kind.single and len(motions) > 1:
        raise UserError(
            f"{path}: {kind.title} has one person a file, these are {len(motions)}; give -o {path.stem}, a folder"
        )
    if not has_suffix:
        raise UserError(f"{path}: a file of {kind.title} ends in {kind.suffix}; give -o {path.name}{kind.suffix}")
    return False


def _require_room(path: Path, kind: ResultFormat, *, is_folder: bool, overwrite: bool) -> None:
    if not path.exists():
        return
    if not overwrite:
        raise UserError(f"{path}: is there already; give --force to replace it, or another -o")
    if path.is_dir() != is_folder:
        there, wanted = ("folder", "file") if path.is_dir() else ("file", "folder")
        raise UserError(f"{path}: is a {there}, a {wanted} of results does not replace it; give another -o")
    if is_folder and any(not _is_of_results(entry, kind) for entry in path.iterdir()):
        raise UserError(f"{path}: holds other things than results, so it is not replaced; give another -o")


def _is_of_results(entry: Path, kind: ResultFormat) -> bool:
    is_scene = kind.together and entry.stem == "scene"
    named = (is_scene or entry.stem.startswith("person_")) and entry.suffix == (kind.suffix or ".npz")
    return entry.is_file() and (named or (kind.name == SPSNET.name and entry.name == "summary.json"))


@contextmanager
def _move_into_place(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; what is written there takes its place once the block ends well.

    What was at `path` stays there until then, and for good if the block fails.
    """
    part, old = (path.with_name(f".{path.name[:200]}.{kind}-{os.getpid()}") for kind in ("part", "old"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)
        yield part
        if path.is_dir():
            path.replace(old)
        part.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}; free some space or choose -o") from error
    except UserError as error:
        raise UserError(str(error).replace(str(part), str(path))) from error
    finally:
        if old.exists() and not path.exists():
            old.replace(path)
        _remove(old)
        _remove(part)


def _remove(path: Path) -> None:
    """Delete a file, or a folder of files, if there is one."""
    if path.is_dir():
        for entry in path.iterdir():
            entry.unlink()
        path.rmdir()
    elif path.exists():
        path.unlink()
