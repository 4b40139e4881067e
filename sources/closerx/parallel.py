"""Reading listings side by side. Each source that does so has this same file, for each stands alone."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

PATIENCE_S = 0.03

Name = TypeVar("Name")
Page = TypeVar("Page")


@dataclass
class Reader:
    """A listing that is read.

    Args:
        name: Its name.
        pages: Brings one page after another.
        waiting: How many of its pages nobody has taken yet.
        has_halted: Whether it does not go on until one is taken.
        has_follower: Whether another one has begun in its place when it came to its end.
    """

    name: Any
    pages: Iterator[Any]
    waiting: int = 0
    has_halted: bool = False
    has_follower: bool = False


def side_by_side(
    readers: Iterable[tuple[Name, Iterator[Page]]], workers: int, ahead: int = 1
) -> Iterator[tuple[Name, Page | Exception | None]]:
    """Read listings at once, each one page after page.

    While its pages wait to be handed over, a reader goes on until so many wait. There are as many
    readers as it takes: one at first, and one more whenever the next page had to be waited for.
    So a vendor that is down is not asked by all, and threads do not stand in each other's way.

    Args:
        readers: What to read under which name; begun in this order.
        workers: How many are read at a time, at most.
        ahead: How many pages of a reader may wait. If more than one, a reader that came to its end
            meanwhile is followed by another, until so many pages wait for each worker.

    Yields:
        A reader's name and its page, the error that ended it, or None when it came to its end.
    """
    brought: SimpleQueue[tuple[Reader, Page | Exception | None]] = SimpleQueue()
    waiting = (Reader(name, pages) for name, pages in readers)
    followers: deque[Reader] = deque()
    lock = Lock()
    is_over = False

    def bring(reader: Reader | None) -> None:
        while reader is not None:
            page: Page | Exception | None
            try:
                page = next(reader.pages, None)
            except Exception as error:
                page = error
            with lock:
                following: Reader | None = None
                if page is None and followers and brought.qsize() < workers * ahead and not is_over:
                    following = followers.popleft()
                    reader.has_follower = True
                elif page is not None and not isinstance(page, Exception):
                    reader.waiting += 1
                    reader.has_halted = reader.waiting >= ahead
                    following = None if reader.has_halted or is_over else reader
                brought.put((reader, page))
            reader = following

    def follower() -> Reader | None:
        with lock:
            return followers.popleft() if followers else None

    with ThreadPoolExecutor(workers) as pool:
        running, limit = 0, 1
        try:
            while True:
                while running < limit and (begun := follower() or next(waiting, None)):
                    pool.submit(bring, begun)
                    running += 1
                if not running:
                    return
                if ahead > 1:
                    followers.extend(list(islice(waiting, ahead - len(followers))))
                asked_at = monotonic()
                reader, page = brought.get()
                if page is None or isinstance(page, Exception):
                    running -= not reader.has_follower
                else:
                    with lock:
                        reader.waiting -= 1
                        goes_on, reader.has_halted = reader.has_halted, False
                    if goes_on:
                        pool.submit(bring, reader)
                if not isinstance(page, Exception) and monotonic() - asked_at > PATIENCE_S:
                    limit = min(limit + 1, workers)
                yield reader.name, page
        finally:
            is_over = True  # nobody takes pages any more
