"""Clips on the disk: what was written is read, and what is broken is named."""

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference.made_clips import make_prepared
from spsnet.datasets.prepared import (
    PreparedClips,
    PreparedIndex,
    claim_clips,
    has_film,
    holds_clips,
    name_film,
    read_index,
    save_film,
)
from spsnet.records import UserError

INDEX = PreparedIndex(dataset="made", split="test", encoder="blazepose-heavy", options={}, sequences=("run", "walk"))


def assert_equal(found: Any, expected: Any) -> None:
    if is_dataclass(expected):
        assert type(found) is type(expected)
        for field in fields(expected):
            assert_equal(getattr(found, field.name), getattr(expected, field.name))
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, tuple) and expected and is_dataclass(expected[0]):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other)
    else:
        assert found == expected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    claim_clips(tmp_path, INDEX)
    save_film(tmp_path, 0, [])
    save_film(tmp_path, 1, make_prepared())
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    clips = PreparedClips(folder)
    assert clips.index == INDEX
    assert len(clips) == 2
    assert clips.load_film(0) == []
    for found, expected in zip(clips, make_prepared(), strict=True):
        assert_equal(found, expected)


def test_a_folder_is_claimed_once(folder: Path) -> None:
    claim_clips(folder, INDEX)
    other = PreparedIndex(dataset="made", split="train", encoder=None, options={}, sequences=())
    with pytest.raises(UserError, match="holds something else; delete it, or take another folder"):
        claim_clips(folder, other)
    assert read_index(folder) == INDEX


def test_a_folder_of_windows_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(json.dumps({"recipe": {}, "body": "open"}), encoding="utf-8")
    assert not holds_clips(tmp_path)
    with pytest.raises(UserError, match="holds something else"):
        claim_clips(tmp_path, INDEX)
    with pytest.raises(UserError, match="holds no clips; `spsnet prepare` makes them"):
        PreparedClips(tmp_path)


def test_films_that_are_missing_are_counted_and_named(folder: Path) -> None:
    assert holds_clips(folder)
    assert has_film(folder, 1)
    name_film(folder, 1).unlink()
    with pytest.raises(UserError, match="lacks 1 of 2 films, first walk; run `spsnet prepare` again"):
        PreparedClips(folder)


def break_header(path: Path) -> None:
    path.write_bytes(b"nothing")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize("damage", [break_header, cut_short])
def test_a_damaged_film_is_named(folder: Path, damage: Any) -> None:
    damage(name_film(folder, 1))
    with pytest.raises(UserError, match=r"00001\.safetensors is damaged .*; delete it and run `spsnet prepare` again"):
        PreparedClips(folder).load_film(1)


def test_nothing_half_written_is_left(folder: Path) -> None:
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        "00000.safetensors",
        "00001.safetensors",
        "index.json",
    ]
