"""Constants of a model brought to the arrays of a call: its library, floating type and device."""

from typing import Any

import numpy as np
from array_api_compat import device

from spsnet.geometry._array import Array, array_namespace


def convert_like(array: np.ndarray, like: Array) -> Array:
    """Bring a numpy array to the namespace and device of `like`, floats to its type, integers to int64."""
    xp = array_namespace(like)
    dtype = like.dtype if np.issubdtype(array.dtype, np.floating) else xp.int64
    return xp.asarray(array, dtype=dtype, device=device(like))


def identify_kind(like: Array) -> tuple[Any, ...]:
    """What `convert_like` depends on, hashable."""
    return (array_namespace(like).__name__, str(like.dtype), str(device(like)))
