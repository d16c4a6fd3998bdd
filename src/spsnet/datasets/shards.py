"""Observed windows on the disk: what encoders said of people in motion, and the truth.

A shard is one safetensors file. The truth stands in it once, what was seen once for each encoder: `truth/rotations`,
`blazepose-heavy/seen/landmarks_px`, `blazepose-heavy/occluded/feature` and so on. A reader picks one encoder.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from safetensors.numpy import save_file

from spsnet.records import UserError

INDEX_FILE = "index.json"
FOCAL_PX = 1000.0
"""Of every simulated camera, whose principal point is 0; only angles matter to the network."""
SILHOUETTE_PX = 64
"""Side of a silhouette."""
_MAY_LACK = ("seen", "occluded", "keypoints_px")
"""Fields that are no array of the truth, or one that not every shard has."""
_HALVED = ("world_m", "feature")
"""Kept as float16."""
_KINDS = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "U8": np.uint8, "BOOL": np.bool_}


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one encoder said of the frames of windows, at `FOCAL_PX` with the principal point at (0, 0)."""

    landmarks_px: Float[np.ndarray, "windows time 33 3"]
    """x, y and the encoder's confidence."""
    world_m: Float[np.ndarray, "windows time 33 3"]
    """The encoder's own 3D landmarks, camera axes, about the hips' middle."""
    feature: Float[np.ndarray, "windows time width"]
    """What the encoder's heads share; of width 0 where nothing was rendered."""
    present_mask: Bool[np.ndarray, "windows time"]
    """True where the encoder saw a person."""
    widths_px: Float[np.ndarray, "windows time 12"]
    """`crops.measure_widths` of the encoder's mask; 0 where nothing was measured."""


@dataclass(frozen=True, kw_only=True)
class ObservedWindows:
    """Windows of frames, seen at `FOCAL_PX` with the principal point at (0, 0)."""

    seen: Sight
    """Of the picture as it is."""
    occluded: Sight | None
    """Of the same picture with a few landmarks covered, through the same crop; None where nobody looked."""
    rotations: Float[np.ndarray, "windows time 24 3 3"]
    """Truth; root in camera axes."""
    shape: Float[np.ndarray, "windows 10"]
    translation_m: Float[np.ndarray, "windows time 3"]
    visible_mask: Bool[np.ndarray, "windows time 33"]
    """True where the body's landmark lies in the picture and nothing stands before it, the body itself included."""
    silhouette: Bool[np.ndarray, "windows time 64 64"]
    """The part of the person that is seen."""
    silhouette_box_xys_px: Float[np.ndarray, "windows time 3"]
    """The square that the silhouette covers; its side is 0 where there is no silhouette."""
    labelled: Bool[np.ndarray, " windows"]
    """False: real footage, of which rotations, shape and translation are unknown (and hold anything)."""
    keypoints_px: Float[np.ndarray, "windows time 33 3"] | None = None
    """Where the labels of real footage have the landmarks: x, y, and confidence (0: not known); None: no labels."""

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.shape)


def join_windows(parts: Sequence[ObservedWindows]) -> ObservedWindows:
    """One after another; all of the same length, all of them occluded as well or none, all with keypoints or none."""
    return _rebuild([_flatten(part) for part in parts])


def save_shard(folder: Path, number: int, windows: Mapping[str, ObservedWindows]) -> None:
    """Write one shard; it is whole or not there.

    Args:
        folder: Where to; made if need be.
        number: Of the shard in its folder.
        windows: The same windows as each encoder saw them; the truth is taken from the first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first = next(iter(windows.values()))
    arrays = {f"truth/{name}": values for name, values in _flatten(first).items() if "/" not in name}
    for encoder, seen in windows.items():
        arrays |= {f"{encoder}/{name}": values for name, values in _flatten(seen).items() if "/" in name}
    arrays["truth/silhouette"] = np.packbits(first.silhouette, axis=-1)
    packed = {name: _shrink(name, values) for name, values in arrays.items()}
    part = folder / f".shard_{number:05d}.part"
    save_file(packed, part, {"encoders": json.dumps(list(windows))})
    part.replace(_name_shard(folder, number))


def has_shard(folder: Path, number: int, windows: int) -> bool:
    """Whether a shard of so many windows was written before."""
    path = _name_shard(folder, number)
    if not path.is_file():
        return False
    try:
        return len(_Shard(path)) == windows
    except UserError:
        return False


def claim_folder(folder: Path, recipe: dict[str, Any], body: str) -> None:
    """Write how a folder's shards are made, before the first of them.

    Raises:
        UserError: If the folder's shards were made another way, other than in their number: they would be mixed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, text = folder / INDEX_FILE, json.dumps({"recipe": recipe, "body": body}, indent=2) + "\n"
    if path.exists() and _leave_number_out(path.read_text(encoding="utf-8")) != _leave_number_out(text):
        raise UserError(f"{folder} holds windows of another recipe; delete it, or take another folder")
    path.write_text(text, encoding="utf-8")


def load_windows(folder: Path, encoder: str | None = None) -> ObservedWindows:
    """Read all windows of a folder into memory; see `WindowSet` for the arguments and errors."""
    windows = WindowSet(folder, encoder)
    return windows.take(np.arange(len(windows)))


class WindowSet:
    """The windows of a folder's shards, read from the disk when they are taken; the folder may still be growing.

    Args:
        folder: Of `spsnet synthesize`.
        encoder: Whose sight to read, by its name in the catalogue; by default the first that the recipe lists.

    Raises:
        UserError: If the folder holds no shard, one is damaged, naming it, or the encoder is none of theirs.
    """

    def __init__(self, folder: Path, encoder: str | None = None) -> None:
        paths = sorted(folder.glob("shard_*.safetensors"))
        if not paths:
            raise UserError(f"{folder} holds no shards; `spsnet synthesize` makes them")
        self._shards = [_Shard(path) for path in paths]
        self.encoder = encoder or self._shards[0].encoders[0]
        for shard in self._shards:
            if self.encoder not in shard.encoders:
                raise UserError(f"{shard.path} was seen by {' and '.join(shard.encoders)}, not by {self.encoder}")
        self._starts = np.cumsum([0, *(len(shard) for shard in self._shards)])
        self.frames = int(self._shards[0].arrays["truth/translation_m"].shape[1])
        """Frames of each window."""

    def __len__(self) -> int:
        """Number of windows."""
        return int(self._starts[-1])

    def take(self, indices: Int[np.ndarray, " windows"]) -> ObservedWindows:
        """Read windows into memory, in the order of `indices`.

        Raises:
            IndexError: If an index is not that of a window.
        """
        if len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < len(self):
            raise IndexError(f"windows are 0 to {len(self) - 1}, got {indices.min()} to {indices.max()}")
        order = np.argsort(indices, kind="stable")
        owners = np.searchsorted(self._starts, indices[order], side="right") - 1
        parts = [
            shard.take(indices[order][owners == i] - self._starts[i], self.encoder)
            for i, shard in enumerate(self._shards)
            if (owners == i).any() or (i == 0 and not len(indices))
        ]
        back = np.argsort(order, kind="stable")
        joined = _flatten(join_windows(parts)) if len(parts) > 1 else _flatten(parts[0])
        return _rebuild([{name: values[back] for name, values in joined.items()}])


class _Shard:
    """One file, its arrays mapped into memory: nothing is read before it is used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                (size,) = struct.unpack("<Q", file.read(8))
                header = json.loads(file.read(size))
            data = np.memmap(path, np.uint8, "r", offset=8 + size)
            self.encoders: list[str] = json.loads(header.pop("__metadata__")["encoders"])
            self.arrays = {name: _view(data, facts) for name, facts in header.items()}
            self._length = len(self.arrays["truth/shape"])
            _require_whole(self.arrays, self.encoders)
        except (OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError, struct.error) as error:
            raise UserError(f"{path} is damaged ({error}); delete it and run `spsnet synthesize` again") from error

    def __len__(self) -> int:
        return self._length

    def take(self, rows: np.ndarray, encoder: str) -> ObservedWindows:
        # A run of neighbours is one piece of the file, much quicker than row by row.
        whole = len(rows) and rows[-1] - rows[0] + 1 == len(rows)
        chosen = slice(rows[0], rows[-1] + 1) if whole else rows
        arrays = {
            name.removeprefix("truth/").removeprefix(f"{encoder}/"): np.array(values[chosen])
            for name, values in self.arrays.items()
            if name.startswith(("truth/", f"{encoder}/"))
        }
        arrays["silhouette"] = np.unpackbits(arrays["silhouette"], axis=-1).view(bool)
        return _rebuild([{n: a.astype(np.float32) if a.dtype == np.float16 else a for n, a in arrays.items()}])


def _view(data: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
    start, stop = facts["data_offsets"]
    return data[start:stop].view(_KINDS[facts["dtype"]]).reshape(facts["shape"])


def _require_whole(arrays: Mapping[str, np.ndarray], encoders: Sequence[str]) -> None:
    """Every array that a window is made of, each of as many windows.

    Raises:
        ValueError: If one is missing, or of more or fewer windows; names it.
    """
    truth = [f"truth/{field.name}" for field in fields(ObservedWindows) if field.name not in _MAY_LACK]
    seen = [f"{encoder}/seen/{part.name}" for encoder in encoders for part in fields(Sight)]
    for name in (*truth, *seen):
        if name not in arrays:
            raise ValueError(f"no {name!r} in it")
    for name, values in arrays.items():
        if len(values) != len(arrays["truth/shape"]):
            raise ValueError(f"{name!r} is of {len(values)} windows, 'truth/shape' of {len(arrays['truth/shape'])}")


def _shrink(name: str, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "f":
        values = values.astype(np.float16 if name.endswith(_HALVED) else np.float32)
    return np.ascontiguousarray(values)


def _flatten(windows: ObservedWindows) -> dict[str, np.ndarray]:
    """Arrays by name; those of a sight are called `seen/…` and `occluded/…`."""
    arrays: dict[str, np.ndarray] = {}
    for field in fields(ObservedWindows):
        value = getattr(windows, field.name)
        if isinstance(value, Sight):
            arrays |= {f"{field.name}/{part.name}": getattr(value, part.name) for part in fields(Sight)}
        elif value is not None:
            arrays[field.name] = value
    return arrays


def _rebuild(parts: Sequence[Mapping[str, np.ndarray]]) -> ObservedWindows:
    """The inverse of `_flatten`, of several parts laid end to end."""
    joined = {name: np.concatenate([p[name] for p in parts]) if len(parts) > 1 else parts[0][name] for name in parts[0]}
    sights = {
        kind: Sight(**{part.name: joined[f"{kind}/{part.name}"] for part in fields(Sight)})
        for kind in ("seen", "occluded")
        if f"{kind}/landmarks_px" in joined
    }
    truth = {name: values for name, values in joined.items() if "/" not in name}
    return ObservedWindows(seen=sights["seen"], occluded=sights.get("occluded"), **truth)


def _leave_number_out(index: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(index)
    facts["recipe"]["frames"].pop("windows")
    return facts


def _name_shard(folder: Path, number: int) -> Path:
    return folder / f"shard_{number:05d}.safetensors"
