"""Third-party files: the catalogue of them, fetching, and the cache. Nothing here is part of spsnet's own licence."""

from spsnet.assets.cache import find_home, is_whole
from spsnet.assets.catalogue import (
    DEFAULT_DETECTOR,
    Asset,
    Package,
    default_models,
    detector_names,
    find_asset,
    list_assets,
)
from spsnet.assets.fetching import fetch, fetch_all, locate, take_from_file
from spsnet.assets.registries import Report

__all__ = [
    "DEFAULT_DETECTOR",
    "Asset",
    "Package",
    "Report",
    "default_models",
    "detector_names",
    "fetch",
    "fetch_all",
    "find_asset",
    "find_home",
    "is_whole",
    "list_assets",
    "locate",
    "take_from_file",
]
