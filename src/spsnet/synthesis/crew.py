"""Long tasks shared out among processes, each of which says how far it is."""

import contextlib
import multiprocessing
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar

from spsnet.records import UserError

_POLL_S = 1.0
Order = TypeVar("Order")
Task = TypeVar("Task")
Said = TypeVar("Said")


class _Word(NamedTuple):
    """From a worker."""

    task: Any
    said: Any
    is_last: bool = False
    error: Exception | None = None
    trace: str = ""


def share_work(
    hire: Callable[[Order], Callable[[Task], Iterator[Said]]],
    order: Order,
    tasks: Sequence[Task],
    *,
    workers: int = 1,
) -> Generator[tuple[Task, Said], None, None]:
    """Do all tasks; yields each with what is said of it meanwhile.

    Several workers are processes of one thread each. They stop when this generator is closed or this process ends, in
    the middle of a task: what it writes should be whole at any moment.

    Args:
        hire: Makes a worker, once in every process; a function or class of a module, so that another process finds it.
        order: What it makes it from.
        tasks: In the order in which they are begun.
        workers: How many; one is this process.

    Raises:
        UserError: If a worker met one, or was killed.
        RuntimeError: If a worker failed otherwise.
        ValueError: If there is no worker.
    """
    if workers < 1:
        raise ValueError(f"workers should be 1 or more, got {workers}")
    count = min(workers, len(tasks))
    if count <= 1:
        work = hire(order) if tasks else None
        for task in tasks:
            assert work is not None
            for said in work(task):
                yield task, said
        return
    context = multiprocessing.get_context("spawn")
    to_do, words = context.SimpleQueue(), context.Queue()
    for task in tasks:
        to_do.put(task)
    for _ in range(count):
        to_do.put(None)
    processes = [context.Process(target=_work, args=(hire, order, to_do, words), daemon=True) for _ in range(count)]
    try:
        with _ignore_interrupts():
            for process in processes:
                process.start()
        left = len(tasks)
        while left:
            word = _listen(words, processes)
            if word.is_last:
                left -= 1
            else:
                yield word.task, word.said
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


@contextlib.contextmanager
def _ignore_interrupts() -> Iterator[None]:
    """Let processes that start meanwhile not heed Ctrl-C, which a terminal sends to all of them: this one ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _listen(words: Any, processes: Sequence[BaseProcess]) -> _Word:
    """Wait for the next word."""
    while True:
        with contextlib.suppress(queue.Empty):
            word: _Word = words.get(timeout=_POLL_S)
            if word.error is None:
                return word
            if isinstance(word.error, UserError):
                raise word.error
            raise RuntimeError(f"{type(word.error).__name__}: {word.error}\n{word.trace}") from word.error
        fallen = [process.exitcode for process in processes if process.exitcode]
        if fallen:
            raise UserError(
                f"a worker ended with code {fallen[0]}: perhaps there was too little memory; the same command goes on"
            )


def _work(hire: Callable[[Any], Callable[[Any], Iterator[Any]]], order: Any, to_do: Any, words: Any) -> None:
    """Do tasks until there are no more; runs in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it is not inherited
    torch = sys.modules.get("torch")  # loaded with `hire`, if that needs it
    if torch is not None:
        torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    try:
        work = hire(order)
        while (task := to_do.get()) is not None:
            for said in work(task):
                words.put(_Word(task, said))
                if parent is not None and not parent.is_alive():
                    return
            words.put(_Word(task, None, is_last=True))
    except Exception as error:
        words.put(_Word(None, None, error=error, trace=traceback.format_exc()))
