"""The formats by name: reading, telling which it is, writing, saying what is lost."""

import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
_NAME_OF_OURS = "npz"
"""What `--to` and `--from` may call our own format, beside its name: `spsnet run --export npz` writes it too."""


def find_format(name: str) -> ResultFormat:
    """A format by name.

    Raises:
        ValueError: If there is none, naming those there are.
    """
    wanted = SPSNET.name if name == _NAME_OF_OURS else name
    if wanted not in FORMATS:
        raise ValueError(f"{name!r} is none of {', '.join((_NAME_OF_OURS, *FORMATS))}")
    return FORMATS[wanted]


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
        overwrite: Replace what is there: a file by a file, a folder of nothing but such results by a folder.

    Raises:
        UserError: If something is there, the motions lack what the format needs, or the file cannot be written.
        ValueError: If there is no such format, or nobody to write.
    """
    kind = find_format(format)
    if not motions:
        raise ValueError("motions should hold somebody")
    _require_fields(motions, path, kind)
    is_folder = _plan_folder(motions, path, kind)
    _require_room(path, kind, is_folder=is_folder, overwrite=overwrite)
    with _move_into_place(path) as part:
        if is_folder and kind.single:
            part.mkdir()
            for motion in motions:
                kind.write([motion], part / f"{_name_file(motion)}{kind.suffix}")
        else:
            kind.write(motions, part)


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
    if kind.single and not has_suffix:
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
    named = entry.name.startswith("person_") and entry.suffix == (kind.suffix or ".npz")
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


def _name_person(path: Path, otherwise: str) -> str:
    """The name that `_name_file` put into a file's, else the other one."""
    name = path.stem.removeprefix("person_")
    if name == path.stem:
        return otherwise
    return str(int(name)) if name.isdecimal() else name


def _name_file(motion: PredictedMotion) -> str:
    name = f"{int(motion.person):03d}" if motion.person.isdecimal() else motion.person
    return "person_" + name.replace("/", "_").replace("\\", "_")


def _detect_in_folder(path: Path) -> str | None:
    if (path / "summary.json").is_file():
        return SPSNET.name
    names = {_detect_in_file(file) for file in sorted(path.glob("*.npz"))[:1] + sorted(path.glob("*.pt"))[:1]}
    return names.pop() if len(names) == 1 and names <= {AMASS.name, GVHMR.name} else None


def _detect_in_file(path: Path) -> str | None:
    if not path.is_file():
        raise UserError(f"{path}: no such file or folder; check the path")
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
