"""A folder of windows that grows film by film: shards, and an index of the films that are done."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spsnet.datasets.shards import INDEX_FILE, ObservedWindows, join_windows, save_shard
from spsnet.records import UserError


@dataclass(frozen=True, kw_only=True)
class PreparedFilm:
    """What the index of a folder says of one film."""

    name: str
    sha256: str | None
    """None: of a data set, whose films are known by their names."""
    people: int
    """Who have at least one window."""
    windows: int
    seen_frames: int
    """Frames of all windows in which the person was seen; windows overlap."""
    silhouettes: int
    """Of those, the ones that have a mask."""
    first_shard: int
    shards: int


class WindowFolder:
    """Windows of films on the disk.

    Args:
        folder: Gets `shard_NNNNN.safetensors` and `index.json` with the first film.
        facts: How its windows are made, for the index.
        encoder: Whose sight the windows are.

    Raises:
        UserError: If what is in the folder was made another way, or by no command of ours.
    """

    def __init__(self, folder: Path, facts: dict[str, Any], encoder: str) -> None:
        """Read the index, if there is one."""
        self._folder = folder
        self._facts = facts
        self._encoder = encoder
        self.done = _read_index(folder, facts)
        """Films by their sha256, those of a data set by their names."""

    def add(
        self, name: str, sha256: str | None, people: Iterable[ObservedWindows], windows_per_shard: int
    ) -> PreparedFilm:
        """Write a film's windows, in shards as soon as they are full, so that a long film need not be held.

        Args:
            name: Of the film.
            sha256: Of the film, or None (`PreparedFilm`).
            people: Each person's windows; if this raises, nothing of the film stays.
            windows_per_shard: Or a few more, where a person has several.
        """
        first = sum(film.shards for film in self.done.values())
        self._write_index()
        self._remove_shards(first)
        try:
            film = self._save_film(name, sha256, people, first, windows_per_shard)
        except UserError:
            self._remove_shards(first)
            raise
        self.done[sha256 or name] = film
        self._write_index()
        return film

    def _save_film(
        self, name: str, sha256: str | None, people: Iterable[ObservedWindows], first: int, windows_per_shard: int
    ) -> PreparedFilm:
        waiting: list[ObservedWindows] = []
        counts = dict.fromkeys(("people", "windows", "seen_frames", "silhouettes", "shards"), 0)

        def save() -> None:
            save_shard(self._folder, first + counts["shards"], {self._encoder: join_windows(waiting)})
            counts["shards"] += 1
            waiting.clear()

        for windows in people:
            if not len(windows):
                continue
            waiting.append(windows)
            present = windows.seen.present_mask
            counts["people"] += 1
            counts["windows"] += len(windows)
            counts["seen_frames"] += int(present.sum())
            counts["silhouettes"] += int((present & (windows.silhouette_box_xys_px[..., 2] > 0)).sum())
            if sum(map(len, waiting)) >= windows_per_shard:
                save()
        if waiting:
            save()
        return PreparedFilm(name=name, sha256=sha256, first_shard=first, **counts)

    def _remove_shards(self, first: int) -> None:
        """Delete what was written of a film that is not done."""
        for path in self._folder.glob("shard_*.safetensors"):
            if int(path.stem.removeprefix("shard_")) >= first:
                path.unlink()

    def _write_index(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self._facts | {"films": [asdict(film) for film in self.done.values()]}, indent=2) + "\n"
        part = self._folder / f".{INDEX_FILE}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(self._folder / INDEX_FILE)


def _read_index(folder: Path, facts: dict[str, Any]) -> dict[str, PreparedFilm]:
    path = folder / INDEX_FILE
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        films = [PreparedFilm(**film) for film in index.pop("films")]
    except FileNotFoundError:
        if any(folder.glob("shard_*")):
            raise UserError(f"{folder} holds windows of something else; take another folder") from None
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is no index of films; take another folder") from error
    if index != facts:
        raise UserError(f"{folder} holds windows made another way; delete it, or take another folder")
    return {film.sha256 or film.name: film for film in films}
