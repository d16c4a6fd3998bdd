"""A progress bar for a person, silence for a pipe."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spsnet.pipeline.settings import Watch, watch_nothing


@contextmanager
def show_progress(title: str) -> Iterator[Watch]:
    """Give a watch that draws one bar a stage on stderr; when stderr is no terminal, one that draws nothing."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield watch_nothing
        return
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:

        def watch(items: Iterable[Any], doing: str, total: int | None) -> Iterable[Any]:
            task = progress.add_task(f"{title}: {doing}", total=total)
            for item in items:
                yield item
                progress.advance(task)
            progress.update(task, total=progress.tasks[task].completed)

        yield watch
