"""Reading listings side by side. Each source that does so has this same file, for each stands alone."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from time import monotonic
from typing import TypeVar

PATIENCE_S = 0.03

Name = TypeVar("Name")
Page = TypeVar("Page")


def side_by_side(
    readers: Iterable[tuple[Name, Iterator[Page]]], workers: int
) -> Iterator[tuple[Name, Page | Exception | None]]:
    """Read listings at once, each one page after page.

    While a page is handed over, the reader's next one is asked for, and no further. There are as
    many readers as it takes: one at first, and one more whenever the next page had to be waited
    for. So a vendor that is down is not asked by all, and threads do not stand in each other's way.

    Args:
        readers: What to read under which name; begun in this order.
        workers: How many are read at a time, at most.

    Yields:
        A reader's name and its page, the error that ended it, or None when it came to its end.
    """
    brought: SimpleQueue[tuple[Name, Iterator[Page], Page | Exception | None]] = SimpleQueue()
    waiting = iter(readers)

    def bring(name: Name, reader: Iterator[Page]) -> None:
        try:
            brought.put((name, reader, next(reader, None)))
        except Exception as error:
            brought.put((name, reader, error))

    with ThreadPoolExecutor(workers) as pool:
        running, limit = 0, 1
        while True:
            for entry in islice(waiting, limit - running):
                pool.submit(bring, *entry)
                running += 1
            if not running:
                return
            asked_at = monotonic()
            name, reader, page = brought.get()
            if isinstance(page, Exception) or page is None:
                running -= 1
            else:
                pool.submit(bring, name, reader)
            if not isinstance(page, Exception) and monotonic() - asked_at > PATIENCE_S:
                limit = min(limit + 1, workers)
            yield name, page
