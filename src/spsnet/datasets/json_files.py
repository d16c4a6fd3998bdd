"""JSON annotations of data sets: parsed, their keys and shapes checked, every fault told with file and key."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet.records import UserError


def load_json(path: Path, remedy: str) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Args:
        path: The file.
        remedy: Ends the message of a fault: what the user can do.

    Raises:
        UserError: If the file is missing, is no whole JSON, or holds something else than an object.
    """
    try:
        with path.open("rb") as file:
            content = json.load(file)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; {remedy}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is not a whole JSON file ({error}); {remedy}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} should hold a JSON object, it holds a {type(content).__name__}; {remedy}")
    return content


def take(owner: Mapping[str, Any], key: str, kind: type | tuple[type, ...], path: Path, where: str, remedy: str) -> Any:
    """A value of an object, of the type it should have; True and False are no numbers.

    Args:
        owner: The object.
        key: Of the value.
        kind: One or more types that it may have.
        path: The file, for the message.
        where: The object's place in the file, for the message: `images[3]`; empty for the file's own keys.
        remedy: Ends the message.

    Raises:
        UserError: If there is no such key or its value is of another type.
    """
    place = f"{where}.{key}" if where else key
    if key not in owner:
        raise UserError(f"{path} has no {place!r}; {remedy}")
    value, kinds = owner[key], kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        names = " or ".join(each.__name__ for each in kinds)
        raise UserError(f"{path}: {place!r} should be of type {names}, it is {type(value).__name__}; {remedy}")
    return value


def take_numbers(value: Any, shape: tuple[int, ...], path: Path, where: str, remedy: str) -> Float[np.ndarray, "..."]:
    """Nested lists as an array of finite numbers.

    Args:
        value: As the file has it.
        shape: That it should have.
        path: The file, for the message.
        where: The value's place in the file, for the message.
        remedy: Ends the message.

    Raises:
        UserError: If the lists are of another shape, or hold anything but finite numbers.
    """
    try:
        array = np.array(value)
    except ValueError as error:
        raise UserError(f"{path}: {where!r} should be of shape {shape}, its rows differ; {remedy}") from error
    if array.shape != shape:
        raise UserError(f"{path}: {where!r} should be of shape {shape}, it is {array.shape}; {remedy}")
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise UserError(f"{path}: {where!r} should be finite numbers; {remedy}")
    return array.astype(np.float64)
