"""Reading listings side by side. Each source that does so has this same file, for each stands alone."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from typing import TypeVar

Name = TypeVar("Name")
Page = TypeVar("Page")


def side_by_side(
    readers: Iterable[tuple[Name, Iterator[Page]]], workers: int
) -> Iterator[tuple[Name, Page | Exception | None]]:
    """Read listings at once, each one page after page.

    While a page is handed over, the reader's next one is asked for, and no further. The first
    reader goes ahead alone until it has brought something: a vendor that is down is not asked by all.

    Args:
        readers: What to read under which name; begun in this order.
        workers: How many are read at a time.

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
            name, reader, page = brought.get()
            if isinstance(page, Exception):
                running -= 1
            elif page is None:
                running, limit = running - 1, workers
            else:
                limit = workers
                pool.submit(bring, name, reader)
            yield name, page
