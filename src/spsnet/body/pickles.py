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
_MOST_ELEMENTS = 10**9
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

    def __init__(self, name: Any) -> None:
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
    """An object known by its attributes."""

    __slots__ = ("kind", "state")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        self.state = dict(state)

    def evaluate(self, state: dict[str, Any]) -> Any:
        """The plain value, from the attributes with their own values already in place."""
        if self.kind.startswith("chumpy."):
            return _evaluate_chumpy(state)
        if self.kind.startswith("scipy.sparse"):
            return _densify(self.kind.rpartition(".")[2][:3], state)
        return state


def _make_kind(kind: str) -> _Function:
    return _Function(lambda *_: _Object(kind))


def _make_array(data: Any, dtype: Any, shape: Any, order: Any = "C") -> np.ndarray:
    if not isinstance(dtype, _Dtype):
        raise pickle.UnpicklingError("an array without a plain type")
    content = data.encode("latin1") if isinstance(data, str) else data
    return np.frombuffer(content, dtype.dtype).reshape(shape, order=order).copy()


def _rebuild(kind: Any, *_: Any) -> Any:
    """Python 2's way to make an empty object of a class (listed ones are functions of ours)."""
    return kind()


def _encode(text: str, *_: Any) -> bytes:
    return text.encode("latin1")


def _make_scalar(dtype: Any, data: Any) -> Any:
    return _make_array(data, dtype, ())[()]


_LISTED: dict[tuple[str, str], _Function] = {
    ("numpy", "ndarray"): _Function(lambda *_: _Ndarray()),
    ("numpy", "dtype"): _Function(lambda name, *_: _Dtype(name)),
    ("_codecs", "encode"): _Function(_encode),
    ("copy_reg", "_reconstructor"): _Function(_rebuild),
    ("copyreg", "_reconstructor"): _Function(_rebuild),
    ("__builtin__", "object"): _make_kind("object"),
    ("builtins", "object"): _make_kind("object"),
    ("__builtin__", "set"): _Function(lambda items=(): list(items)),
    ("builtins", "set"): _Function(lambda items=(): list(items)),
    ("collections", "OrderedDict"): _Function(lambda items=(): dict(items)),
}
for _core in ("numpy.core", "numpy._core"):
    _LISTED[_core + ".multiarray", "_reconstruct"] = _Function(_rebuild)
    _LISTED[_core + ".multiarray", "scalar"] = _Function(_make_scalar)
    _LISTED[_core + ".numeric", "_frombuffer"] = _Function(_make_array)
for _layout in ("csc", "csr", "coo"):
    for _module in (f"scipy.sparse.{_layout}", f"scipy.sparse._{_layout}"):
        for _class in (f"{_layout}_matrix", f"{_layout}_array"):
            _LISTED[_module, _class] = _make_kind(f"{_module}.{_class}")


class _ArrayUnpickler(pickle.Unpickler):
    """Looks names up in the list, never in a module."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "chumpy":
            return _make_kind(f"chumpy.{name}")
        found = _LISTED.get((module, name))
        if found is None:
            raise _ForbiddenNameError(f"{module}.{name}")
        return found


def _resolve(node: Any, seen: dict[int, Any]) -> Any:
    """Plain values in place of records, each shared node once."""
    if not isinstance(node, _Dtype | _Ndarray | _Object | _Function | dict | list | tuple):
        return node
    if id(node) in seen:
        value = seen[id(node)]
        if value is _OPEN:
            raise pickle.UnpicklingError("an object that contains itself")
        return value
    seen[id(node)] = _OPEN
    if isinstance(node, _Object):
        value = node.evaluate(_resolve(node.state, seen))
    elif isinstance(node, _Ndarray):
        value = node.array
    elif isinstance(node, dict):
        value = {_resolve(key, seen): _resolve(item, seen) for key, item in node.items()}
    elif isinstance(node, _Dtype | _Function):
        value = None
    else:
        value = type(node)([_resolve(item, seen) for item in node])
    seen[id(node)] = value
    return value


_OPEN = object()


def _evaluate_chumpy(state: dict[str, Any]) -> Any:
    """The array behind a chumpy object: its value `x`, or elements `idxs` of `a` in a `preferred_shape`.

    Anything else (optimisers, caches) is kept as its attributes.
    """
    if "x" in state:
        return np.asarray(state["x"])
    if "a" in state and "idxs" in state:
        chosen = np.asarray(state["a"]).reshape(-1)[np.asarray(state["idxs"])]
        return chosen.reshape(tuple(state["preferred_shape"])) if "preferred_shape" in state else chosen
    return state


def _densify(layout: str, state: dict[str, Any]) -> np.ndarray:
    """A sparse matrix of scipy as a dense array."""
    shape = tuple(int(n) for n in state["_shape" if "_shape" in state else "shape"])
    if len(shape) != 2 or shape[0] * shape[1] > _MOST_ELEMENTS or min(shape) < 0:
        raise pickle.UnpicklingError(f"a sparse matrix of shape {shape}")
    data = state["data"]
    if layout == "coo":
        row, column = state["coords"] if "coords" in state else (state["row"], state["col"])
    else:
        outer = np.repeat(np.arange(len(state["indptr"]) - 1), np.diff(state["indptr"]))
        row, column = (state["indices"], outer) if layout == "csc" else (outer, state["indices"])
    dense = np.zeros(shape, data.dtype)
    np.add.at(dense, (row, column), data)
    return dense
