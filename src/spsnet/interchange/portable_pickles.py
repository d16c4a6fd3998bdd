"""Pickles of arrays that every numpy reads.

numpy 2 names its private modules in the pickles it makes, and numpy 1, on which most of the field's programs run, does
not have them. Here an array is pickled as a call of `numpy.ndarray`, one object as an array as a call of `numpy.array`,
which all of them have. joblib reads plain pickles.
"""

import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_PROTOCOL = 4
"""Python 3.4 and later."""


class _PortablePickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.shape == () and value.dtype == object:
            return np.array, (value.item(), value.dtype)
        if isinstance(value, np.ndarray):
            return np.ndarray, (value.shape, value.dtype, value.tobytes())
        return NotImplemented


def dump_pickle(value: Any, path: Path) -> None:
    """Write plain containers, numbers, text and arrays of numbers; an array is read-only for who reads the file."""
    path.write_bytes(_pickle(value))


def dump_tables(tables: Mapping[str, Any], path: Path) -> None:
    """Write an `.npz` of arrays that hold one object each, as `numpy.savez` does with a dictionary."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": ()})
    with zipfile.ZipFile(path, "w") as archive:
        for name, table in tables.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(header.getvalue() + _pickle(np.array(table, dtype=object)))


def _pickle(value: Any) -> bytes:
    buffer = io.BytesIO()
    _PortablePickler(buffer, protocol=_PROTOCOL).dump(value)
    return buffer.getvalue()
