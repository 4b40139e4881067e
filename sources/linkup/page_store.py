"""Answers that were paid for, kept on disk until they are loaded: a crash never pays twice."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import Any

from dlt.common import logger
from msgspec import MsgspecError
from msgspec.json import decode

from .settings import MAX_PAGE_AGE_S

# What became of a page: the end of its file's name.
PAID, HANDED_OVER, COUNTED = ".paid", ".handed_over", ".counted"
ENDS = (PAID, HANDED_OVER, COUNTED)
USELESS = ".useless"  # stands before that end if nothing but the page's price counts
REPORTED = "reported"


@dataclass(frozen=True)
class StoredPage:
    """An answer that an earlier run received.

    Args:
        name: What the store calls it.
        request: The request that it answers.
        answer: The answer, an object.
        is_counted: Whether it was loaded and its credits counted.
    """

    name: str
    request: dict[str, Any]
    answer: dict[str, Any]
    is_counted: bool


class PageStore:
    """Keeps each answer, and gives back those of an earlier run that broke off.

    Whoever runs the source touches a file `reported` in the folder whenever what was handed over
    until then is loaded and its credits are counted, and empties the folder once all is.

    - A page that is not counted yet is given by `left_over`, however old it is.
    - The newest answer to a request is given by `take` in place of asking, once, if it is less
      than a night old. An older one would hide how people were rated since.
    - The run that received a page never gets it back: asking again means asking anew.
    - A page that is counted, and too old to be taken, is thrown away.

    No clock says what is counted, only names do: each page's file has a number, and an end that
    tells what became of it. The folder is not looked at before it is needed.

    Args:
        folder: Where answers are kept; None keeps nothing.
    """

    def __init__(self, folder: str | None) -> None:
        self._folder = Path(folder or "")
        self._keeps = folder is not None
        self._is_open = False
        self._lock = Lock()
        self._number = 0
        self._names: list[str] = []  # of an earlier run's pages that may be given back

    def left_over(self, action: str) -> Iterator[StoredPage]:
        """The pages of an earlier run that were not counted, in the order in which they came."""
        self._open()
        for name in list(self._names):
            page = None if self._path(name).suffix == COUNTED else self._read(name)
            if page is not None and page.request["action"] == action:
                yield page

    def take(self, request: dict[str, Any]) -> StoredPage | None:
        """The answer of an earlier run to the request, whatever count it asked for, if any."""
        self._open()
        with self._lock:
            names = [name for name in self._names if name.endswith(request_name(request))]
            self._names = [name for name in self._names if name not in names]
        if not names:
            return None
        return self._read(names[-1]) if is_young(self._path(names[-1])) else None

    def keep(self, request: dict[str, Any], body: bytes) -> str:
        """Write an answer down, whole or not at all, and safe from a power cut.

        Returns:
            The page's name.

        Raises:
            OSError: There is no room, or no right to write.
        """
        if not self._keeps:
            return ""
        self._open()
        with self._lock:
            self._number += 1
            name = f"{self._number:08}-{request_name(request)}"
        with NamedTemporaryFile(dir=self._folder, suffix=".unfinished") as file:  # mode 0600
            file.write(json.dumps(request).encode() + b"\n" + body)
            file.flush()
            os.fsync(file.fileno())
            os.link(file.name, self._folder / (name + PAID))
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return name

    def hand_over(self, name: str) -> None:
        """Note that a page's rows and credits are handed over with what is yielded next."""
        if name:
            self._note_reported()  # which does not stand for this page yet
            self._rename(name, PAID, HANDED_OVER)

    def set_aside(self, name: str) -> str:
        """Mark a page as being of no use, so that it is asked for anew; its price is still to be counted.

        Returns:
            The page's name from now on.
        """
        if not name:
            return ""
        path = self._path(name)
        path.rename(path.with_name(name + USELESS + path.suffix))
        return name + USELESS

    def drop(self, name: str) -> None:
        """Throw a page away that brought nothing and has no price."""
        if name:
            self._path(name).unlink(missing_ok=True)

    def _open(self) -> None:
        """Look through the folder, once."""
        with self._lock:
            if self._is_open or not self._keeps:
                return
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._folder.chmod(0o700)  # the pages hold applicants' data
            self._note_reported()
            for path in self._folder.glob(f"*{HANDED_OVER}"):  # and then it broke off
                self._rename(path.stem, HANDED_OVER, PAID)
            for path in self._folder.glob(f"*{COUNTED}"):
                if not is_young(path):
                    path.unlink()
            paths = [path for path in self._folder.iterdir() if path.suffix in ENDS]
            self._names = sorted(path.stem for path in paths if path.name[:8].isdecimal())
            self._number = int(self._names[-1][:8]) if self._names else 0
            self._is_open = True

    def _note_reported(self) -> None:
        """If what was handed over is counted by now, give it the end that says so."""
        reported = self._folder / REPORTED
        if reported.exists():
            for path in self._folder.glob(f"*{HANDED_OVER}"):
                self._rename(path.stem, HANDED_OVER, COUNTED)
            reported.unlink()

    def _rename(self, name: str, before: str, after: str) -> None:
        path = self._folder / (name + before)
        if path.exists():
            path.rename(path.with_suffix(after))

    def _path(self, name: str) -> Path:
        """A page's file, whatever became of the page meanwhile."""
        paths = [self._folder / (name + end) for end in ENDS]
        return next((path for path in paths if path.exists()), paths[0])

    def _read(self, name: str) -> StoredPage | None:
        path = self._path(name)
        try:
            head, body = path.read_bytes().split(b"\n", 1)
            request, answer = json.loads(head), parsed(body)
            is_page = isinstance(request["params"]["offset"], int) and request["action"]
            if is_page and isinstance(answer, dict):
                return StoredPage(name, request, answer, path.suffix == COUNTED)
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            pass
        logger.warning(f"The stored page {path.name} is damaged and left out.")
        return None


def is_young(path: Path) -> bool:
    """Whether a page is there, and less than a night old."""
    return path.exists() and time.time() - path.stat().st_mtime < MAX_PAGE_AGE_S


def parsed(body: bytes) -> Any:
    """The JSON that was read from an answer once."""
    try:
        return decode(body)
    except (MsgspecError, RecursionError):
        return json.loads(body.decode("utf-8", "replace"))


def request_name(request: dict[str, Any]) -> str:
    """The same for requests for the same results, however many of them are asked for."""
    params = {name: value for name, value in request["params"].items() if name != "count"}
    canonical = json.dumps({**request, "params": params}, sort_keys=True)
    return sha256(canonical.encode()).hexdigest()[:32]
