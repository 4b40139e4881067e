"""The C library's heap, which keeps what is freed in between: what keeps it small. Nothing where it is not glibc's."""

from __future__ import annotations

import ctypes
from contextlib import suppress

M_MMAP_THRESHOLD = -3  # of malloc.h
LARGE = 1 << 20  # bytes


def keep_large_buffers_apart() -> None:
    """Buffers of megabytes, one after another, leave holes in a heap that grows for ever; so they stay out of it."""
    _call("mallopt", M_MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """Gives what is free, in the middle of the heap, too, back to the system."""
    _call("malloc_trim", 0)


def _call(name: str, *numbers: int) -> None:
    with suppress(AttributeError, OSError, TypeError):  # another C library, or another system
        getattr(ctypes.CDLL(None), name)(*numbers)
