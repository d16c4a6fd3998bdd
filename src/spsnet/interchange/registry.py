"""The formats by name: reading, telling which it is, writing, saying what is lost."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spsnet.interchange.amass import AMASS
from spsnet.interchange.gvhmr import GVHMR
from spsnet.interchange.losses import FIELDS
from spsnet.interchange.phalp import PHALP
from spsnet.interchange.result_format import ResultFormat
from spsnet.interchange.romp import ROMP
from spsnet.interchange.spsnet import SPSNET
from spsnet.interchange.vibe import VIBE
from spsnet.interchange.wham import WHAM
from spsnet.pickles import load_pickle
from spsnet.records import PredictedMotion, UserError

FORMATS: Mapping[str, ResultFormat] = {kind.name: kind for kind in (SPSNET, VIBE, WHAM, GVHMR, PHALP, ROMP, AMASS)}
"""Every format by name."""


def find_format(name: str) -> ResultFormat:
    """A format by name.

    Raises:
        ValueError: If there is none, naming those there are.
    """
    if name not in FORMATS:
        raise ValueError(f"no format {name!r}; known are {', '.join(FORMATS)}")
    return FORMATS[name]


def read_results(path: Path, format: str, *, vertices: bool = False) -> list[PredictedMotion]:  # noqa: A002
    """Read everybody of a file of results.

    Args:
        path: File or folder; a folder of files where a format has one person a file.
        format: A name of `FORMATS`.
        vertices: Read meshes too, where there are some.

    Raises:
        UserError: If the file cannot be read, asks to run something, lacks a field, or holds nobody.
        ValueError: If there is no such format.
    """
    kind = find_format(format)
    files = [path]
    if kind.single and path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix == kind.suffix)
        if not files:
            raise UserError(f"{path}: holds no {kind.suffix} of {kind.title}; check the path")
    motions = [motion for file in files for motion in kind.read(file, vertices=vertices)]
    if not any(len(motion) for motion in motions):
        raise UserError(f"{path}: holds nobody; check that {kind.title} found somebody")
    if kind.single and len(files) > 1:
        return [replace(motion, person=_name_person(file)) for file, motion in zip(files, motions, strict=True)]
    return motions


def detect_format(path: Path) -> str:
    """The format of a file or folder of results, from what it holds.

    Raises:
        UserError: If it cannot be told, or the file cannot be read.
    """
    name = _detect_in_folder(path) if path.is_dir() else _detect_in_file(path)
    if name is None:
        raise UserError(f"{path}: of no format that is known here; say which with --from: {', '.join(FORMATS)}")
    return name


def write_results(
    motions: Sequence[PredictedMotion],
    path: Path,
    format: str,  # noqa: A002
    *,
    overwrite: bool = False,
) -> None:
    """Write people, under a temporary name that is moved into place once it is whole.

    Args:
        motions: The people.
        path: File to write; a folder for `spsnet`, and for several people where a format has one person a file.
        format: A name of `FORMATS`.
        overwrite: Replace what is there, if it is a file, or a folder of nothing but results.

    Raises:
        UserError: If something is there, the motions lack what the format needs, or the file cannot be written.
        ValueError: If there is no such format, or nobody to write.
    """
    kind = find_format(format)
    if not motions:
        raise ValueError("motions should hold somebody")
    for field in sorted(kind.needs):
        lacking = [motion.person for motion in motions if getattr(motion, field) is None]
        if lacking:
            raise UserError(
                f"{path}: {kind.title} needs {FIELDS[field]}, which the results of person {lacking[0]} do not hold; "
                f"{_suggest(field)}"
            )
    _require_room(path, kind, overwrite)
    part = path.with_name(f"{path.name}.part")
    _remove(part)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind.single and path.suffix != kind.suffix:
            part.mkdir()
            for motion in motions:
                kind.write([motion], part / f"{_name_file(motion)}{kind.suffix}")
        elif kind.single and len(motions) > 1:
            raise UserError(f"{path}: {kind.title} has one person a file, these are {len(motions)}; give a folder")
        else:
            kind.write(motions, part)
        _remove(path)
        part.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}; free some space or choose -o") from error
    finally:
        _remove(part)


def _suggest(field: str) -> str:
    return "give --fps" if field == "fps" else "choose another format"


def _name_person(path: Path) -> str:
    """The name of a file; the bare number where `_name_file` made it."""
    number = path.stem.removeprefix("person_")
    return str(int(number)) if number.isdecimal() else path.stem


def _name_file(motion: PredictedMotion) -> str:
    return f"person_{int(motion.person):03d}" if motion.person.isdecimal() else Path(motion.person).name


def _require_room(path: Path, kind: ResultFormat, overwrite: bool) -> None:
    if not path.exists():
        return
    if not overwrite:
        raise UserError(f"{path}: is there already; give --force to replace it, or another -o")
    ours = {kind.suffix, ".npz", ".json"} - {""}
    if path.is_dir() and any(not entry.is_file() or entry.suffix not in ours for entry in path.iterdir()):
        raise UserError(f"{path}: holds other things than results, so it is not replaced; give another -o")


def _remove(path: Path) -> None:
    """Delete a file, or a folder of files."""
    if path.is_dir():
        for entry in path.iterdir():
            entry.unlink()
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _detect_in_folder(path: Path) -> str | None:
    if any(path.glob("person_*.npz")) and (path / "summary.json").is_file():
        return SPSNET.name
    names = {_detect_in_file(file) for file in sorted(path.glob("*.npz"))[:1] + sorted(path.glob("*.pt"))[:1]}
    return names.pop() if len(names) == 1 and names <= {AMASS.name, GVHMR.name} else None


def _detect_in_file(path: Path) -> str | None:
    if not path.is_file():
        raise UserError(f"{path}: no such file or folder; check the path")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = {Path(name).name for name in archive.namelist()}
        signs = {"pose_rad.npy": SPSNET, "poses.npy": AMASS, "results.npy": ROMP, "data.pkl": GVHMR}
        return next((kind.name for sign, kind in signs.items() if sign in names), None)
    return _detect_in_pickle(load_pickle(path))


def _detect_in_pickle(content: Any) -> str | None:
    first = next(iter(content.values()), None) if isinstance(content, dict) else None
    if not isinstance(first, dict):
        return None
    signs = {"orig_cam": VIBE, "tracked_ids": PHALP, "tid": PHALP, "trans": WHAM}
    return next((kind.name for sign, kind in signs.items() if sign in first), None)
