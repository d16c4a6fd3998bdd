"""`spsnet serve`: films dropped into a page, on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from spsnet.records import UserError


def serve(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder that keeps films and results.")] = Path("out/serve"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the page on 127.0.0.1.")] = 8350,
    largest_mb: Annotated[int, typer.Option(min=1, help="Of a film.")] = 2000,
    longest_min: Annotated[float, typer.Option(help="Of a film.")] = 10.0,
    waiting: Annotated[int, typer.Option(min=1, help="Films that may wait for their turn.")] = 10,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
) -> None:
    """Serve a page on 127.0.0.1 that takes films, one at a time, and shows what was found.

    Example: spsnet serve -o ~/films
    """
    try:
        import uvicorn

        from spsnet.server.app import make_app
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is missing; install it with: pip install 'spsnet[serve]'") from error
    import socket
    import webbrowser

    from spsnet.server.limits import Limits

    if not longest_min > 0:
        raise typer.BadParameter("should be positive", param_hint="--longest-min")
    limits = Limits(film_bytes=largest_mb * 1_000_000, film_s=60 * longest_min, waiting=waiting)
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(f"--port {port}: cannot be used ({error.strerror or error}); choose another") from error
        server = uvicorn.Server(uvicorn.Config(make_app(out, limits), log_level="warning", timeout_graceful_shutdown=3))
        address = f"http://127.0.0.1:{port}/"
        typer.echo(f"{address} takes films and keeps them in {out}; Ctrl-C ends it")
        if browser:
            webbrowser.open(address)
        server.run(sockets=[door])
