"""Fields of a file of results, checked as they are taken: every complaint names the file, the key and the remedy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from spsnet.records import UserError

BODY_KEY = "body_name"
"""A key of ours in files that we write: whose body the shape is of, where the format means another."""
_SMALLEST_SCALE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Fields:
    """A table of a file, by key."""

    path: Path
    content: Mapping[Any, Any]
    place: str = ""
    """Where in the file the table is, as `person 3, `; comes before the key in messages."""
    remedy: str
    """What a user can do where a field is missing or damaged."""

    @classmethod
    def open(cls, path: Path, content: Any, *, place: str = "", what: str, remedy: str) -> "Fields":
        """Take `content` for a table.

        Raises:
            UserError: If it is none; `what` says what it should be.
        """
        if not isinstance(content, Mapping):
            raise UserError(f"{path}: {place}should be {what}, is {_describe(content)}; {remedy}")
        return cls(path=path, content=content, place=place, remedy=remedy)

    def __contains__(self, key: Any) -> bool:
        """Whether the key is there and holds something."""
        return self.content.get(key) is not None

    def refuse(self, key: Any, complaint: str) -> UserError:
        """The error for a field that cannot be used."""
        return UserError(f"{self.path}: {self.place}{key!r} {complaint}; {self.remedy}")

    def require(self, key: Any) -> Any:
        """The field as it is.

        Raises:
            UserError: If there is none.
        """
        if key not in self:
            raise UserError(f"{self.path}: {self.place}has no {key!r}; {self.remedy}")
        return self.content[key]

    def take_table(self, key: Any, what: str) -> "Fields":
        """A table within this one.

        Raises:
            UserError: If it is missing or no table.
        """
        place = f"{self.place}{key!r}, "
        return Fields.open(self.path, self.require(key), place=place, what=what, remedy=self.remedy)

    def list_tables(self, label: str, what: str) -> Iterator[tuple[Any, "Fields"]]:
        """Every key with the table under it; `label` is what a key is called in messages.

        Raises:
            UserError: If there is none, or one is no table.
        """
        if not self.content:
            raise UserError(f"{self.path}: {self.place}is empty; {self.remedy}")
        for key, content in self.content.items():
            yield key, Fields.open(self.path, content, place=f"{label} {key}, ", what=what, remedy=self.remedy)

    def take_numbers(self, key: Any, shape: tuple[int | None, ...]) -> Float[np.ndarray, "..."]:
        """Finite numbers of a shape, where None fits any length.

        Raises:
            UserError: If they are missing, other than that, or not finite.
        """
        return self.check_numbers(key, self.require(key), shape)

    def check_numbers(self, key: Any, value: Any, shape: tuple[int | None, ...]) -> Float[np.ndarray, "..."]:
        """As `take_numbers`, of a value that was made from the field `key`."""
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise self.refuse(key, f"holds arrays of unequal shapes ({error})") from error
        fits = array.ndim == len(shape) and all(w is None or w == n for w, n in zip(shape, array.shape, strict=True))
        if not fits or array.dtype.kind not in "fiu":
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            raise self.refuse(key, f"should be numbers of shape ({wanted}), is {_describe(value)}")
        numbers = array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
        if not np.all(np.isfinite(numbers)):
            bad = int(numbers.size - np.count_nonzero(np.isfinite(numbers)))
            raise self.refuse(key, f"is not finite in {bad} of {numbers.size} elements")
        return numbers

    def take_poses(self, key: Any, numbers: int | None) -> Float[np.ndarray, "time numbers"]:
        """So many finite numbers for each of some frames.

        Raises:
            UserError: As `take_numbers`, or if there is no frame.
        """
        poses = self.take_numbers(key, (None, numbers))
        if not len(poses):
            raise self.refuse(key, "holds no frame")
        return poses

    def take_rows(self, key: Any, rows: int) -> Any:
        """An array or list of so many things.

        Raises:
            UserError: If it is missing, or of another length.
        """
        value = self.require(key)
        if not (isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim)) or len(value) != rows:
            raise self.refuse(key, f"should hold {rows} rows, is {_describe(value)}")
        return value

    def take_body(self, otherwise: str) -> str:
        """The body that the shape is of: what a file of ours says, once or for each frame; else what the format means.

        Raises:
            UserError: If it is no name, or several.
        """
        if BODY_KEY not in self:
            return otherwise
        names = {str(name) for name in np.ravel(self.content[BODY_KEY])}
        if len(names) != 1 or "" in names:
            raise self.refuse(BODY_KEY, "should be the name of one body")
        return names.pop()

    def take_scales(self, key: Any, values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Scales or sides of the field `key`, which have to be positive."""
        if np.any(values < _SMALLEST_SCALE):
            raise self.refuse(key, f"should hold positive scales, the smallest is {values.min():g}")
        return values

    def take_frames(self, key: Any, frames: int) -> Int[np.ndarray, " time"]:
        """Numbers of the film's frames, rising.

        Raises:
            UserError: If they are missing, not as many as `frames`, no whole numbers, or do not rise.
        """
        numbers = self.take_numbers(key, (frames,))
        index = numbers.astype(np.int64)
        if np.any(index != numbers) or np.any(np.diff(index) <= 0):
            raise self.refuse(key, "should be rising whole numbers")
        return index

    def take_square_boxes(self, key: Any, frames: int) -> Float[np.ndarray, "time 3"]:
        """Boxes given as centre, width and height: centre and longer side."""
        boxes = self.take_numbers(key, (frames, 4))
        sides = self.take_scales(key, boxes[:, 2:].max(1))
        return np.concatenate([boxes[:, :2], sides[:, None]], axis=1)


def _describe(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape}"
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, list | tuple) else type(value).__name__
