import collections
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import old_pickles
from reference.body_loops import make_body_arrays
from spsnet.pickles import load_npz, load_pickle
from spsnet.records import UserError


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


class Calls:
    """Pickles to a call of `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.function, self.arguments, self.state = function, arguments, state

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, self.arguments, self.state


VALUES = {
    "numbers": [1, 2.5, True, None, 10**30, -7],
    "text": ("a", "ü", b"raw"),
    "array": np.arange(12.0).reshape(3, 4),
    "fortran": np.asfortranarray(np.arange(12, dtype=np.int32).reshape(3, 4)),
    "empty": np.zeros((0, 5), np.float32),
    "flags": np.array([True, False]),
    "names": np.array(["pelvis", "knee"]),
    "big_endian": np.arange(4, dtype=">i2"),
    "scalar": np.float64(2.5),
    "integer": np.int32(-3),
    "nested": {"people": [np.arange(3), {"poses": [np.eye(2)]}]},
}


def assert_same(got: Any, expected: Any) -> None:
    assert type(got) is type(expected)
    if isinstance(expected, np.ndarray):
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)
    elif isinstance(expected, dict):
        assert got.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(got[key], value)
    elif isinstance(expected, list | tuple):
        assert len(got) == len(expected)
        for a, b in zip(got, expected, strict=True):
            assert_same(a, b)
    else:
        assert got == expected


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_and_containers_come_back(tmp_path: Path, protocol: int) -> None:
    assert_same(load_pickle(write(tmp_path / "a.pkl", pickle.dumps(VALUES, protocol))), VALUES)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_sparse_matrices_come_back_dense(tmp_path: Path, protocol: int) -> None:
    dense = np.where(np.random.default_rng(0).random((5, 7)) < 0.3, 1.5, 0.0)
    kinds = (scipy.sparse.csc_matrix, scipy.sparse.csr_matrix, scipy.sparse.coo_matrix, scipy.sparse.csc_array)
    content = pickle.dumps([kind(dense) for kind in kinds], protocol)
    for got in load_pickle(write(tmp_path / "a.pkl", content)):
        np.testing.assert_array_equal(got, dense)


def test_ordered_and_shared_objects(tmp_path: Path) -> None:
    shared = np.arange(3)
    value = collections.OrderedDict([("b", shared), ("a", [shared, shared])])
    got = load_pickle(write(tmp_path / "a.pkl", pickle.dumps(value)))
    assert list(got) == ["b", "a"]
    assert got["a"][0] is got["a"][1] is got["b"]


def test_archives_of_arrays_and_of_objects_come_back(tmp_path: Path) -> None:
    table = {"poses": np.arange(6.0).reshape(2, 3), "names": ["a", "b"]}
    path = tmp_path / "a.npz"
    np.savez(path, table=np.array(table, dtype=object), plain=VALUES["array"], texts=np.array(["a", 2], dtype=object))
    got = load_npz(path)
    assert_same(got["table"][()], table)
    assert_same(got["plain"], VALUES["array"])
    assert got["texts"].tolist() == ["a", 2]


def test_an_array_made_of_one_object_comes_back(tmp_path: Path) -> None:
    """`numpy.array(object, dtype=object)`, which every numpy has, and nothing else of that function."""
    value = {"a": np.arange(3)}
    got = load_pickle(write(tmp_path / "a.pkl", pickle.dumps(Calls(np.array, value, np.dtype(object)))))
    assert got.shape == ()
    assert_same(got[()], value)
    for arguments in (([1, 2],), ([1, 2], np.dtype(float)), (value, "O")):
        with pytest.raises(UserError, match="not a readable pickle"):
            load_pickle(write(tmp_path / "a.pkl", pickle.dumps(Calls(np.array, *arguments))))


def test_archives_that_want_to_run_something_are_refused(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    path = tmp_path / "evil.npz"
    np.savez(path, poses=np.zeros(3), gender=np.array(Calls(os.system, touch(mark)), dtype=object))
    with pytest.raises(UserError, match=r"evil\.npz: refused, nothing in it was run: it asks for \w+\.system; get the"):
        load_npz(path)
    assert not mark.exists()


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(100))
    whole = path.read_bytes()
    for content in (b"", b"hello", whole[:200], whole.replace(b"NUMPY", b"NUMPI")):
        with pytest.raises(UserError, match=r"a\.npz: not a whole \.npz of arrays .*; get the file again"):
            load_npz(write(path, content))
    with pytest.raises(UserError, match=r"gone\.npz: no such file; check the path"):
        load_npz(tmp_path / "gone.npz")


def test_archives_under_a_password_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(3))
    locked = bytearray(path.read_bytes())
    locked[locked.index(b"PK\x01\x02") + 8] |= 1  # in the archive's list of what is in it
    with pytest.raises(UserError, match=r"a\.npz: not a whole \.npz of arrays \(.*password.*\); get the file again"):
        load_npz(write(path, bytes(locked)))


def test_an_archive_that_would_fill_the_memory_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spsnet.pickles.files._MOST_BYTES", 10_000)
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(400), b=np.zeros(400))
    np.savez_compressed(tmp_path / "b.npz", a=np.zeros(400), b=np.zeros(1200))
    assert load_npz(tmp_path / "a.npz").keys() == {"a", "b"}
    with pytest.raises(UserError, match=r"b\.npz: not a whole \.npz of arrays \(arrays of more than 10000 bytes\)"):
        load_npz(tmp_path / "b.npz")


def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_pickle(write(tmp_path / "a.pkl", b"Pos.system\n."))
    assert len(str(caught.value).splitlines()) == 1


def test_python_2_pickle_of_smpl(tmp_path: Path) -> None:
    arrays = make_body_arrays(0)
    got = load_pickle(write(tmp_path / "smpl.pkl", old_pickles.smpl_file(arrays)))
    for key, value in arrays.items():
        np.testing.assert_array_equal(got[key], value, err_msg=key)
    assert got["bs_style"] == "lbs"


def touch(path: Path) -> str:
    return f"echo ran > {path}"


def make_attacks(mark: Path) -> dict[str, bytes]:
    """Ways to have something run; each would leave the file `mark`."""
    code = f"open({str(mark)!r}, 'w').close()"
    shell = old_pickles.text(touch(mark))
    evaluate = old_pickles.name("__builtin__", "eval") + old_pickles.text(code) + b"\x85R"
    system = old_pickles.name("os", "system") + shell + b"\x85R"
    hidden = {"x": old_pickles.array(np.eye(2)), "_itr": system}
    return {
        "os.system": pickle.dumps(Calls(os.system, touch(mark))),
        "posix.system, old protocol": f"cposix\nsystem\n(V{touch(mark)}\ntR.".encode(),
        "subprocess": pickle.dumps(Calls(subprocess.Popen, ["touch", str(mark)])),
        "eval": pickle.dumps(Calls(eval, code)),
        "exec": pickle.dumps(Calls(exec, code)),
        "__builtin__.eval": old_pickles.START + evaluate + b".",
        "getattr": pickle.dumps(Calls(getattr, np.ndarray, "tofile")),
        "import": pickle.dumps(Calls(__import__, "os")),
        "dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.",
        "dotted name into os": b"\x80\x04\x8c\x0bcollections\x8c\x13abc.sys.modules.get\x93.",
        "numpy.load": pickle.dumps(Calls(np.load, str(mark))),
        "numpy's own runner": b"cnumpy.testing._private.utils\nrunstring\n(V" + code.encode() + b"\n}tR.",
        "scipy beyond matrices": b"cscipy.sparse.csc\nnp\n.",
        "hidden in a state": old_pickles.START + old_pickles.instance("chumpy.ch", "Ch", hidden) + b".",
        "hidden in a list of arrays": pickle.dumps([np.eye(2), {"a": (Calls(os.system, touch(mark)),)}]),
        "as the class of an array": old_pickles.START
        + old_pickles.name("numpy.core.multiarray", "_reconstruct")
        + old_pickles.name("os", "system")
        + shell
        + b"\x86R.",
        "old-style class": b"(V" + touch(mark).encode() + b"\nios\nsystem\n.",
        "extension registry": b"\x80\x02\x82\x01.",
        "persistent id": b"Pos.system\n.",
    }


@pytest.mark.parametrize("attack", make_attacks(Path("mark")))
def test_pickles_that_want_to_run_something_are_refused(tmp_path: Path, attack: str) -> None:
    mark = tmp_path / "mark"
    path = write(tmp_path / "evil.pkl", make_attacks(mark)[attack])
    with pytest.raises(UserError, match=r"evil\.pkl: (refused, nothing in it was run|not a readable pickle)"):
        load_pickle(path)
    assert not mark.exists()


def test_refusal_names_what_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"asks for (posix|nt)\.system; get the file from its source"):
        load_pickle(write(tmp_path / "evil.pkl", pickle.dumps(Calls(os.system, "true"))))


def test_listed_classes_and_functions_cannot_be_changed(tmp_path: Path) -> None:
    value = pickle.dumps(VALUES)
    slots = b"N}(V__defaults__\nNu\x86b."  # a state that sets attributes
    for module, attribute in (
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("chumpy.ch", "Ch"),
        ("_codecs", "encode"),
    ):
        with pytest.raises(UserError, match="not a readable pickle"):
            load_pickle(write(tmp_path / "evil.pkl", old_pickles.START + old_pickles.name(module, attribute) + slots))
    assert_same(load_pickle(write(tmp_path / "good.pkl", value)), VALUES)


def test_arrays_of_buffers_take_no_state(tmp_path: Path) -> None:
    """numpy's own would hand it to C code."""
    array = pickle.dumps(np.arange(2.0), 5)
    assert_same(load_pickle(write(tmp_path / "good.pkl", array)), np.arange(2.0))
    for state in (b"(K\x01K\x02\x85N\x89C\x00tb", b"K\x00K\x01s"):  # a state; an element
        with pytest.raises(UserError, match=r"'Ndarray' object|not enough values|without a plain type"):
            load_pickle(write(tmp_path / "evil.pkl", array[:-1] + state + b"."))


def test_lying_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="only plain numbers, text and objects"):
        load_pickle(write(tmp_path / "a.pkl", pickle.dumps(np.zeros(2, [("a", "f4"), ("b", "O")]))))
    short = old_pickles.array(np.arange(4.0)).replace(b"J\x04\x00\x00\x00", b"J\x00\x00\x00\x70")
    with pytest.raises(UserError, match="not a readable pickle"):
        load_pickle(write(tmp_path / "a.pkl", old_pickles.START + short + b"."))


def test_sparse_matrices_with_wild_indices_or_sizes_are_refused(tmp_path: Path) -> None:
    matrix = scipy.sparse.coo_matrix(np.eye(3))
    matrix.coords[0][0] = 10**6
    with pytest.raises(UserError, match="not a readable pickle"):
        load_pickle(write(tmp_path / "a.pkl", pickle.dumps(matrix)))
    bomb = scipy.sparse.csc_matrix(np.eye(3))
    bomb.indptr = np.array([0, 1, 2, 10**15])
    with pytest.raises(UserError, match="a sparse matrix whose rows do not hold its elements"):
        load_pickle(write(tmp_path / "a.pkl", pickle.dumps(bomb)))
    huge = scipy.sparse.csc_matrix((10**6, 10**6))
    with pytest.raises(UserError, match=r"a sparse matrix of shape \(1000000, 1000000\)"):
        load_pickle(write(tmp_path / "a.pkl", pickle.dumps(huge)))


def test_an_object_that_contains_itself_is_refused(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(UserError, match="contains itself"):
        load_pickle(write(tmp_path / "a.pkl", pickle.dumps(loop)))


def test_deeply_shared_lists_take_no_time(tmp_path: Path) -> None:
    node: list[Any] = []
    for _ in range(60):
        node = [node, node]
    assert len(load_pickle(write(tmp_path / "a.pkl", pickle.dumps(node)))) == 2


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.pkl: cannot be read \(No such file"):
        load_pickle(tmp_path / "gone.pkl")
    for content in (b"", b"hello", b"PK\x03\x04", pickle.dumps(VALUES)[:200]):
        with pytest.raises(UserError, match="not a readable pickle"):
            load_pickle(write(tmp_path / "a.pkl", content))


@settings(max_examples=150)
@given(data=st.data())
def test_damaged_pickles_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    content = bytearray(old_pickles.smpl_file(make_body_arrays(0, vertices=24, with_pose=False)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = write(tmp_path_factory.mktemp("damaged") / "a.pkl", bytes(content))
    try:
        load_pickle(path)
    except UserError as error:
        assert "a.pkl" in str(error)  # noqa: PT017 - either outcome is right
