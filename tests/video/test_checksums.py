import hashlib
from pathlib import Path

import pytest

from spsnet.records import UserError
from spsnet.video import compute_sha256


def test_known_value(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert compute_sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_more_than_one_piece(tmp_path: Path) -> None:
    data = bytes(range(256)) * 10_000
    (tmp_path / "a").write_bytes(data)
    assert compute_sha256(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_folder_is_its_pictures_in_film_order(tmp_path: Path) -> None:
    (tmp_path / "10.png").write_bytes(b"c")
    (tmp_path / "9.png").write_bytes(b"ab")
    (tmp_path / "notes.txt").write_bytes(b"words")
    assert compute_sha256(tmp_path) == hashlib.sha256(b"abc").hexdigest()


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone: cannot be read \(No such file"):
        compute_sha256(tmp_path / "gone")
