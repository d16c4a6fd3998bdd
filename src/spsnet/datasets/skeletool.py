"""Cameras out of a Skeletool calibration file, as MPI-INF-3DHP's studio wrote them.

A heading, then seven lines a camera, each a word and numbers:

    name 0 · sensor 10 10 · size 2048 2048 · animated 0 · intrinsic (16) · extrinsic (16) · radial 0

Convention:
    `intrinsic` is a 4 × 4 matrix, row by row, in pixels: fx 0 cx 0, 0 fy cy 0, 0 0 1 0, 0 0 0 1. A camera with
    fx = 1500, fy = 1498 and the principal point (1024, 1050) becomes a `Pinhole` of 1499 px there.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet.records import Pinhole, UserError

_HEADING = "Skeletool Camera Calibration File"
_AGAIN = "download the file again"


def read_calibration(path: Path) -> dict[int, Pinhole]:
    """Intrinsics of every camera by its name, which is a number.

    Raises:
        UserError: If the file is missing or no such calibration, or a camera is none: names camera and line.
    """
    try:
        lines = path.read_text(encoding="latin1").splitlines()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); {_AGAIN}") from error
    if not lines or not lines[0].strip().startswith(_HEADING):
        raise UserError(f"{path} does not begin with {_HEADING!r}; {_AGAIN}")
    cameras: dict[int, Pinhole] = {}
    for block in _split_blocks(path, lines[1:]):
        name = int(_read_numbers(path, block, "name", 1)[0])
        if name in cameras:
            raise UserError(f"{path}: there are two cameras of 'name' {name}; {_AGAIN}")
        cameras[name] = _make_camera(path, name, block)
    if not cameras:
        raise UserError(f"{path} has no camera, no line begins with 'name'; {_AGAIN}")
    return cameras


def _split_blocks(path: Path, lines: list[str]) -> list[dict[str, list[str]]]:
    """The words of each line by its first one, camera for camera."""
    blocks: list[dict[str, list[str]]] = []
    for words in (line.split() for line in lines if line.strip()):
        if words[0] == "name":
            blocks.append({})
        if not blocks:
            raise UserError(f"{path}: {words[0]!r} stands before the first 'name'; {_AGAIN}")
        blocks[-1][words[0]] = words[1:]
    return blocks


def _read_numbers(path: Path, block: dict[str, list[str]], key: str, count: int) -> Float[np.ndarray, " count"]:
    words = block.get(key)
    if words is None:
        raise UserError(f"{path}: a camera has no {key!r}, only {', '.join(block)}; {_AGAIN}")
    try:
        numbers = np.array([float(word) for word in words])
    except ValueError as error:
        raise UserError(f"{path}: {key!r} should be numbers, it is {' '.join(words)!r}; {_AGAIN}") from error
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise UserError(f"{path}: {key!r} should be {count} finite numbers, it is {' '.join(words)!r}; {_AGAIN}")
    return numbers


def _make_camera(path: Path, name: int, block: dict[str, list[str]]) -> Pinhole:
    width, height = _read_numbers(path, block, "size", 2)
    matrix = _read_numbers(path, block, "intrinsic", 16).reshape(4, 4)
    focal, center = matrix[[0, 1], [0, 1]], matrix[:2, 2]
    rest = matrix.copy()
    rest[[0, 1], [0, 1]] = rest[:2, 2] = 0
    plain = np.zeros((4, 4))
    plain[2, 2] = plain[3, 3] = 1
    if (focal <= 0).any() or not np.array_equal(rest, plain):
        raise UserError(f"{path}: 'intrinsic' of camera {name} is no camera matrix without skew; {_AGAIN}")
    if min(width, height) < 1:
        raise UserError(f"{path}: 'size' of camera {name} should be positive, it is {width:g} {height:g}; {_AGAIN}")
    return Pinhole(
        focal_px=float(focal.mean()),
        center_px=(float(center[0]), float(center[1])),
        width=int(width),
        height=int(height),
    )
