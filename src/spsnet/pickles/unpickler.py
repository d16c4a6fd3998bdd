"""A pickle's names, looked up in a short list; its records, turned into plain values.

A pickle names functions and classes and has them called. Here every name is looked up in a list, and behind each name
stands a harmless record of ours (`stand_ins.py`): the pickle itself makes single numbers of numpy, but no array, and no
object of scipy, chumpy or joblib. A pickle that names anything else is refused before it is called.
"""

import pickle
from io import BytesIO
from typing import Any

from spsnet.pickles.stand_ins import (
    Chumpy,
    CompressedColumns,
    CompressedRows,
    Coordinates,
    Dtype,
    EmbeddedArray,
    Function,
    Ndarray,
    Object,
    make_scalar,
    rebuild,
    wrap_array,
    wrap_object,
)


class ForbiddenNameError(Exception):
    """The pickle names something outside the list."""


def unpickle(stream: BytesIO) -> Any:
    """Read the pickle that starts where the stream stands; text of Python 2 is taken as Latin-1.

    Raises:
        ForbiddenNameError: If it names a function or class outside the list.
        Exception: Any that a damaged pickle can cause; see `files.MALFORMED`.
    """
    return _resolve(_ArrayUnpickler(stream).load(), {})


def _list_names() -> dict[tuple[str, str], Any]:
    """Every name a pickle may use, with the record of ours that stands for it."""
    listed: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): Ndarray,
        ("numpy", "array"): Function(wrap_object),
        ("numpy", "dtype"): Dtype,
        ("_codecs", "encode"): Function(lambda text, *_: text.encode("latin1")),
        ("collections", "OrderedDict"): Function(lambda items=(): dict(items)),
        ("collections", "defaultdict"): Function(lambda *_: {}),
    }
    for builtins, copy in (("__builtin__", "copy_reg"), ("builtins", "copyreg")):
        listed[builtins, "object"] = Object
        listed[builtins, "set"] = Function(list)
        listed[builtins, "bytes"] = Function(lambda: b"")
        listed[builtins, "dict"] = Function(dict)
        listed[builtins, "list"] = Function(list)
        listed[copy, "_reconstructor"] = Function(rebuild)
    for core in ("numpy.core", "numpy._core"):
        listed[f"{core}.multiarray", "_reconstruct"] = Function(rebuild)
        listed[f"{core}.multiarray", "scalar"] = Function(make_scalar)
        listed[f"{core}.numeric", "_frombuffer"] = Function(wrap_array)
    for layout, record in (("csc", CompressedColumns), ("csr", CompressedRows), ("coo", Coordinates)):
        for module in (f"scipy.sparse.{layout}", f"scipy.sparse._{layout}"):
            listed[module, f"{layout}_matrix"] = listed[module, f"{layout}_array"] = record
    return listed


_LISTED = _list_names()
_JOBLIB = (("joblib.numpy_pickle", "NumpyArrayWrapper"), ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"))
_OPEN = object()


class _ArrayUnpickler(pickle.Unpickler):
    """Looks names up in the list, never in a module.

    The bytes of joblib's arrays lie between the pickle's own. They are found where the stream stands when such an array
    gets its state: a stream without `peek` is read by the unpickler exactly as far as it has come.
    """

    def __init__(self, stream: BytesIO) -> None:
        super().__init__(stream, encoding="latin1")
        nested = staticmethod(lambda: _ArrayUnpickler(stream).load())
        self._embedded = type("Embedded", (EmbeddedArray,), {"__slots__": (), "stream": stream, "load_nested": nested})

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "chumpy":
            return Chumpy
        if (module, name) in _JOBLIB:
            return self._embedded
        if (module, name) not in _LISTED:
            raise ForbiddenNameError(f"{module}.{name}")
        return _LISTED[module, name]


def _resolve(node: Any, seen: dict[int, Any]) -> Any:
    """Plain values in place of records, each shared node once."""
    if not isinstance(node, Dtype | Ndarray | EmbeddedArray | Object | Function | dict | list | tuple):
        return node
    if id(node) in seen:
        if seen[id(node)] is _OPEN:
            raise pickle.UnpicklingError("an object that contains itself")
        return seen[id(node)]
    seen[id(node)] = _OPEN
    value: Any = None
    if isinstance(node, Object):
        value = node.evaluate(_resolve(node.state, seen))
    elif isinstance(node, Ndarray):
        value = node.evaluate(_resolve(node.items, seen))
    elif isinstance(node, EmbeddedArray):
        value = _resolve(node.record, seen)
    elif isinstance(node, dict):
        value = {key: _resolve(item, seen) for key, item in node.items()}
    elif isinstance(node, list | tuple):
        value = type(node)([_resolve(item, seen) for item in node])
    seen[id(node)] = value
    return value
