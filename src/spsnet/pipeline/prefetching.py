"""The next items are made in the background while the present one is used."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_END = object()


def prefetch(items: Iterable[T], ahead: int = 1) -> Iterator[T]:
    """Yield the items in their order, made by one thread that is at most `ahead` of them in front.

    It helps where making an item leaves the interpreter to others, as decoding, drawing and encoding do. An error, and
    Ctrl-C too, comes out at its place; whoever stops early stops the thread, which first ends the items it has begun.

    Args:
        items: Only the thread touches it from here on.
        ahead: Items held beside the one in use: the memory this costs.

    Raises:
        ValueError: If `ahead` is not positive.
    """
    if ahead < 1:
        raise ValueError(f"ahead should be at least 1, got {ahead}")
    return _prefetch(iter(items), ahead)


def _prefetch(iterator: Iterator[T], ahead: int) -> Iterator[T]:
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="prefetch") as thread:
        coming = deque(thread.submit(next, iterator, _END) for _ in range(ahead))
        while (item := coming.popleft().result()) is not _END:
            coming.append(thread.submit(next, iterator, _END))
            yield item  # type: ignore[misc]  # next() gives an item or _END
            del item
