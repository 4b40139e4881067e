"""What the vendor says went wrong, and nothing else of an answer: it may hold people. The same file in each source."""

import re
from collections.abc import Iterable
from typing import Any

from requests import Response

from .settings import MESSAGE_LENGTH

# What errors are called; other fields of an error may repeat what a record says.
FIELDS = ("code", "message", "msg", "error", "errors", "error_description", "detail", "exception")
TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
BEGINNINGS_OF_BODIES = ("{", "[", "<")  # of a text that is an answer by itself


def words_of(response: Response, answer: Any, secrets: Iterable[str]) -> str:
    """The error message of an answer, quoted, in one line and short; or what kind of answer it is.

    Args:
        response: The answer.
        answer: Its JSON, if it is any.
        secrets: What must not be repeated.
    """
    text = "; ".join(messages_in(answer)) if isinstance(answer, dict) else ""
    kind = ""
    if not text:
        type_ = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        kind = f"{len(response.content):,} bytes of {quotable(type_, secrets) or 'no known type'}"
        title = TITLE.search(response.text) if "html" in type_ else None
        text = title.group(1) if title else ""
    quoted = repr(quotable(text, secrets)) if text.strip() else ""
    return " ".join(filter(None, (kind, quoted)))


def messages_in(value: Any) -> list[str]:
    """The texts in the known fields of an error, in whatever it is packed."""
    found: list[str] = []
    waiting = [value]
    while waiting and len(found) < MESSAGE_LENGTH:
        first = waiting.pop(0)
        if isinstance(first, dict):
            waiting[:0] = [first[name] for name in FIELDS if name in first]
        elif isinstance(first, list):
            waiting[:0] = first[:MESSAGE_LENGTH]
        elif isinstance(first, (str, int)) and not isinstance(first, bool):
            text = str(first).strip()
            if text and not text.startswith(BEGINNINGS_OF_BODIES):
                found.append(text)
    return found


def quotable(text: str, secrets: Iterable[str]) -> str:
    """One short line without secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return " ".join(text.split())[:MESSAGE_LENGTH]
