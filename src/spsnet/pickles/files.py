"""Pickles, joblib's dumps and numpy's archives of objects, read from the disk.

Covers what body models, annotations and results of the field hold: numpy arrays and scalars (numpy 1 and 2, Python 2
and 3), arrays of objects, scipy sparse matrices, chumpy arrays and selections, joblib's arrays, plain containers.
"""

import bz2
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.pickles.unpickler import ForbiddenNameError, unpickle
from spsnet.records import UserError

_MALFORMED = (
    pickle.UnpicklingError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    MemoryError, ImportError, RuntimeError, OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip
_MOST_BYTES = 2**34
"""A file that grows beyond this is taken for a trap: 16 GiB are the meshes of two hours of somebody."""
_COMPRESSIONS: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lzma.LZMADecompressor),
    (b"\x5d\x00", lzma.LZMADecompressor),
    (b"\x78", zlib.decompressobj),
)
"""First bytes of what joblib compresses with, and what undoes it. No pickle of protocol 2 or later begins so."""


def load_pickle(path: Path) -> Any:
    """Read a pickle of arrays and plain containers, or what joblib dumped, compressed or not.

    Text of Python 2 is taken as Latin-1. Sparse matrices and chumpy arrays come back as dense numpy arrays.

    Raises:
        UserError: If the file is missing, is no pickle, or names a function or class outside the list.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    return _guard(path, "a readable pickle of arrays", lambda: unpickle(BytesIO(_decompress(content))))


def load_npz(path: Path) -> dict[str, Any]:
    """Read the arrays of an `.npz`; arrays of objects too, by the same list of names.

    Raises:
        UserError: If the file is missing or damaged, or holds a pickle that names anything outside the list.
    """

    def read() -> dict[str, Any]:
        arrays = {}
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:  # zipfile reads no more than that
                raise EOFError(f"arrays of more than {_MOST_BYTES} bytes")
            for name in archive.namelist():
                arrays[name.removesuffix(".npy")] = _read_array(archive.read(name))
        return arrays

    _require_file(path)
    return _guard(path, "a whole .npz of arrays", read)


def _guard(path: Path, wanted: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ForbiddenNameError as error:
        raise UserError(
            f"{path}: refused, nothing in it was run: it asks for {error}; get the file from its source"
        ) from error
    except _MALFORMED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path}: not {wanted} ({reason}); get the file again") from error


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise UserError(f"{path}: no such file; check the path")


def _decompress(content: bytes) -> bytes:
    for start, make in _COMPRESSIONS:
        if content.startswith(start):
            decompressor = make()
            plain = decompressor.decompress(content, _MOST_BYTES)
            if not decompressor.eof:
                raise EOFError(f"compressed data that is cut off, or longer than {_MOST_BYTES} bytes")
            return bytes(plain)
    return content


def _read_array(content: bytes) -> np.ndarray:
    """An array with its header, as numpy saves it; objects follow as a pickle."""
    stream = BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(stream)
    if not dtype.hasobject:
        return np.asarray(np.lib.format.read_array(BytesIO(content), allow_pickle=False))
    array = unpickle(stream)
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise ValueError(f"an array of objects of shape {shape} whose pickle is another thing")
    return array
