"""Read members of the archives that registries hand out: wheels, npm's tarballs, Debian packages."""

import contextlib
import gzip
import lzma
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from spsnet.records import UserError

_CHUNK_BYTES = 1 << 20
_AR_MAGIC = b"!<arch>\n"


class BrokenArchiveError(Exception):
    """The file is no archive that can be read to its end: cut off, damaged, or something else."""


class Archive:
    """A wheel, tarball or Debian package, open for reading."""

    def __init__(self, path: Path, container: zipfile.ZipFile | tarfile.TarFile) -> None:
        self.path = path
        self._container = container
        names = container.namelist() if isinstance(container, zipfile.ZipFile) else container.getnames()
        self._raw_names = {name.removeprefix("./"): name for name in names}

    @property
    def members(self) -> frozenset[str]:
        """Paths of everything inside, without a leading `./`."""
        return frozenset(self._raw_names)

    def read_member(self, member: str) -> Iterator[bytes]:
        """A member's content, piece by piece.

        Raises:
            KeyError: If there is no such file inside.
        """
        name = self._raw_names[member]
        if isinstance(self._container, zipfile.ZipFile):
            content: IO[bytes] | None = self._container.open(name)
        else:
            content = self._container.extractfile(name)
        if content is None:
            raise KeyError(member)
        with content:
            yield from iter(lambda: content.read(_CHUNK_BYTES), b"")


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open an archive, whatever its kind; damage met inside the `with` block is told as damage too.

    Raises:
        BrokenArchiveError: If the file is not an archive or is not whole.
        UserError: If it is a Debian package packed in a way this Python cannot unpack.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as wheel:
                yield Archive(path, wheel)
        elif _is_debian_package(path):
            with _open_debian_payload(path) as payload:
                yield Archive(path, payload)
        else:
            with tarfile.open(path) as tarball:
                yield Archive(path, tarball)
    except (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError) as error:
        raise BrokenArchiveError(f"{path} is not a whole archive: {error}") from error


def _is_debian_package(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_AR_MAGIC)) == _AR_MAGIC


@contextlib.contextmanager
def _open_debian_payload(path: Path) -> Iterator[tarfile.TarFile]:
    dpkg_deb = shutil.which("dpkg-deb")
    if dpkg_deb is None:
        raise UserError(f"{path} needs dpkg-deb to be unpacked: unpack it elsewhere and hand over the file inside")
    with tempfile.TemporaryFile() as payload:
        outcome = subprocess.run([dpkg_deb, "--fsys-tarfile", path], stdout=payload, stderr=subprocess.PIPE)
        if outcome.returncode:
            raise BrokenArchiveError(
                f"{path} is not a whole archive: {outcome.stderr.decode(errors='replace').strip()}"
            )
        payload.seek(0)
        with tarfile.open(fileobj=payload) as tarball:
            yield tarball
