import errno
import hashlib
from pathlib import Path

import platformdirs
import pytest

from spsnet.assets import find_asset, find_home, is_whole
from spsnet.assets.cache import WrongContentError, compute_sha256, explain_write_errors, find_path, lock, store
from spsnet.records import UserError


def test_the_home_follows_its_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("SPSNET_HOME", str(tmp_path))
    assert find_home() == tmp_path
    monkeypatch.setenv("SPSNET_HOME", "~/films")
    assert find_home() == Path.home() / "films"
    for unset in ("", None):
        monkeypatch.delenv("SPSNET_HOME") if unset is None else monkeypatch.setenv("SPSNET_HOME", unset)
        assert find_home() == Path(platformdirs.user_cache_dir("spsnet"))


def test_the_sha256_is_that_of_the_standard(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert compute_sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea414140de5dae2223")
    (tmp_path / "empty").touch()
    assert compute_sha256(tmp_path / "empty") == hashlib.sha256().hexdigest()


def test_what_is_stored_is_whole(shop):
    assert not is_whole(find_asset("hammer"))
    path = store(find_asset("hammer"), [shop.content_of("hammer")])
    assert is_whole(find_asset("hammer"))
    path.write_bytes(shop.content_of("hammer")[:-1])
    assert not is_whole(find_asset("hammer"))
    path.unlink()
    path.mkdir()
    assert not is_whole(find_asset("hammer"))


def test_wrong_content_leaves_what_was_there(shop):
    path = store(find_asset("hammer"), [shop.content_of("hammer")])
    with pytest.raises(
        WrongContentError, match=r"toolbox/hammer.bin is not the file .* toolbox==1.0 \(sha256 .* expected"
    ):
        store(find_asset("hammer"), [b"oth", b"er"])
    assert is_whole(find_asset("hammer"))
    assert list(path.parent.iterdir()) == [path]


def test_a_disk_that_fills_up_leaves_nothing(shop):
    def meet_the_end():
        yield b"x" * 10
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError, match=r"The disk is full at .*assets: free some space, or set SPSNET_HOME"):
        store(find_asset("hammer"), meet_the_end())
    assert list(find_path(find_asset("hammer")).parent.iterdir()) == []


def test_errors_of_other_kinds_pass(tmp_path):
    with pytest.raises(OSError, match="wire cut"), explain_write_errors(tmp_path):
        raise OSError(errno.EIO, "wire cut")


def test_a_read_only_cache_is_named(tmp_path):
    with pytest.raises(UserError, match="cannot be written"), explain_write_errors(tmp_path):
        raise OSError(errno.EROFS, "Read-only file system")


def test_a_lock_is_free_again_after_an_error(tmp_path):
    with pytest.raises(KeyError), lock(tmp_path / "a.lock"):
        raise KeyError
    with lock(tmp_path / "a.lock"):
        pass
