"""Observed windows on the disk: what the encoder said of rendered people, and the truth."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from spsnet.records import UserError

INDEX_FILE = "index.json"
FOCAL_PX = 1000.0
"""Of every simulated camera, whose principal point is 0; only angles matter to the network."""


@dataclass(frozen=True, kw_only=True)
class ObservedWindows:
    """Windows of rendered frames, seen at `FOCAL_PX` with the principal point at (0, 0)."""

    landmarks_px: Float[np.ndarray, "windows time 33 3"]
    """The encoder's, with its confidence."""
    world_m: Float[np.ndarray, "windows time 33 3"]
    """The encoder's own 3D landmarks."""
    present_mask: Bool[np.ndarray, "windows time"]
    """True where the encoder saw a person."""
    rotations: Float[np.ndarray, "windows time 24 3 3"]
    """Truth; root in camera axes."""
    shape: Float[np.ndarray, "windows 10"]
    translation_m: Float[np.ndarray, "windows time 3"]

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.shape)


def join_windows(parts: Sequence[ObservedWindows]) -> ObservedWindows:
    """One after another; all of the same length."""
    return ObservedWindows(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(ObservedWindows)
        }
    )


def save_shard(folder: Path, number: int, windows: ObservedWindows) -> None:
    """Write one shard; it is whole or not there."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {field.name: np.ascontiguousarray(getattr(windows, field.name)) for field in fields(ObservedWindows)}
    arrays = {name: a.astype(np.float32) if a.dtype == np.float64 else a for name, a in arrays.items()}
    part = folder / f".shard_{number:05d}.part"
    save_file(arrays, part)
    part.replace(_name_shard(folder, number))


def has_shard(folder: Path, number: int, windows: int) -> bool:
    """Whether a shard of so many windows was written before."""
    path = _name_shard(folder, number)
    if not path.is_file():
        return False
    try:
        with safe_open(path, "numpy") as shard:
            return bool(shard.get_slice("shape").get_shape()[0] == windows)
    except SafetensorError:
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


def _leave_number_out(index: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(index)
    facts["recipe"]["frames"].pop("windows")
    return facts


def load_windows(folder: Path) -> ObservedWindows:
    """Read all shards of a folder.

    Raises:
        UserError: If the folder holds none, or one is damaged, naming it.
    """
    paths = sorted(folder.glob("shard_*.safetensors"))
    if not paths:
        raise UserError(f"{folder} holds no shards; `spsnet synthesize` makes them")
    parts = []
    for path in paths:
        try:
            parts.append(ObservedWindows(**load_file(path)))
        except (OSError, SafetensorError, TypeError) as error:
            raise UserError(f"{path} is damaged ({error}); delete it and run `spsnet synthesize` again") from error
    return join_windows(parts)


def _name_shard(folder: Path, number: int) -> Path:
    return folder / f"shard_{number:05d}.safetensors"
