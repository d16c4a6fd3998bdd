"""Bodies of one frame as meshes: OBJ and PLY."""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet import __version__
from spsnet.export.animation import Animation, Scene, compute_normals


def write_obj(scene: Scene, path: Path) -> None:
    """Write everybody as text, an object a person (`o person_001`), in one frame each.

    Convention:
        Metres, y up, the camera in the origin looks along −z; the comment on top says so, and names frame and time.

    Raises:
        OSError: If the file cannot be written.
    """
    lines = [f"# {line}" for line in _describe(scene)]
    first = 1
    for animation in scene.people:
        vertices, faces = _pose(animation), animation.body.faces
        lines.append(f"o {animation.name}")
        lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices]
        lines += [f"vn {x:.4f} {y:.4f} {z:.4f}" for x, y, z in compute_normals(vertices, faces)]
        lines += [f"f {a}//{a} {b}//{b} {c}//{c}" for a, b, c in faces + first]
        first += len(vertices)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_ply(scene: Scene, path: Path) -> None:
    """Write everybody as one binary mesh with normals and each person's colour, in one frame each.

    Convention:
        As `write_obj`; little-endian, floats of four bytes.

    Raises:
        OSError: If the file cannot be written.
    """
    kinds = [*((name, "<f4") for name in ("x", "y", "z", "nx", "ny", "nz")),
             *((name, "u1") for name in ("red", "green", "blue"))]  # fmt: skip
    vertices: list[np.ndarray] = []
    faces: list[np.ndarray] = []
    for animation in scene.people:
        places = _pose(animation)
        table = np.zeros(len(places), dtype=kinds)
        normals = compute_normals(places, animation.body.faces)
        colors = np.tile(np.rint(np.array(animation.color_rgb) * 255), (len(places), 1))
        for (name, _), column in zip(kinds, np.concatenate([places, normals, colors], axis=1).T, strict=True):
            table[name] = column
        corners = np.zeros(len(animation.body.faces), dtype=[("count", "u1"), ("corners", "<i4", (3,))])
        corners["count"], corners["corners"] = 3, animation.body.faces + sum(len(table) for table in vertices)
        vertices.append(table)
        faces.append(corners)
    header = [
        "ply",
        "format binary_little_endian 1.0",
        *(f"comment {line}" for line in _describe(scene)),
        f"element vertex {sum(len(table) for table in vertices)}",
        *(f"property {'float' if kind == '<f4' else 'uchar'} {name}" for name, kind in kinds),
        f"element face {sum(len(table) for table in faces)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    tables = b"".join(table.tobytes() for table in [*vertices, *faces])
    path.write_bytes("\n".join([*header, ""]).encode() + tables)


def _pose(animation: Animation) -> Float[np.ndarray, "vertices 3"]:
    if len(animation) != 1:
        raise ValueError(f"{animation.name} should have one frame, has {len(animation)}")
    return animation.compute_vertices()[0]


def _describe(scene: Scene) -> list[str]:
    first = scene.people[0]
    return [
        f"spsnet {__version__}: {', '.join(animation.name for animation in scene.people)}",
        f"frame {int(first.frame_index[0])} of the film, {first.time_s[0]:.6f} s, {first.fps:.9g} frames per second",
        "metres, y up, the camera in the origin looks along -z",
    ]
