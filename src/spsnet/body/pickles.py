"""Pickles of arrays, read without running anything in them.

A pickle names functions and classes and has them called. Here every name is looked up in a short list, and behind each
name stands a harmless record of ours: the pickle itself makes no numpy, scipy or chumpy object. A file that names
anything else is refused before it is called.

Covers what body models and annotations of the field hold: numpy arrays and scalars (numpy 1 and 2, Python 2 and 3),
scipy sparse matrices, chumpy arrays and selections, plain containers.
"""

import io
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.records import UserError

_PLAIN_TYPE = re.compile(r"^[<>|=]?(b1|[iu][1248]|f[248]|c8|c16|[SU]\d{1,6}|bool|u?int(8|16|32|64)|float(16|32|64))$")
_MOST_ELEMENTS = 10**8
_MALFORMED = (
    pickle.UnpicklingError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    RecursionError, MemoryError, ImportError,
)  # fmt: skip


def load_pickle(path: Path) -> Any:
    """Read a pickle of arrays and plain containers; text of Python 2 is taken as Latin-1.

    Sparse matrices and chumpy arrays come back as dense numpy arrays.

    Raises:
        UserError: If the file is missing, is no pickle, or names a function or class outside the list above.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    try:
        return _resolve(_ArrayUnpickler(io.BytesIO(content), encoding="latin1").load(), {})
    except _ForbiddenNameError as error:
        raise UserError(
            f"{path}: refused, nothing in it was run: it asks for {error}; get the file from its source"
        ) from error
    except _MALFORMED as error:
        raise UserError(f"{path}: not a readable pickle of arrays ({error}); get the file again") from error


class _ForbiddenNameError(Exception):
    """The pickle names something outside the list."""


class _Function:
    """A listed function, closed to the attribute writes a pickle can ask for."""

    __slots__ = ("_function",)
    _function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        object.__setattr__(self, "_function", function)

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setattr__(self, name: str, value: Any) -> None:
        raise pickle.UnpicklingError("a function's attributes cannot be set")

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a function has no state")


class _Dtype:
    """A plain numeric or text type; its state can change the byte order only."""

    __slots__ = ("dtype",)

    def __init__(self, name: Any, *_: Any) -> None:
        if not isinstance(name, str) or not _PLAIN_TYPE.match(name):
            raise pickle.UnpicklingError(f"an array of type {name!r}, only plain numbers and text are read")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        if state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class _Ndarray:
    """A numpy array; its state is (version, shape, type, Fortran order, bytes)."""

    __slots__ = ("array",)

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state
        self.array = _make_array(data, dtype, shape, "F" if fortran else "C")


class _Object:
    """An object known by its attributes; the classes of scipy and chumpy are empty copies of this one."""

    __slots__ = ("state",)

    def __new__(cls, *_: Any) -> "_Object":
        made = super().__new__(cls)
        made.state = {}
        return made

    def __setstate__(self, state: Any) -> None:
        self.state = dict(state)

    def evaluate(self, state: dict[str, Any]) -> Any:
        """The plain value, from the attributes with their own values already in place."""
        return state


class _Chumpy(_Object):
    """A chumpy array: its value `x`, or elements `idxs` of `a` in a `preferred_shape`; else its attributes."""

    __slots__ = ()

    def evaluate(self, state: dict[str, Any]) -> Any:
        if "x" in state:
            return np.asarray(state["x"])
        if "a" in state and "idxs" in state:
            chosen = np.asarray(state["a"]).reshape(-1)[np.asarray(state["idxs"])]
            return chosen.reshape(tuple(state["preferred_shape"])) if "preferred_shape" in state else chosen
        return state


class _CompressedColumns(_Object):
    """A sparse matrix of scipy, column after column."""

    __slots__ = ()

    def evaluate(self, state: dict[str, Any]) -> Any:
        return _densify(state, state["indices"], _expand(state["indptr"]))


class _CompressedRows(_Object):
    """A sparse matrix of scipy, row after row."""

    __slots__ = ()

    def evaluate(self, state: dict[str, Any]) -> Any:
        return _densify(state, _expand(state["indptr"]), state["indices"])


class _Coordinates(_Object):
    """A sparse matrix of scipy, each element with its row and column."""

    __slots__ = ()

    def evaluate(self, state: dict[str, Any]) -> Any:
        return _densify(state, *(state["coords"] if "coords" in state else (state["row"], state["col"])))


def _make_array(data: Any, dtype: Any, shape: Any, order: Any = "C") -> np.ndarray:
    if not isinstance(dtype, _Dtype):
        raise pickle.UnpicklingError("an array without a plain type")
    content = data.encode("latin1") if isinstance(data, str) else data
    return np.frombuffer(content, dtype.dtype).reshape(shape, order=order).copy()


def _make_scalar(dtype: Any, data: Any) -> Any:
    return _make_array(data, dtype, ())[()]


def _rebuild(kind: Any, *_: Any) -> Any:
    """An empty object of a listed class, to be filled by its state."""
    if kind not in (_Ndarray, _Object) and not (isinstance(kind, type) and issubclass(kind, _Object)):
        raise pickle.UnpicklingError("an object of an unknown class")
    return kind()


def _expand(starts: Any) -> np.ndarray:
    """Row (or column) of each element from the places where rows start."""
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts))


def _densify(state: dict[str, Any], rows: Any, columns: Any) -> np.ndarray:
    shape = tuple(int(n) for n in state["_shape" if "_shape" in state else "shape"])
    if len(shape) != 2 or min(shape) < 0 or shape[0] * shape[1] > _MOST_ELEMENTS:
        raise pickle.UnpicklingError(f"a sparse matrix of shape {shape}")
    dense = np.zeros(shape, state["data"].dtype)
    np.add.at(dense, (rows, columns), state["data"])
    return dense


def _list_names() -> dict[tuple[str, str], Any]:
    """Every name a pickle may use, with the record of ours that stands for it."""
    listed: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): _Ndarray,
        ("numpy", "dtype"): _Dtype,
        ("_codecs", "encode"): _Function(lambda text, *_: text.encode("latin1")),
        ("collections", "OrderedDict"): _Function(lambda items=(): dict(items)),
    }
    for builtins, copy in (("__builtin__", "copy_reg"), ("builtins", "copyreg")):
        listed[builtins, "object"] = _Object
        listed[builtins, "set"] = _Function(list)
        listed[builtins, "bytes"] = _Function(lambda: b"")
        listed[copy, "_reconstructor"] = _Function(_rebuild)
    for core in ("numpy.core", "numpy._core"):
        listed[f"{core}.multiarray", "_reconstruct"] = _Function(_rebuild)
        listed[f"{core}.multiarray", "scalar"] = _Function(_make_scalar)
        listed[f"{core}.numeric", "_frombuffer"] = _Function(_make_array)
    for layout, record in (("csc", _CompressedColumns), ("csr", _CompressedRows), ("coo", _Coordinates)):
        for module in (f"scipy.sparse.{layout}", f"scipy.sparse._{layout}"):
            listed[module, f"{layout}_matrix"] = listed[module, f"{layout}_array"] = record
    return listed


_LISTED = _list_names()
_OPEN = object()


class _ArrayUnpickler(pickle.Unpickler):
    """Looks names up in the list, never in a module."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "chumpy":
            return _Chumpy
        if (module, name) not in _LISTED:
            raise _ForbiddenNameError(f"{module}.{name}")
        return _LISTED[module, name]


def _resolve(node: Any, seen: dict[int, Any]) -> Any:
    """Plain values in place of records, each shared node once."""
    if not isinstance(node, _Dtype | _Ndarray | _Object | _Function | dict | list | tuple):
        return node
    if id(node) in seen:
        if seen[id(node)] is _OPEN:
            raise pickle.UnpicklingError("an object that contains itself")
        return seen[id(node)]
    seen[id(node)] = _OPEN
    value: Any = None
    if isinstance(node, _Object):
        value = node.evaluate(_resolve(node.state, seen))
    elif isinstance(node, _Ndarray):
        value = node.array
    elif isinstance(node, dict):
        value = {key: _resolve(item, seen) for key, item in node.items()}
    elif isinstance(node, list | tuple):
        value = type(node)([_resolve(item, seen) for item in node])
    seen[id(node)] = value
    return value
