"""A reading's load packages: when one is cut off, and how it is loaded, beside the reading of the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic

# Once so much was read, or for so long, it is loaded together with its cursor, and reading goes on.
CHECKPOINT_BYTES = 192 * 1024 * 1024
CHECKPOINT_S = 30.0


class Checkpoint:
    """Cuts a resource's reading into load packages: what a kill costs at most, and what memory holds."""

    def __init__(self) -> None:
        self._last = monotonic()

    def is_due(self, bytes_read: int) -> bool:
        """Whether what was read is to be loaded now."""
        if bytes_read < CHECKPOINT_BYTES and monotonic() - self._last < CHECKPOINT_S:
            return False
        self._last = monotonic()
        return True


class LoadBeside:
    """The load of a package, which waits until the next one is being read.

    Attributes:
        error: Why it failed beside a reading, which ended for that.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None
        self._waiting: Callable[[], None] = _nothing

    def put(self, load: Callable[[], None]) -> None:
        """Lets a load wait."""
        self._waiting = load

    def load_now(self) -> None:
        """Does the load that waits, beside nothing."""
        self._take()()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Does the load that waits in a thread of its own, beside the block; the block ends once it is done.

        Raises:
            Exception: What the load failed with, if the block did not fail.
        """
        with ThreadPoolExecutor(1) as loader:
            loading = loader.submit(self._take())
            yield
        try:
            loading.result()
        except Exception as error:
            self.error = error
            raise

    def _take(self) -> Callable[[], None]:
        waiting, self._waiting = self._waiting, _nothing
        return waiting


def _nothing() -> None:
    """What is done where nothing waits."""
