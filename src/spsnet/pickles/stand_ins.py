"""What stands behind the names a pickle may use: harmless records in place of classes of numpy, scipy, chumpy, joblib.

None of them calls anything but the functions of this file, and none keeps an attribute that is not listed in its slots.
"""

import math
import pickle
import re
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import numpy as np

_PLAIN_TYPE = re.compile(r"^[<>|=]?(b1|[iu][1248]|f[248]|c8|c16|[SU]\d{1,6}|bool|u?int(8|16|32|64)|float(16|32|64))$")
_OBJECTS = re.compile(r"^\|?(O[48]?|object)$")
_MOST_ELEMENTS = 10**8


class Function:
    """A listed function, closed to the attribute writes a pickle can ask for."""

    __slots__ = ("_function",)
    _function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        object.__setattr__(self, "_function", function)

    def __call__(self, *arguments: Any) -> Any:
        """Call the listed function."""
        return self._function(*arguments)

    def __setattr__(self, name: str, value: Any) -> None:
        raise pickle.UnpicklingError("a function's attributes cannot be set")

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a function has no state")


class Dtype:
    """A plain numeric or text type, or that of objects; its state can change the byte order only."""

    __slots__ = ("dtype",)

    def __init__(self, name: Any, *_: Any) -> None:
        if not isinstance(name, str) or not (_PLAIN_TYPE.match(name) or _OBJECTS.match(name)):
            raise pickle.UnpicklingError(f"an array of type {name!r}, only plain numbers, text and objects are read")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        if state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class Ndarray:
    """A numpy array; its state is (version, shape, type, Fortran order, bytes or a list of objects)."""

    __slots__ = ("array", "items", "order", "shape")
    array: np.ndarray | None
    """None where the array holds objects: those are `items`, to be resolved first."""
    items: list[Any]
    order: Any
    shape: Any

    def __init__(self, shape: Any = (0,), dtype: Any = None, buffer: Any = b"") -> None:
        if dtype is not None:
            self._fill(shape, dtype, "C", buffer)

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state
        self._fill(shape, dtype, "F" if fortran else "C", data)

    def _fill(self, shape: Any, dtype: Any, order: Any, data: Any) -> None:
        self.items, self.order, self.shape, self.array = [], order, shape, None
        if not (isinstance(dtype, Dtype) and dtype.dtype.hasobject):
            self.array = make_array(data, dtype, shape, order)
        elif isinstance(data, list) and len(data) == math.prod(shape):
            self.items = data
        else:
            raise pickle.UnpicklingError(f"an array of objects of shape {shape} without its objects")

    def evaluate(self, items: list[Any]) -> np.ndarray:
        """The array, from its objects with their own values already in place."""
        if self.array is not None:
            return self.array
        array = np.empty(len(items), dtype=object)
        for place, item in enumerate(items):
            array[place] = item
        return array.reshape(self.shape, order=self.order)


class Stream(Protocol):
    """The file that a pickle is read from, byte by byte as asked for."""

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes, or as many as there are."""
        ...


class EmbeddedArray:
    """An array of joblib: this object says shape and type, its bytes follow it in the file.

    A subclass for each file knows the file (`stream`) and how to read a pickle within the pickle (`load_nested`), which
    is where joblib puts arrays of objects.
    """

    __slots__ = ("record",)
    stream: ClassVar[Stream]
    load_nested: ClassVar[Callable[[], Any]]
    record: Ndarray

    def __new__(cls, *_: Any) -> "EmbeddedArray":
        """An empty one, whatever the pickle gives."""
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        if state["subclass"] is not Ndarray:
            raise pickle.UnpicklingError("an embedded array that is no plain array of numpy")
        dtype, shape, order = state["dtype"], state["shape"], state["order"]
        if not isinstance(dtype, Dtype) or order not in ("C", "F"):
            raise pickle.UnpicklingError("an embedded array without a plain type")
        if dtype.dtype.hasobject:
            record = type(self).load_nested()
            if not isinstance(record, Ndarray):
                raise pickle.UnpicklingError("an embedded array of objects that is no array")
            self.record = record
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            self.stream.read(self.stream.read(1)[0])
        size = math.prod(shape) * dtype.dtype.itemsize
        content = self.stream.read(size) if size > 0 else b""
        if len(content) != size:
            raise EOFError(f"an embedded array of {size} bytes, {len(content)} are left")
        self.record = Ndarray()
        self.record.__setstate__((1, shape, dtype, order == "F", content))


class Object:
    """An object known by its attributes; the classes of scipy and chumpy are empty copies of this one."""

    __slots__ = ("state",)

    def __new__(cls, *_: Any) -> "Object":
        """One without attributes, whatever the pickle gives."""
        made = super().__new__(cls)
        made.state = {}
        return made

    def __setstate__(self, state: Any) -> None:
        self.state = dict(state)

    def evaluate(self, state: dict[str, Any]) -> Any:
        """The plain value, from the attributes with their own values already in place."""
        return state


class Chumpy(Object):
    """A chumpy array: its value `x`, or elements `idxs` of `a` in a `preferred_shape`; else its attributes."""

    __slots__ = ()

    def evaluate(self, state: dict[str, Any]) -> Any:
        """As a dense array."""
        if "x" in state:
            return np.asarray(state["x"])
        if "a" in state and "idxs" in state:
            chosen = np.asarray(state["a"]).reshape(-1)[np.asarray(state["idxs"])]
            return chosen.reshape(tuple(state["preferred_shape"])) if "preferred_shape" in state else chosen
        return state


class CompressedColumns(Object):
    """A sparse matrix of scipy, column after column."""

    __slots__ = ()

    def evaluate(self, state: dict[str, Any]) -> Any:
        """As a dense array."""
        return _densify(state, state["indices"], _expand(state))


class CompressedRows(Object):
    """A sparse matrix of scipy, row after row."""

    __slots__ = ()

    def evaluate(self, state: dict[str, Any]) -> Any:
        """As a dense array."""
        return _densify(state, _expand(state), state["indices"])


class Coordinates(Object):
    """A sparse matrix of scipy, each element with its row and column."""

    __slots__ = ()

    def evaluate(self, state: dict[str, Any]) -> Any:
        """As a dense array."""
        return _densify(state, *(state["coords"] if "coords" in state else (state["row"], state["col"])))


def make_array(data: Any, dtype: Any, shape: Any, order: Any = "C", axis_order: Any = None) -> np.ndarray:
    """An array of plain numbers or text from its bytes; Python 2 wrote them as text.

    numpy 2 writes an array whose axes were permuted in the order of its memory: `K`, with the axes' places.
    """
    if not isinstance(dtype, Dtype) or dtype.dtype.hasobject:
        raise pickle.UnpicklingError("an array without a plain type")
    content = data.encode("latin1") if isinstance(data, str) else data
    flat = np.frombuffer(content, dtype.dtype)
    if order == "K":
        return flat.reshape(shape).transpose(axis_order).copy()
    return flat.reshape(shape, order=order).copy()


def wrap_array(*arguments: Any) -> Ndarray:
    """The same as a record: an array of numpy's own would take a state from the pickle."""
    record = Ndarray()
    record.items, record.array = [], make_array(*arguments)
    return record


def make_scalar(dtype: Any, data: Any) -> Any:
    """One number of numpy."""
    return make_array(data, dtype, ())[()]


def wrap_object(value: Any, dtype: Any) -> Ndarray:
    """An array that holds one object, which has no shape: how we write a table into an `.npz`."""
    if not isinstance(dtype, Dtype) or not dtype.dtype.hasobject:
        raise pickle.UnpicklingError("an array of an object without the type of objects")
    record = Ndarray()
    record.__setstate__((1, (), dtype, False, [value]))
    return record


def rebuild(kind: Any, *_: Any) -> Any:
    """An empty object of a listed class, to be filled by its state."""
    if not isinstance(kind, type) or not (kind is Ndarray or issubclass(kind, Object | EmbeddedArray)):
        raise pickle.UnpicklingError("an object of an unknown class")
    return kind()


def _expand(state: dict[str, Any]) -> np.ndarray:
    """Row (or column) of each element from the places where rows start."""
    starts = state["indptr"]
    if np.any(np.diff(starts) < 0) or starts[-1] - starts[0] != len(state["data"]):
        raise pickle.UnpicklingError("a sparse matrix whose rows do not hold its elements")
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts))


def _densify(state: dict[str, Any], rows: Any, columns: Any) -> np.ndarray:
    shape = tuple(int(n) for n in state["_shape" if "_shape" in state else "shape"])
    if len(shape) != 2 or min(shape) < 0 or shape[0] * shape[1] > _MOST_ELEMENTS:
        raise pickle.UnpicklingError(f"a sparse matrix of shape {shape}")
    dense = np.zeros(shape, state["data"].dtype)
    np.add.at(dense, (rows, columns), state["data"])
    return dense
