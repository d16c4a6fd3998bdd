"""What every reader of a data set offers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from spsnet.datasets.prepared import PreparedClip
from spsnet.records import Clip


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """What a user has to know of a data set to get it."""

    name: str
    """As `spsnet prepare` calls it."""
    title: str
    splits: tuple[str, ...]
    """Empty where it is not split."""
    source: str
    """Where it comes from and what has to be done to get it, in a sentence."""
    licence: str
    """Who may use it, in a few words."""
    layout: str
    """The files that have to lie in the raw folder, a line each."""


@runtime_checkable
class DatasetReader(Protocol):
    """A data set's raw folder as clips, a film at a time."""

    info: DatasetInfo

    def list_sequences(self, raw: Path, split: str) -> list[str]:
        """Names of the split's films, sorted, from the folder's listing alone.

        Raises:
            UserError: If the folder is not laid out as `info.layout` says: what is missing, where, and the remedy.
        """
        ...

    def read_sequence(self, raw: Path, split: str, sequence: str) -> list[Clip]:
        """One clip for each person of a film. Pictures are named, not opened.

        Raises:
            UserError: If a file is missing or damaged: names file, key and remedy.
        """
        ...


@runtime_checkable
class SeenReader(DatasetReader, Protocol):
    """A data set whose files also hold what an encoder saw, so that no picture is looked at."""

    encoder: str
    """Whose sight it is, by its name in the catalogue of assets."""

    def read_seen(self, raw: Path, split: str, sequence: str) -> list[PreparedClip]:
        """The clips of `read_sequence`, and what the encoder saw of each person.

        Raises:
            UserError: As `read_sequence`.
        """
        ...
