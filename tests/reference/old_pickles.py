"""Pickles as Python 2 with numpy 1 and chumpy wrote them, opcode by opcode (protocol 2)."""

import struct
from collections.abc import Mapping

import numpy as np

START, STOP = b"\x80\x02", b"."


def text(value: str) -> bytes:
    """A Python 2 `str`."""
    return b"T" + struct.pack("<I", len(value)) + value.encode("latin1")


def integer(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def mapping(items: Mapping[str, bytes]) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def array(value: np.ndarray) -> bytes:
    """`numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), 'b')`, then its state."""
    made = name("numpy.core.multiarray", "_reconstruct") + name("numpy", "ndarray") + b"K\x00\x85U\x01b\x87R"
    dtype = name("numpy", "dtype") + text(value.dtype.str[1:]) + b"K\x00K\x01\x87R"
    order = value.dtype.str[0]
    dtype += b"(K\x03" + text(order) + b"NNN" + integer(-1) + integer(-1) + b"K\x00tb"
    shape = b"(" + b"".join(integer(n) for n in value.shape) + b"t"
    fortran = value.flags.f_contiguous and not value.flags.c_contiguous
    content = value.tobytes("F" if fortran else "C").decode("latin1")
    return made + b"(K\x01" + shape + dtype + (b"\x88" if fortran else b"\x89") + text(content) + b"tb"


def instance(module: str, attribute: str, state: Mapping[str, bytes]) -> bytes:
    """An object of a new-style class: made empty, then given its attributes."""
    return name(module, attribute) + b")\x81" + mapping(state) + b"b"


def rebuilt_instance(module: str, attribute: str, state: Mapping[str, bytes]) -> bytes:
    """The same through `copy_reg._reconstructor`, as protocols 0 and 1 do."""
    made = name("copy_reg", "_reconstructor") + name(module, attribute) + name("__builtin__", "object") + b"N\x87R"
    return made + mapping(state) + b"b"


def chumpy(value: np.ndarray) -> bytes:
    dirty = name("__builtin__", "set") + b"](U\x01rU\x02dre\x85R"
    return instance("chumpy.ch", "Ch", {"x": array(value), "_dirty_vars": dirty, "_itr": b"N"})


def chumpy_selection(value: np.ndarray) -> bytes:
    """Elements of a larger chumpy array, as the 10 shapes of SMPL's first release are."""
    larger = np.concatenate([value, value + 1], -1)
    indices = np.arange(larger.size).reshape(larger.shape)[..., : value.shape[-1]].reshape(-1)
    shape = b"(" + b"".join(integer(n) for n in value.shape) + b"t"
    return instance(
        "chumpy.reordering", "Select", {"a": chumpy(larger), "idxs": array(indices), "preferred_shape": shape}
    )


def sparse_columns(dense: np.ndarray) -> bytes:
    """`scipy.sparse.csc.csc_matrix` of scipy before its modules were made private."""
    column, row = np.nonzero(dense.T)
    starts = np.concatenate([[0], np.cumsum(np.bincount(column, minlength=dense.shape[1]))]).astype(np.int32)
    state = {
        "_shape": integer(dense.shape[0]) + integer(dense.shape[1]) + b"\x86",
        "maxprint": integer(50),
        "indices": array(row.astype(np.int32)),
        "indptr": array(starts),
        "data": array(dense[row, column]),
        "format": text("csc"),
    }
    return instance("scipy.sparse.csc", "csc_matrix", state)


def smpl_file(arrays: Mapping[str, np.ndarray]) -> bytes:
    """SMPL's `.pkl` as it is handed out: chumpy arrays, a selection, a sparse regressor."""
    items = {
        "v_template": chumpy(arrays["v_template"]),
        "shapedirs": chumpy_selection(arrays["shapedirs"]),
        "J_regressor": sparse_columns(arrays["J_regressor"]),
        "weights": rebuilt_instance("chumpy.ch", "Ch", {"x": array(arrays["weights"])}),
        "kintree_table": array(arrays["kintree_table"]),
        "f": array(arrays["f"]),
        "bs_style": text("lbs"),
        "J": chumpy(arrays["J_regressor"] @ arrays["v_template"]),
    }
    if "posedirs" in arrays:
        items["posedirs"] = chumpy(np.asfortranarray(arrays["posedirs"]))
    return START + mapping(items) + STOP
