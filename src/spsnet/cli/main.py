"""The program `spsnet`: its commands, and what it says and returns when something goes wrong."""

import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

import spsnet
from spsnet.cli import models
from spsnet.cli.ablate import ablate
from spsnet.cli.convert import convert
from spsnet.cli.doctor import doctor
from spsnet.cli.evaluating import evaluate
from spsnet.cli.prepare import prepare
from spsnet.cli.run import run
from spsnet.cli.serve import serve
from spsnet.cli.synthesize import synthesize
from spsnet.cli.train import train
from spsnet.cli.view import view
from spsnet.records import UserError

_log = logging.getLogger("spsnet")

app = typer.Typer(
    name="spsnet",
    help="People in 3D out of ordinary video.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run)
app.add_typer(models.app, name="models")
app.command()(synthesize)
app.command()(prepare)
app.command()(train)
app.command()(ablate)
app.command()(evaluate)
app.command()(convert)
app.command()(view)
app.command()(serve)
app.command()(doctor)


def _print_version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"spsnet {spsnet.__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def _set_up(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what happens, with tracebacks.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    logging.basicConfig(format="%(name)s: %(message)s", force=True)
    _log.setLevel(logging.DEBUG if verbose else logging.WARNING)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 could not do it, 2 wrong arguments.

    Args:
        arguments: Words after the program's name; None takes those of this process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(args=_hoist_verbose(words), prog_name="spsnet")
    except SystemExit as end:
        if end.code == 130:
            return _tell("stopped by Ctrl-C")
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return _tell("stopped by Ctrl-C")
    except (UserError, OSError) as error:
        return _tell(str(error))
    except MemoryError:
        return _tell("there is not enough memory for this: close other programs, or take a smaller film")
    except Exception as error:
        hint = "" if _log.isEnabledFor(logging.DEBUG) else "; run it with --verbose for the traceback"
        first_line = str(error).partition("\n")[0]
        return _tell(f"this is a fault in spsnet, please report it: {type(error).__name__}: {first_line}{hint}")
    return 0


def _hoist_verbose(words: list[str]) -> list[str]:
    """Let `--verbose` stand anywhere before a `--`: the commands need not each declare it."""
    end = words.index("--") if "--" in words else len(words)
    if "--verbose" not in words[:end]:
        return words
    return ["--verbose", *(word for word in words[:end] if word != "--verbose"), *words[end:]]


def _tell(message: str) -> int:
    """Say on stderr why the command was not done, and give the exit code for that."""
    _log.debug("traceback", exc_info=True)
    for line in message.splitlines():
        typer.echo(f"spsnet: {line}", err=True)
    return 1


if __name__ == "__main__":  # what torchrun starts
    sys.exit(main())
