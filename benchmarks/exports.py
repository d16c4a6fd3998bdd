"""Exports read back by other libraries: `python benchmarks/exports.py RUN [--validator FOLDER]`.

RUN is a folder of `spsnet run`. Every person is written in every format, read by a library that had no part in writing
it, and compared with the `joints_m` of the run. Printed as markdown: the largest error of a joint, in millimetres, and
the size of a file of one person, or of everybody where it holds everybody. Also how far skinning, which is all that
GLB and USD have, is from the body's own surface.
"""

import argparse
import json
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from export_readers import FLIP, SKELETON_READERS, Gltf, compare_joints, read_vertices

import spsnet
from spsnet.body import load_body
from spsnet.interchange import read_results, write_exports
from spsnet.interchange.exports import make_scene, select_frame
from spsnet.records import PersonMotion, PredictedMotion

_EVERY = 10
"""Frames of which one is compared as a surface."""


class Row(NamedTuple):
    """A line of the table."""

    format: str
    reader: str
    people: int
    error_mm: float
    size_bytes: int


def main() -> None:
    """Write, read, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a folder of `spsnet run`")
    parser.add_argument("--validator", type=Path, help="a folder with Khronos' gltf-validator in its node_modules")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning)

    people, motions = spsnet.load(arguments.run), read_results(arguments.run, "spsnet")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("| format | reader | people | largest joint error, mm | kB |\n| --- | --- | --- | --- | --- |")
        for row in list_rows(people, motions, folder):
            kilobytes = round(row.size_bytes / 1e3)
            print(f"| {row.format} | {row.reader} | {row.people} | {row.error_mm:.5f} | {kilobytes} |")
        print(f"\n{describe_skinning(motions, folder)}")
        if arguments.validator:
            print(validate(sorted(folder.glob("*.glb")), arguments.validator))


def list_rows(people: list[PersonMotion], motions: list[PredictedMotion], folder: Path) -> Iterator[Row]:
    """Every format: files of one person, of everybody, of a frame."""
    names = [f"person_{person.track_id:03d}" for person in people]
    for form, (library, read) in SKELETON_READERS.items():
        write_exports(motions, folder, form)
        files = [folder / f"{name}.{form}" for name in names]
        errors = [
            compare_joints(read(file, name), person.time_s, person.joints_m[:, :24]).max()
            for file, name, person in zip(files, names, people, strict=True)
        ]
        yield Row(form, library, len(people), max(errors), files[0].stat().st_size)
        scene = folder / f"scene.{form}"
        if scene.exists():
            errors = [
                compare_joints(read(scene, name), person.time_s, person.joints_m[:, :24]).max()
                for name, person in zip(names, people, strict=True)
            ]
            yield Row(f"{form}, scene", library, len(people), max(errors), scene.stat().st_size)
    for form in ("obj", "ply"):
        write_exports(motions, folder, form)
        path = folder / f"scene.{form}"
        count, error = compare_meshes(read_vertices(path), people, motions)
        yield Row(f"{form}, a frame", "trimesh", count, error, path.stat().st_size)


def compare_meshes(
    vertices: np.ndarray, people: list[PersonMotion], motions: list[PredictedMotion]
) -> tuple[int, float]:
    """How many are there, and the largest error of a joint that follows from the surface (COCO's 17)."""
    shown = select_frame(motions, None)
    by_id = {str(person.track_id): person for person in people}
    errors = []
    for own, motion in zip(np.split(vertices, len(shown)), shown, strict=True):
        person = by_id[motion.person]
        (row,) = np.flatnonzero(person.frame_index == motion.frame_index[0])
        coco = load_body().regressors["coco17"] @ own
        errors.append(np.linalg.norm(coco - person.joints_m[row, 24:] * FLIP, axis=-1).max())
    return len(shown), 1000 * max(errors)


def describe_skinning(motions: list[PredictedMotion], folder: Path) -> str:
    """The surface that a graphics card makes of a GLB beside the body's own."""
    errors = []
    for animation in make_scene(motions, None).people:
        file = Gltf(folder / f"{animation.name}.glb")
        skin, surface = file.file.skins[0], file.file.meshes[0].primitives[0]
        inverse = file.get_array(skin.inverseBindMatrices).reshape(24, 4, 4).transpose(0, 2, 1)
        joints = file.get_array(surface.attributes.JOINTS_0).astype(int)
        weights = file.get_array(surface.attributes.WEIGHTS_0)
        rest = file.get_array(surface.attributes.POSITION)
        exact = animation.compute_vertices()[::_EVERY]
        times = animation.time_s[::_EVERY]
        bones = np.stack([file.place(node, times) for node in skin.joints], axis=1) @ inverse
        for bone, own in zip(bones, exact, strict=True):
            blended = np.einsum("vk,vkij->vij", weights, bone[joints])
            moved = np.einsum("vij,vj->vi", blended[:, :3, :3], rest) + blended[:, :3, 3]
            errors.append(1000 * np.linalg.norm(moved - own, axis=-1))
    whole = np.concatenate(errors)
    return (
        f"Surface of the GLB files, skinned, beside the body's own: {whole.mean():.2f} mm on average, "
        f"{np.percentile(whole, 99):.1f} mm at the 99th of a hundred vertices, {whole.max():.1f} mm at most."
    )


def validate(files: list[Path], validator: Path) -> str:
    """Issues that Khronos' validator finds."""
    script = Path(__file__).parents[1] / "tests" / "export" / "gltf_validator" / "validate.mjs"
    own = validator / script.name
    if not own.exists():
        own.write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    words = ["node", own.name, *map(str, files)]
    said = subprocess.run(words, cwd=validator, check=True, capture_output=True, text=True).stdout
    issues = [issue for file in json.loads(said) for issue in file["messages"]]
    return f"Khronos' validator: {len(files)} GLB files, {len(issues)} issues of any kind. {issues[:3] or ''}".rstrip()


if __name__ == "__main__":
    main()
