import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import torch

from interchange.made_results import (
    MADE,
    READABLE,
    Trap,
    dump,
    make_amass,
    make_gvhmr,
    make_motion,
    make_phalp,
    make_romp_film,
    make_vibe,
    make_wham,
    rewrite,
    save_npz,
    save_run,
    save_tensors,
)
from spsnet.interchange import FORMATS, detect_format, find_format, read_results, registry, write_results
from spsnet.records import UserError

BODIES = {"spsnet": "smpl", "gvhmr": "smplx", "amass": "smplh"}


def place_trap(content: Any, keys: tuple[Any, ...], trap: Trap) -> Any:
    table = content
    for key in keys[:-1]:
        table = table[key]
    table[keys[-1]] = trap
    return content


MALICIOUS: dict[str, tuple[str, Callable[[Path, Trap], Path], Callable[[Path], Any]]] = {
    "vibe": ("vibe", lambda path, trap: dump(path, place_trap(make_vibe(), (1, "pose"), trap)), joblib.load),
    "vibe, compressed": (
        "vibe",
        lambda path, trap: dump(path, place_trap(make_vibe(), (2, "joints2d"), trap), 3),
        joblib.load,
    ),
    "vibe, plain pickle": (
        "vibe",
        lambda path, trap: write_bytes(path, pickle.dumps(place_trap(make_vibe(), (3,), trap))),
        joblib.load,
    ),
    "wham": ("wham", lambda path, trap: dump(path, place_trap(make_wham(), (3, "verts"), trap)), joblib.load),
    "phalp": (
        "phalp",
        lambda path, trap: dump(path, place_trap(make_phalp(), (next(iter(make_phalp())), "mask"), trap), 3),
        joblib.load,
    ),
    "gvhmr": (
        "gvhmr",
        lambda path, trap: save_tensors(path, place_trap(make_gvhmr(), ("net_outputs",), trap)),
        lambda path: torch.load(path, weights_only=False),
    ),
    "gvhmr, plain pickle": (
        "gvhmr",
        lambda path, trap: write_bytes(path, pickle.dumps(trap)),
        lambda path: pickle.loads(path.read_bytes()),
    ),
    "romp": (
        "romp",
        lambda path, trap: save_npz(path, place_trap(make_romp_film(), ("results", "extra"), trap)),
        lambda path: np.load(path, allow_pickle=True)["results"],
    ),
    "amass": (
        "amass",
        lambda path, trap: save_npz(path, {**make_amass(), "gender": np.array(trap, dtype=object)}),
        lambda path: np.load(path, allow_pickle=True)["gender"],
    ),
}
"""By name: format, a file that runs something when it is opened carelessly, and what opens it carelessly."""


def write_bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", MALICIOUS)
@pytest.mark.filterwarnings("ignore::UserWarning:torch")
def test_files_that_run_something_are_refused_and_run_nothing(tmp_path: Path, name: str) -> None:
    kind, make, open_carelessly = MALICIOUS[name]
    sprung = tmp_path / "sprung"
    path = make(tmp_path / f"evil{FORMATS[kind].suffix}", Trap(sprung))
    with pytest.raises(
        UserError, match=r"evil\.\w+: refused, nothing in it was run: it .*; get the file from its source"
    ):
        read_results(path, kind)
    if kind in ("vibe", "wham", "phalp"):
        with pytest.raises(UserError, match=r"evil\.pkl: refused, nothing in it was run: it asks for \w+\.mkdir"):
            detect_format(path)
    assert not sprung.exists()
    open_carelessly(path)
    assert sprung.exists()  # the trap is a real one


def test_our_own_files_open_no_pickle(tmp_path: Path) -> None:
    folder = save_run(tmp_path / "clip")
    with np.load(folder / "person_001.npz") as data:
        arrays = {key: data[key] for key in data.files}
    sprung = tmp_path / "sprung"
    np.savez(folder / "person_001.npz", **{**arrays, "joint_names": np.array([Trap(sprung)], dtype=object)})
    with pytest.raises(UserError, match=r"person_001\.npz is not a whole person of spsnet"):
        read_results(folder, "spsnet")
    assert not sprung.exists()


@pytest.mark.parametrize("name", MADE)
def test_every_format_is_told_by_what_it_holds(tmp_path: Path, name: str) -> None:
    path = MADE[name](tmp_path)
    assert detect_format(path) == name
    if path.is_file():  # the name says nothing
        assert detect_format(path.rename(tmp_path / "file")) == name


@pytest.mark.parametrize("name", READABLE)
def test_what_we_write_is_told_too(tmp_path: Path, name: str) -> None:
    assert detect_format(rewrite(make_motion(), tmp_path / f"a{FORMATS[name].suffix}", name)) == name


def test_files_and_folders_of_one_person_each_are_told(tmp_path: Path) -> None:
    people = [make_motion("1"), make_motion("12")]
    for name in ("amass", "gvhmr"):
        write_results(people, tmp_path / name, name)
        assert detect_format(tmp_path / name) == name
        assert [person.person for person in read_results(tmp_path / name, name)] == ["1", "12"]
        (tmp_path / name / f"person_012{FORMATS[name].suffix}").unlink()
        assert [person.person for person in read_results(tmp_path / name, name)] == ["1"]
    assert detect_format(save_run(tmp_path / "clip") / "person_001.npz") == "spsnet"
    (tmp_path / "clip" / "person_001.npz").unlink()
    assert detect_format(tmp_path / "clip") == "spsnet"


def test_what_is_of_no_format_is_refused_with_the_remedy(tmp_path: Path) -> None:
    remedy = r"of no format that is known here; say which with --from: spsnet, vibe, wham, gvhmr, phalp, romp, amass"
    (tmp_path / "folder").mkdir()
    for path in (
        dump(tmp_path / "list.pkl", [1, 2]),
        dump(tmp_path / "empty.pkl", {}),
        dump(tmp_path / "other.pkl", {1: {"joints": 2}}),
        save_npz(tmp_path / "other.npz", {"a": np.zeros(2)}),
        tmp_path / "folder",
    ):
        with pytest.raises(UserError, match=f"{path.name}: {remedy}"):
            detect_format(path)
    with pytest.raises(UserError, match=r"gone: no such file or folder; check the path"):
        detect_format(tmp_path / "gone")
    with pytest.raises(UserError, match=r"film\.mp4: not a readable pickle"):
        detect_format(write_bytes(tmp_path / "film.mp4", b"\0\0\0\x20ftyp"))
    whole = save_npz(tmp_path / "cut.npz", {"poses": np.zeros(9)}).read_bytes()
    damaged = whole.replace(b"PK\x01\x02", b"PK\x01\x03")
    assert zipfile.is_zipfile(write_bytes(tmp_path / "cut.npz", damaged))
    with pytest.raises(UserError, match=r"cut\.npz: not a whole archive \(.*\); get the file again"):
        detect_format(tmp_path / "cut.npz")


def test_formats_by_name() -> None:
    assert find_format("vibe") is FORMATS["vibe"]
    assert find_format("npz") is FORMATS["spsnet"]
    names = "npz, spsnet, vibe, wham, gvhmr, phalp, romp, amass"
    with pytest.raises(ValueError, match=f"'fbx' is none of {names}, glb, bvh, usd, obj, ply, c3d, trc"):
        find_format("fbx")
    with pytest.raises(ValueError, match=f"'bvh' is written only, it cannot be read; those that can are {names}$"):
        find_format("bvh", reading=True)


@pytest.mark.parametrize("name", READABLE)
def test_nothing_is_replaced_unless_it_is_asked_for(tmp_path: Path, name: str) -> None:
    path = rewrite(make_motion(frames=2), tmp_path / f"a{FORMATS[name].suffix}", name)
    with pytest.raises(UserError, match=rf"{path.name}: is there already; give --force to replace it"):
        rewrite(make_motion(), path, name)
    assert len(read_results(path, name)[0]) == 2
    rewrite(make_motion(), path, name, overwrite=True)
    assert len(read_results(path, name)[0]) == 3
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_folders_of_other_things_are_never_replaced(tmp_path: Path) -> None:
    folder = save_run(tmp_path / "clip")
    (folder / "overlay.mp4").touch()
    for name in ("spsnet", "amass"):
        with pytest.raises(UserError, match=r"clip: holds other things than results, so it is not replaced"):
            rewrite(make_motion(), folder, name, overwrite=True)
    (tmp_path / "a.pkl").mkdir()
    with pytest.raises(UserError, match=r"a\.pkl: is a folder, a file of results does not replace it"):
        rewrite(make_motion(), tmp_path / "a.pkl", "vibe", overwrite=True)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file: is a file, a folder of results does not replace it"):
        rewrite(make_motion(), tmp_path / "file", "spsnet", overwrite=True)
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("a fault")])
def test_what_was_there_stays_where_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: Exception
) -> None:
    kind = FORMATS[name]
    path = rewrite(make_motion(), tmp_path / f"a{kind.suffix}", name)

    def write_half(motions: Any, part: Path) -> None:
        part.write_bytes(b"half")
        raise error

    monkeypatch.setattr(registry, "FORMATS", {**FORMATS, name: replace(kind, write=write_half)})
    expected = UserError if isinstance(error, OSError) else RuntimeError
    message = rf"{path.name} cannot be written: No space left on device" if expected is UserError else "a fault"
    with pytest.raises(expected, match=message):
        rewrite(make_motion(frames=2), path, name, overwrite=True)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert len(read_results(path, name)[0]) == 3


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"a\.pkl cannot be written: (File exists|Not a directory)"):
        rewrite(make_motion(), tmp_path / "file" / "a.pkl", "vibe")


LACKS = [
    ("vibe", "box_xys_px", "VIBE needs boxes"),
    ("vibe", "translation_m", "VIBE needs the place in the camera"),
    ("phalp", "center_px", "PHALP and 4D-Humans needs the picture's centre"),
    ("romp", "focal_px", "ROMP needs the focal length"),
    ("gvhmr", "center_px", "GVHMR needs the picture's centre"),
    ("wham", "translation_m", "WHAM needs the place in the camera"),
    ("spsnet", "translation_m", "spsnet needs the place in the camera"),
    ("amass", "fps", "AMASS needs frames per second"),
]


@pytest.mark.parametrize(("name", "field", "message"), LACKS)
def test_what_a_format_cannot_do_without_is_named(tmp_path: Path, name: str, field: str, message: str) -> None:
    path = tmp_path / f"a{FORMATS[name].suffix}"
    remedy = "give --fps" if field == "fps" else "choose another format"
    with pytest.raises(UserError, match=f"{message}, which the results of person 12 do not hold; {remedy}"):
        write_results([make_motion("3"), make_motion("12", **{field: None})], path, name)
    assert list(tmp_path.iterdir()) == []


def test_people_behind_the_camera_fit_no_weak_perspective(tmp_path: Path) -> None:
    behind = make_motion(translation_m=np.tile([0.0, 0, -1], (3, 1)))
    for name in ("vibe", "romp", "phalp"):
        with pytest.raises(UserError, match=r"has people before the camera only, person 1 stands behind it"):
            rewrite(behind, tmp_path / f"a{FORMATS[name].suffix}", name)
    for name in ("wham", "gvhmr", "spsnet", "amass"):
        rewrite(behind, tmp_path / f"b{FORMATS[name].suffix}", name)


def test_the_end_of_the_name_says_file_or_folder(tmp_path: Path) -> None:
    two = [make_motion("1"), make_motion("12")]
    with pytest.raises(UserError, match=r"a: a file of VIBE ends in \.pkl; give -o a\.pkl"):
        write_results(two, tmp_path / "a", "vibe")
    with pytest.raises(UserError, match=r"a\.npz: results of spsnet are a folder; give -o a"):
        write_results(two, tmp_path / "a.npz", "spsnet")
    with pytest.raises(UserError, match=r"a\.npz: AMASS has one person a file, these are 2; give -o a, a folder"):
        write_results(two, tmp_path / "a.npz", "amass")
    write_results(two, tmp_path / "a", "amass")
    assert sorted(entry.name for entry in (tmp_path / "a").iterdir()) == ["person_001.npz", "person_012.npz"]
    write_results([make_motion("../up")], tmp_path / "b", "amass")
    assert [entry.name for entry in (tmp_path / "b").iterdir()] == ["person_.._up.npz"]
    with pytest.raises(ValueError, match="motions should hold somebody"):
        write_results([], tmp_path / "c", "amass")


@pytest.mark.parametrize("name", READABLE)
def test_two_writings_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    contents = []
    for folder in ("a", "b"):
        path = rewrite(make_motion(), tmp_path / folder / f"x{FORMATS[name].suffix}", name)
        files = [path] if path.is_file() else sorted(path.iterdir())
        contents.append([read_members(file) for file in files])
    assert contents[0] == contents[1]


def read_members(path: Path) -> Any:
    """Bytes of a file, or of the files within an archive, which bears the time of writing."""
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2] or name: archive.read(name) for name in archive.namelist()}


def test_a_folder_without_files_of_the_format_is_refused(tmp_path: Path) -> None:
    for name in ("amass", "gvhmr"):
        with pytest.raises(UserError, match=rf"holds no \{FORMATS[name].suffix} of {FORMATS[name].title}"):
            read_results(tmp_path, name)
    with pytest.raises(UserError, match=r"cannot be read \(Is a directory\); check the path"):
        read_results(tmp_path, "vibe")
