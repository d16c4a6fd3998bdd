"""The formats by name: reading, and telling which it is."""

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from spsnet.interchange.amass import AMASS
from spsnet.interchange.exports import EXPORTS
from spsnet.interchange.gvhmr import GVHMR
from spsnet.interchange.phalp import PHALP
from spsnet.interchange.result_format import ResultFormat
from spsnet.interchange.romp import ROMP
from spsnet.interchange.spsnet import SPSNET
from spsnet.interchange.vibe import VIBE
from spsnet.interchange.wham import WHAM
from spsnet.pickles import load_pickle
from spsnet.records import PredictedMotion, UserError

_READ = (SPSNET, VIBE, WHAM, GVHMR, PHALP, ROMP, AMASS)
FORMATS: Mapping[str, ResultFormat] = {kind.name: kind for kind in (*_READ, *EXPORTS)}
"""Every format by name; those without a reader are written only."""
_NAME_OF_OURS = "npz"
"""What `--to` and `--from` may call our own format, beside its name: `spsnet run --export npz` writes it too."""


def find_format(name: str, *, reading: bool = False) -> ResultFormat:
    """A format by name.

    Args:
        name: A name of `FORMATS`, or npz for our own.
        reading: Refuse those that are written only.

    Raises:
        ValueError: If there is none, naming those there are.
    """
    wanted = SPSNET.name if name == _NAME_OF_OURS else name
    there = [key for key, kind in FORMATS.items() if kind.read is not None or not reading]
    if wanted in there:
        return FORMATS[wanted]
    why = "is written only, it cannot be read; those that can are" if wanted in FORMATS else "is none of"
    raise ValueError(f"{name!r} {why} {', '.join((_NAME_OF_OURS, *there))}")


def read_results(path: Path, format: str, *, vertices: bool = False) -> list[PredictedMotion]:  # noqa: A002
    """Read everybody of a file of results.

    Args:
        path: File or folder; a folder of files where a format has one person a file.
        format: A name of `FORMATS`.
        vertices: Read meshes too, where there are some.

    Raises:
        UserError: If the file cannot be read, asks to run something, lacks a field, or holds nobody.
        ValueError: If there is no such format, or it is written only.
    """
    kind = find_format(format, reading=True)
    assert kind.read is not None
    files = [path]
    if kind.single and path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix == kind.suffix)
        if not files:
            raise UserError(f"{path}: holds no {kind.suffix} of {kind.title}; check the path")
    motions = [motion for file in files for motion in kind.read(file, vertices=vertices)]
    if not motions:
        raise UserError(f"{path}: holds nobody; check that {kind.title} found somebody")
    if not kind.single:
        return motions
    return [
        replace(motion, person=_name_person(file, motion.person if len(files) == 1 else file.stem))
        for file, motion in zip(files, motions, strict=True)
    ]


def detect_format(path: Path) -> str:
    """The format of a file or folder of results, from what it holds.

    Raises:
        UserError: If it cannot be told, or the file cannot be read.
    """
    name = _detect_in_folder(path) if path.is_dir() else _detect_in_file(path)
    if name is None:
        names = ", ".join(kind.name for kind in _READ)
        raise UserError(f"{path}: of no format that is known here; say which with --from: {names}")
    return name


def _name_person(path: Path, otherwise: str) -> str:
    """The name that `name_person` put into a file's, else the other one."""
    name = path.stem.removeprefix("person_")
    if name == path.stem:
        return otherwise
    return str(int(name)) if name.isdecimal() else name


def _detect_in_folder(path: Path) -> str | None:
    if (path / "summary.json").is_file():
        return SPSNET.name
    names = {_detect_in_file(file) for file in sorted(path.glob("*.npz"))[:1] + sorted(path.glob("*.pt"))[:1]}
    return names.pop() if len(names) == 1 and names <= {AMASS.name, GVHMR.name} else None


def _detect_in_file(path: Path) -> str | None:
    if not path.is_file():
        raise UserError(f"{path}: no such file or folder; check the path")
    for kind in EXPORTS:
        if path.suffix == kind.suffix:
            raise UserError(f"{path}: files of {kind.title} are written only; give the result that it was made from")
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                names = {Path(name).name for name in archive.namelist()}
        except (zipfile.BadZipFile, OSError) as error:
            raise UserError(f"{path}: not a whole archive ({error}); get the file again") from error
        signs = {"pose_rad.npy": SPSNET, "poses.npy": AMASS, "results.npy": ROMP, "data.pkl": GVHMR}
        return next((kind.name for sign, kind in signs.items() if sign in names), None)
    return _detect_in_pickle(load_pickle(path))


def _detect_in_pickle(content: Any) -> str | None:
    first = next(iter(content.values()), None) if isinstance(content, dict) else None
    if not isinstance(first, dict):
        return None
    signs = {"orig_cam": VIBE, "tid": PHALP, "trans": WHAM}
    return next((kind.name for sign, kind in signs.items() if sign in first), None)
