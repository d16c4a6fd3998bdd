"""Download packages through the registries' own clients: pip, npm and apt-get.

The clients know the user's mirrors, proxies and certificates; this module knows no address at all.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spsnet.assets.catalogue import Package
from spsnet.records import UserError

Report = Callable[[Package, int], None]
"""Called now and then while a package comes in, with the bytes that are there so far."""

_POLL_S = 0.2
_SUFFIX = {"pypi": ".whl", "npm": ".tgz", "debian": ".deb"}

# What the clients say when something is wrong, in lower case. pip, without a network, ends with "no matching
# distribution" too: the network's signs are looked for first.
_FULL_SIGNS = ("no space left", "enospc", "disk quota")
_FORBIDDEN_SIGNS = ("permission denied", "eacces", "eperm", "read-only file system", "erofs")
_NETWORK_SIGNS = (
    "connection",
    "could not connect",
    "econn",
    "enotfound",
    "eai_again",
    "resolv",
    "timed out",
    "timeout",
    "etimedout",
    "unreachable",
    "not enough bytes",
    "sslerror",
    "certificate",
)
_GONE_SIGNS = (
    "no matching distribution",
    "e404",
    "etarget",
    "404 not found",
    "404  not found",
    "unable to locate",
    "no candidate",
)


class UnavailableError(UserError):
    """A package cannot be had on this machine: bringing it from another would help."""


class UnreachableError(UnavailableError):
    """A registry cannot be reached: the next one will not be either."""


@dataclass(frozen=True, kw_only=True)
class _Client:
    """How to call a registry's client for one package; all of them leave the archive in the folder they run in."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


def find_archive(package: Package, folder: Path) -> Path | None:
    """An archive of the package that an earlier download left in the folder."""
    return next(folder.glob(f"*{_SUFFIX[package.registry]}"), None)


def download_package(package: Package, folder: Path, report: Report | None = None) -> Path:
    """Download the package's archive into the folder, which is the package's own.

    Args:
        package: What to get.
        folder: Where to put it; the clients' temporary files go there too, so that one disk holds all of it.
        report: Told of the bytes that have come, a few times a second.

    Raises:
        UnreachableError: If the client cannot reach its registry.
        UnavailableError: If the client is missing, does not find the package, or fails in its own way.
        UserError: If there is no room, or the client may not write.
    """
    # The clients keep a copy for themselves while they work, and not all of them own up to a full disk.
    if shutil.disk_usage(folder).free < 2 * package.size:
        raise UserError(_explain_full_disk(package, folder))
    client = {"pypi": _call_pip, "npm": _call_npm, "debian": _call_apt_get}[package.registry](package, folder)
    for stale in folder.glob("temporary-*"):
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="temporary-", ignore_cleanup_errors=True) as scratch:
        environment = {**os.environ, "LC_ALL": "C", "TMPDIR": scratch, "TEMP": scratch, "TMP": scratch}
        environment |= client.environment
        with (folder / "log.txt").open("w+", encoding="utf-8", errors="replace") as log:
            process = subprocess.Popen(
                client.command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            try:
                while _is_running(process):
                    if report is not None:
                        report(package, _count_bytes(folder))
            finally:
                process.kill()
                process.wait()
            log.seek(0)
            said = log.read()
    archive = find_archive(package, folder)
    if process.returncode or archive is None:
        raise _explain_failure(package, client.name, said, folder)
    return archive


def _call_pip(package: Package, _folder: Path) -> _Client:
    # Any file of the package will do: the same wheel is asked for on every system and every Python.
    target = ["--only-binary=:all:", "--progress-bar=off", "--implementation", "cp", "--python-version", "3.11"]
    platforms = ["--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64"]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest=.", *target, *platforms]
    # As variables, because a pip too old to know one of these passes over it.
    settings = {"PIP_RESUME_RETRIES": "5", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    return _Client(name="pip", command=(*command, str(package)), environment=settings)


def _call_npm(package: Package, _folder: Path) -> _Client:
    settings = {
        "npm_config_cache": "npm-cache",
        "npm_config_update_notifier": "false",
        # Four tries within 8 seconds; npm's own habit is to wait for over a minute.
        "npm_config_fetch_retries": "3",
        "npm_config_fetch_retry_factor": "2",
        "npm_config_fetch_retry_mintimeout": "1000",
    }
    npm = _find_client("npm", package, "install Node.js, which brings npm")
    return _Client(name="npm", command=(npm, "pack", "--ignore-scripts", str(package)), environment=settings)


def _call_apt_get(package: Package, folder: Path) -> _Client:
    apt_get = _find_client("apt-get", package, "do this on Debian or Ubuntu")
    # Downloading needs no rights; without this apt warns about them where root runs it.
    options = ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"]
    if not _knows_package(package):
        # A fresh machine has no lists of packages. Lists of our own need no rights and change nothing of the system's.
        own = {"Dir::State::Lists": folder / "apt-lists", "Dir::Cache": folder / "apt-cache"}
        for name, place in own.items():
            (place / "partial").mkdir(parents=True, exist_ok=True)
            options += ["-o", f"{name}={place.resolve()}"]
        update = [apt_get, *options, "update"]
        subprocess.run(update, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return _Client(name="apt-get", command=(apt_get, *options, "download", str(package)), environment={})


def _knows_package(package: Package) -> bool:
    """Whether the system's lists hold this version."""
    apt_cache = shutil.which("apt-cache")
    if apt_cache is None:
        return False
    found = subprocess.run(
        [apt_cache, "show", str(package)], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return found.returncode == 0


def _find_client(client: str, package: Package, remedy: str) -> str:
    path = shutil.which(client)
    if path is None:
        raise UnavailableError(f"{package} comes through {client}, which is not on this machine: {remedy}")
    return path


def _explain_failure(package: Package, client: str, said: str, folder: Path) -> UserError:
    """Why a client failed, in one line, from what it said."""
    low = said.lower()
    if "no module named pip" in low:
        return UnavailableError(
            f"{package} comes through pip, which this Python lacks: run `{sys.executable} -m ensurepip`"
        )
    if any(sign in low for sign in _FULL_SIGNS):
        return UserError(_explain_full_disk(package, folder))
    if any(sign in low for sign in _FORBIDDEN_SIGNS):
        return UserError(f"{client} may not write in {folder}: mend its permissions, or set SPSNET_HOME elsewhere")
    if any(sign in low for sign in _NETWORK_SIGNS):
        return UnreachableError(
            f"{client} could not reach its registry for {package}: check the network and the proxy, then run this again"
        )
    if any(sign in low for sign in _GONE_SIGNS):
        remedy = "run `apt-get update`, then this again" if client == "apt-get" else f"check the mirror {client} uses"
        return UnavailableError(f"{client} finds no {package} in its registry: {remedy}")
    last_line = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
    return UnavailableError(f"{client} could not download {package}: {last_line} (the rest is in {folder / 'log.txt'})")


def _explain_full_disk(package: Package, folder: Path) -> str:
    megabytes = 2 * package.size // 10**6
    return (
        f"{package} needs {megabytes} MB while it comes in, and the disk of {folder} is full: "
        "free some space, or set SPSNET_HOME to a folder on another disk"
    )


def _is_running(process: subprocess.Popen[bytes]) -> bool:
    """Wait a moment for the process, and say whether it is still at work."""
    try:
        process.wait(timeout=_POLL_S)
    except subprocess.TimeoutExpired:
        return True
    return False


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
