"""`spsnet models`: see, fetch and check the third-party files that spsnet uses."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from spsnet.assets import (
    Asset,
    Package,
    Report,
    default_models,
    fetch_all,
    find_asset,
    find_home,
    is_whole,
    list_assets,
    locate,
    take_from_file,
)
from spsnet.records import UserError

app = typer.Typer(
    help="The networks and films that spsnet uses: see, fetch and check them.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("list")
def print_list() -> None:
    """Show every file of the catalogue and whether it is here.

    Example: spsnet models list
    """
    console = Console()
    if not console.is_terminal:
        console.width = 200
    roomy = console.width >= 160
    headings = ["name", "role", "licence", "MB", "state", *(["what it is", "package"] if roomy else [])]
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=True, justify="right" if heading == "MB" else "left")
    defaults = default_models()
    for asset in list_assets():
        name = f"{asset.name} *" if asset.name in defaults else asset.name
        row = [name, asset.role, asset.licence, f"{asset.size / 1e6:.1f}", _describe_state(asset)]
        table.add_row(*row, *([asset.about, str(asset.package)] if roomy else []))
    console.print(table)
    typer.echo(f"\n* what `spsnet run` needs by default: `spsnet models pull` fetches it\ncache: {find_home()}")


@app.command()
def pull(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names of `spsnet models list`.", show_default=False)
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every file of the catalogue.")] = False,
    footage: Annotated[bool, typer.Option("--footage", help="The films for demos and tests.")] = False,
    from_file: Annotated[
        list[Path] | None,
        typer.Option(
            help="Take what this file holds instead of fetching: a .whl, .tgz or .deb, or the file itself.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Fetch files into the cache; without names, those that `spsnet run` needs.

    Example: spsnet models pull --footage
    """
    wanted = [find_asset(name).name for name in names or ()]
    if everything:
        wanted += [asset.name for asset in list_assets()]
    if footage:
        wanted += [asset.name for asset in list_assets("footage")]
    for path in from_file or ():
        for asset in take_from_file(path):
            typer.echo(f"{asset.name}  {locate(asset.name)}")
    if not wanted and not from_file:
        wanted += default_models()
    wanted = list(dict.fromkeys(wanted))
    with show_transfers() as report:
        paths = fetch_all(wanted, report=report)
    for name, path in zip(wanted, paths, strict=True):
        typer.echo(f"{name}  {path}")


@app.command()
def verify() -> None:
    """Read every file in the cache again and compare its sha256 with the catalogue's.

    Example: spsnet models verify
    """
    states = {asset.name: _describe_state(asset) for asset in list_assets()}
    for name, state in states.items():
        typer.echo(f"{state:6}  {name}")
    broken = [name for name, state in states.items() if state == "broken"]
    if broken:
        raise UserError(f"{len(broken)} broken in {find_home()}: run `spsnet models pull {' '.join(broken)}`")


@contextlib.contextmanager
def show_transfers() -> Iterator[Report]:
    """A progress bar on stderr for each package that comes in; silent when stderr is not a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    tasks: dict[Package, TaskID] = {}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:

        def report(package: Package, done: int) -> None:
            if package not in tasks:
                tasks[package] = progress.add_task(str(package), total=package.size)
            progress.update(tasks[package], completed=min(done, package.size))

        yield report


def _describe_state(asset: Asset) -> str:
    if is_whole(asset):
        return "whole"
    return "broken" if locate(asset.name).exists() else "absent"
