"""Pickles of arrays that every numpy reads.

numpy 2 names its private modules in the pickles it makes, and numpy 1, on which most of the field's programs run, does
not have them. Here an array is pickled as a call of `numpy.ndarray`, which all of them have. joblib reads plain
pickles.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

_PROTOCOL = 4
"""Python 3.4 and later."""


class _PortablePickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return np.ndarray, (value.shape, value.dtype, value.tobytes())
        return NotImplemented


def dump_pickle(value: Any, path: Path) -> None:
    """Write plain containers, numbers, text and arrays of numbers; an array is read-only for who reads the file."""
    buffer = io.BytesIO()
    _PortablePickler(buffer, protocol=_PROTOCOL).dump(value)
    path.write_bytes(buffer.getvalue())
