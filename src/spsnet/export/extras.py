"""Libraries that not everybody has: those of single formats."""

import importlib
from importlib.util import find_spec
from typing import Any

from spsnet.records import UserError


def require_extra(module: str, extra: str) -> None:
    """Say how to install a library where it is missing.

    Raises:
        UserError: If there is no such module.
    """
    if find_spec(module) is None:
        raise UserError(f"writing {extra} needs a library that is not installed: pip install 'spsnet[{extra}]'")


def import_extra(module: str, extra: str) -> Any:
    """The module of an extra.

    Raises:
        UserError: If it is not installed.
    """
    require_extra(module, extra)
    return importlib.import_module(module)
