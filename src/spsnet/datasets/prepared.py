"""A data set on the disk as `spsnet prepare` leaves it: its clips, and what the encoder saw of each person.

Every film of the data set is one safetensors file, `films/00000.safetensors` and so on in the order of the index.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from spsnet.datasets.shards import INDEX_FILE
from spsnet.records import BodyParameters, Clip, PersonObservations, Pictures, Pinhole, UserError

_FORMAT = "spsnet-clips"
_CLIP_ARRAYS = ("frame_index", "valid_mask", "joints_m", "keypoints_px", "box_xys_px")
_CLIP_TEXTS = ("dataset", "name", "sequence", "fps", "gender", "joint_set", "keypoint_set")
_DAMAGED = (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedClip:
    """A clip and what the encoder saw of the person."""

    clip: Clip
    sightings: tuple[PersonObservations, ...] = ()
    """Several where the person was lost for long; none where nobody was seen, or nobody looked.

    Frame numbers are those of the clip's `frame_index`."""
    size_px: tuple[int, int] | None = None
    """Width and height of the pictures that were looked at."""


@dataclass(frozen=True, kw_only=True)
class PreparedIndex:
    """What a folder of clips holds."""

    dataset: str
    split: str
    encoder: str | None
    """Who looked at the pictures; None: only the annotation was read."""
    options: dict[str, Any]
    """Of the data set's reader, which may read one folder in several ways."""
    sequences: tuple[str, ...]
    """Films, in the order of their files."""


class PreparedClips:
    """The clips of a folder, read film by film.

    Raises:
        UserError: If the folder holds no clips, or not all of them yet.
    """

    def __init__(self, folder: Path) -> None:
        """Read the index."""
        self.folder = folder
        self.index = read_index(folder)
        missing = [name for number, name in enumerate(self.index.sequences) if not has_film(folder, number)]
        if missing:
            raise UserError(
                f"{folder} lacks {len(missing)} of {len(self.index.sequences)} films, first {missing[0]}; run "
                "`spsnet prepare` again, it goes on where it stopped"
            )

    def __len__(self) -> int:
        """Number of films."""
        return len(self.index.sequences)

    def load_film(self, number: int) -> list[PreparedClip]:
        """Everybody in one film.

        Raises:
            UserError: If the file is damaged.
        """
        return load_film(self.folder, number)

    def __iter__(self) -> Iterator[PreparedClip]:
        """Every clip, one film in memory at a time."""
        for number in range(len(self)):
            yield from self.load_film(number)


def holds_clips(folder: Path) -> bool:
    """Whether a folder is one of clips rather than of windows."""
    try:
        content = json.loads((folder / INDEX_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("format") == _FORMAT


def read_index(folder: Path) -> PreparedIndex:
    """What a folder holds.

    Raises:
        UserError: If it is no folder of clips.
    """
    path = folder / INDEX_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != _FORMAT:
            raise ValueError("another format")
        return PreparedIndex(**(content | {"sequences": tuple(content["sequences"])}))
    except _DAMAGED as error:
        raise UserError(f"{folder} holds no clips; `spsnet prepare` makes them") from error


def claim_clips(folder: Path, index: PreparedIndex) -> None:
    """Write what a folder is going to hold, before its first film.

    Raises:
        UserError: If it holds something else already: two data sets would be mixed.
    """
    path = folder / INDEX_FILE
    if path.exists():
        if not holds_clips(folder) or read_index(folder) != index:
            raise UserError(f"{folder} holds something else; delete it, or take another folder")
        return
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{INDEX_FILE}.part"
    part.write_text(json.dumps({"format": _FORMAT, **asdict(index)}, indent=2) + "\n", encoding="utf-8")
    part.replace(path)


def name_film(folder: Path, number: int) -> Path:
    """Where a film's clips are."""
    return folder / "films" / f"{number:05d}.safetensors"


def has_film(folder: Path, number: int) -> bool:
    """Whether a film was written before; files are whole or not there."""
    return name_film(folder, number).is_file()


def save_film(folder: Path, number: int, clips: Sequence[PreparedClip]) -> None:
    """Write everybody in one film; the file is whole or not there."""
    arrays: dict[str, np.ndarray] = {}
    facts = []
    for person, prepared in enumerate(clips):
        packed, said = _pack(prepared)
        arrays |= {f"{person}/{name}": np.ascontiguousarray(values) for name, values in packed.items()}
        facts.append(said)
    path = name_film(folder, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    save_file(arrays, part, {"clips": json.dumps(facts)})
    part.replace(path)


def load_film(folder: Path, number: int) -> list[PreparedClip]:
    """Everybody in one film that was written before.

    Raises:
        UserError: If the file is damaged.
    """
    path = name_film(folder, number)
    try:
        with safe_open(path, "np") as file:
            facts = json.loads(file.metadata()["clips"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        own = [_select(arrays, f"{person}/") for person in range(len(facts))]
        return [_unpack(values, said) for values, said in zip(own, facts, strict=True)]
    except _DAMAGED as error:
        raise UserError(f"{path} is damaged ({error}); delete it and run `spsnet prepare` again") from error


def _pack(prepared: PreparedClip) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    clip = prepared.clip
    arrays = {name: getattr(clip, name) for name in _CLIP_ARRAYS if getattr(clip, name) is not None}
    if clip.body is not None:
        arrays |= {f"body/{field.name}": getattr(clip.body, field.name) for field in fields(BodyParameters)}
    for i, seen in enumerate(prepared.sightings):
        arrays |= {
            f"seen/{i}/{field.name}": getattr(seen, field.name)
            for field in fields(PersonObservations)
            if isinstance(getattr(seen, field.name), np.ndarray)
        }
    pictures = clip.pictures
    facts = {name: getattr(clip, name) for name in _CLIP_TEXTS}
    facts["pictures"] = None if pictures is None else {"path": str(pictures.path), "names": pictures.names}
    facts["camera"] = None if clip.camera is None else asdict(clip.camera)
    facts["size_px"] = prepared.size_px
    facts["seen"] = [seen.track_id for seen in prepared.sightings]
    return arrays, facts


def _unpack(arrays: Mapping[str, np.ndarray], facts: dict[str, Any]) -> PreparedClip:
    body, pictures, camera = _select(arrays, "body/"), facts["pictures"], facts["camera"]
    names = None if pictures is None or pictures["names"] is None else tuple(pictures["names"])
    clip = Clip(
        **{name: facts[name] for name in _CLIP_TEXTS},
        **{name: arrays.get(name) for name in _CLIP_ARRAYS},  # type: ignore[arg-type]  # `Clip` checks what must be there
        body=BodyParameters(**body) if body else None,
        pictures=None if pictures is None else Pictures(path=Path(pictures["path"]), names=names),
        camera=None if camera is None else Pinhole(**(camera | {"center_px": tuple(camera["center_px"])})),
    )
    sightings = []
    for i, track in enumerate(facts["seen"]):
        seen: dict[str, Any] = {"feature": None, **_select(arrays, f"seen/{i}/")}
        sightings.append(PersonObservations(track_id=track, **seen))
    size = facts["size_px"]
    return PreparedClip(clip=clip, sightings=tuple(sightings), size_px=None if size is None else tuple(size))


def _select(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
