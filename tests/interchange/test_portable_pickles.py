import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from interchange.made_results import make_motion, rewrite
from spsnet.interchange.portable_pickles import dump_pickle, dump_tables
from spsnet.pickles import load_npz, load_pickle

VALUE = {
    3: {"pose": np.arange(6, dtype=np.float32).reshape(2, 3), "text": "ä", "none": None, "list": [np.arange(2), 1]},
    "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "empty": np.zeros((0, 3)),
    "names": np.array(["a", "bc"]),
}


class Recorder(pickle.Unpickler):
    """Notes every function and class that a pickle asks for."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.names: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.names.add(f"{module}.{name}")
        return super().find_class(module, name)


def list_names(content: bytes) -> set[str]:
    recorder = Recorder(content)
    recorder.load()
    return recorder.names


def assert_same(got: dict, expected: dict) -> None:
    assert got.keys() == expected.keys()
    for key, value in expected.items():
        if isinstance(value, dict):
            assert_same(got[key], value)
        elif isinstance(value, np.ndarray):
            assert got[key].dtype == value.dtype
            np.testing.assert_array_equal(got[key], value)
        else:
            assert repr(got[key]) == repr(value)


def test_pickle_joblib_and_we_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    dump_pickle(VALUE, path)
    for got in (pickle.loads(path.read_bytes()), joblib.load(path), load_pickle(path)):
        assert_same(got, VALUE)


def test_numpy_and_we_read_the_same_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    dump_tables({"results": VALUE, "more": {"a": 1}}, path)
    with np.load(path, allow_pickle=True) as got:
        assert got.files == ["results", "more"]
        assert_same(got["results"][()], VALUE)
    ours = load_npz(path)
    assert_same(ours["results"][()], VALUE)
    assert ours["more"].shape == ()


@pytest.mark.parametrize("name", ["vibe", "wham", "phalp"])
def test_pickles_name_what_every_numpy_has(tmp_path: Path, name: str) -> None:
    path = rewrite(make_motion(), tmp_path / "a.pkl", name)
    assert list_names(path.read_bytes()) == {"numpy.ndarray", "numpy.dtype"}


def test_archives_of_tables_name_what_every_numpy_has(tmp_path: Path) -> None:
    path = rewrite(make_motion(), tmp_path / "a.npz", "romp")
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            content = archive.read(member)
            assert list_names(content[content.index(b"\x80\x04") :]) == {"numpy.array", "numpy.ndarray", "numpy.dtype"}
