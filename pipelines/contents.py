"""What a record says, as a text and as a number, however it was sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from hashlib import md5
from typing import Any

import orjson

_sorted_json = partial(orjson.dumps, option=orjson.OPT_SORT_KEYS, default=str)


def canonical(record: Mapping[str, Any]) -> bytes:
    """The record as JSON with sorted keys: equal bytes for equal content."""
    try:
        return _sorted_json(record)
    except TypeError:  # an integer past 64 bits, half of a surrogate pair, a key that is no text
        text = json.dumps(
            record, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str
        )
        return text.encode("utf-8", "replace")


def content_hash(record: Mapping[str, Any]) -> str:
    """The md5 of the record's canonical JSON, as 32 hex digits."""
    return md5(canonical(record), usedforsecurity=False).hexdigest()


def number_of(text: bytes) -> int:
    """Stands for a text: 63 bits of its md5, as `column_sql.key_hash` takes them."""
    digest = md5(text, usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def as_text(value: Any) -> str | None:
    """A value as it stands in a column of texts."""
    return value if value is None or isinstance(value, str) else canonical(value).decode()
