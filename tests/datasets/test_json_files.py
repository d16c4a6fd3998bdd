import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spsnet.datasets.json_files import load_json, take, take_numbers
from spsnet.records import UserError

PLACE = Path("folder/film.json")


def test_what_was_written_is_read(tmp_path: Path) -> None:
    content = {"images": [{"id": 1, "name": "ä"}], "none": None}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert load_json(path, "do it again") == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"a\.json: no such file; do it again"),
        (b"", r"a\.json is not a whole JSON file \(Expecting value.*\); do it again"),
        (b'{"images": [1, 2', r"a\.json is not a whole JSON file \(.*\); do it again"),
        (b'{"a": "\xff"}', r"a\.json is not a whole JSON file \(.*\); do it again"),
        (b"[" * 100_000, r"a\.json is not a whole JSON file \(.*\); do it again"),
        (b"[1, 2]", r"a\.json should hold a JSON object, it holds a list; do it again"),
    ],
    ids=["missing", "empty", "cut off", "no text", "too deep", "no object"],
)
def test_damaged_files_are_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        load_json(path, "do it again")


@given(cut=st.integers(1, 200))
@settings(max_examples=40)
def test_a_file_cut_off_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    whole = json.dumps({"images": [{"id": i, "name": f"{i:06d}.jpg"} for i in range(20)]}).encode()
    path = tmp_path_factory.mktemp("cut") / "a.json"
    path.write_bytes(whole[:-cut])
    with pytest.raises(UserError, match=r"a\.json is not a whole JSON file"):
        load_json(path, "do it again")


def test_a_value_of_its_type_is_taken() -> None:
    owner = {"id": 3, "flag": True, "rows": [1]}
    assert take(owner, "id", int, PLACE, "images[0]", "r") == 3
    assert take(owner, "flag", (bool, int), PLACE, "images[0]", "r") is True
    assert take(owner, "rows", list, PLACE, "", "r") == [1]


@pytest.mark.parametrize(
    ("key", "kind", "message"),
    [
        ("name", str, r"film\.json has no 'images\[0\]\.name'; r"),
        ("id", str, r"film\.json: 'images\[0\]\.id' should be of type str, it is int; r"),
        ("flag", int, r"film\.json: 'images\[0\]\.flag' should be of type int, it is bool; r"),
        ("id", (list, dict), r"'images\[0\]\.id' should be of type list or dict, it is int; r"),
    ],
)
def test_missing_and_mistyped_values_are_refused(key: str, kind: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        take({"id": 3, "flag": True}, key, kind, PLACE, "images[0]", "r")
    with pytest.raises(UserError, match=r"film\.json has no 'images'; r"):
        take({}, "images", list, PLACE, "", "r")


def test_lists_become_an_array() -> None:
    array = take_numbers([[1, 2.5], [3, 4]], (2, 2), PLACE, "box", "r")
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, [[1, 2.5], [3, 4]])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1, 2], [3]], r"film\.json: 'box' should be of shape \(2, 2\), its rows differ; r"),
        ([1, 2], r"film\.json: 'box' should be of shape \(2, 2\), it is \(2,\); r"),
        ([[1, 2], [3, float("nan")]], r"film\.json: 'box' should be finite numbers; r"),
        ([[1, 2], [3, None]], r"film\.json: 'box' should be finite numbers; r"),
        ([["1", "2"], ["3", "4"]], r"film\.json: 'box' should be finite numbers; r"),
    ],
    ids=["ragged", "flat", "nan", "none", "text"],
)
def test_lists_of_another_kind_are_refused(value: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        take_numbers(value, (2, 2), PLACE, "box", "r")
