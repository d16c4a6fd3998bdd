"""`spsnet view`: look at what a run found."""

import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from spsnet.records import UserError


def view(
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Folder of `spsnet run`: of one clip or of several.", show_default=False),
    ],
    save: Annotated[
        Path | None,
        typer.Option(help="Write one HTML file that holds everything, to send to somebody.", show_default=False),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page on this machine; 0 for a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
) -> None:
    """Show film and bodies side by side in the browser; nothing leaves this machine.

    Example: spsnet view out/walk
    """
    from spsnet.cli.progress import show_progress
    from spsnet.viewer import ViewerServer, find_clips, make_standalone_page, open_clip, prepare_film

    clips = find_clips(out)
    if save is not None:
        if len(clips) > 1:
            raise UserError(f"{out}: holds {len(clips)} clips ({', '.join(clips)}); give one of them to --save")
        name, folder = next(iter(clips.items()))
        clip = open_clip(folder)
        with show_progress(name) as watch:
            page = make_standalone_page(clip, prepare_film(clip.film, small=True, watch=watch))
        save.write_text(page, encoding="utf-8")
        typer.echo(f"{save}: {len(page) / 1e6:.1f} MB, opens in any browser")
        return
    with ViewerServer(clips, port=port) as server:
        first = server.find(server.first)
        assert first is not None
        typer.echo(f"{server.address} shows {', '.join(clips)}; Ctrl-C ends it")
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            if browser:
                webbrowser.open(server.address)
            with show_progress(first.name) as watch:
                server.find_film(first, watch=watch)
            serving.join()
        except KeyboardInterrupt:
            server.shutdown()
            typer.echo("ended")
