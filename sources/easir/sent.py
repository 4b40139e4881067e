"""Records as they were sent: JSON texts, read when somebody looks into them. The same file in each source that has it.

Nearly all of a record passes through a source unseen. So a page keeps its records' texts, and a reader that knows JSON
columns can take those; whoever iterates over a page gets dicts.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from math import isfinite
from typing import Any

from msgspec import MsgspecError, Raw, Struct, defstruct
from msgspec.json import Decoder, decode

OBJECT = ord("{")


def kept_number(text: str) -> float | str:
    """The number, or its text if it is larger than any that Python has."""
    number = float(text)
    return number if isfinite(number) else text


def lenient(text: bytes | str) -> Any:
    """What Python's own, slower parser makes of JSON.

    Raises:
        ValueError: It is none.
        RecursionError: It is nested too deep.
    """
    return json.loads(text, parse_float=kept_number, parse_constant=str)


def read(text: bytes) -> Any:
    """What a JSON text says, however it is written."""
    try:
        return decode(text)
    except (MsgspecError, RecursionError, UnicodeDecodeError):
        return lenient(text)


@lru_cache
def decoder_of(names: tuple[str, ...]) -> Decoder[list[Struct]]:
    """Reads these fields of records, and no others."""
    fields = [(name, Any, None) for name in names]
    return Decoder(list[defstruct("Fields", fields, gc=False)])  # type: ignore[misc]


class SentRecords:
    """Some records of an answer.

    Args:
        texts: The JSON text of each; what is no object becomes the field `record` of one.
        added: What the source says of them, in place of a field or beside those that were sent: by field, a value for
            each record; None is nothing.
    """

    def __init__(
        self, texts: Sequence[bytes | Raw], added: Mapping[str, Sequence[Any]] | None = None
    ) -> None:
        if any(memoryview(text)[0] != OBJECT for text in texts):
            texts = [
                text if memoryview(text)[0] == OBJECT else b'{"record":%b}' % bytes(text)
                for text in texts
            ]
        self.texts = texts
        self.added = added or {}

    @classmethod
    def of(cls, items: list[Any]) -> "SentRecords":
        """Records that had to be read to be had."""
        return cls([json.dumps(item).encode() for item in items])

    def __len__(self) -> int:
        """How many there are."""
        return len(self.texts)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Each one read, with what is added."""
        added = zip(*self.added.values(), strict=True) if self.added else repeat(())
        for text, values in zip(self.texts, added, strict=False):
            record = read(bytes(text))
            told = zip(self.added, values, strict=True)
            yield record | {
                name: value for name, value in told if value is not None or name in record
            }

    def columns(self, *names: str) -> list[list[Any]]:
        """What was sent in some fields: for each of them, a value a record; None where there is nothing."""
        try:
            found = decoder_of(names).decode(b"[%b]" % b",".join(self.texts))
        except (MsgspecError, RecursionError, UnicodeDecodeError):
            records = [read(bytes(text)) for text in self.texts]
            return [[record.get(name) for record in records] for name in names]
        return [[getattr(fields, name) for fields in found] for name in names]

    @property
    def contents(self) -> tuple[int, ...]:
        """A number for each, in this process: equal if it was sent alike."""
        return tuple(hash(bytes(text)) for text in self.texts)

    def at(self, places: Sequence[int]) -> "SentRecords":
        """Those at some places."""
        if len(places) == len(self):
            return self
        added = {name: [values[place] for place in places] for name, values in self.added.items()}
        return SentRecords([self.texts[place] for place in places], added)

    def with_added(self, **added: Sequence[Any]) -> "SentRecords":
        """The same records, and what the source says of them."""
        return SentRecords(self.texts, {**self.added, **added})


def read_answer(body: bytes, listing: str) -> Any:
    """An answer's JSON; if it is an object, the records in one of its lists stay as they were sent.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deep.
    """
    try:
        if not body.isascii():
            body.decode()  # a text that is skipped is not looked at otherwise
        answer: dict[str, Any] = decode(body, type=dict[str, Raw])
        for name, text in answer.items():
            is_listing = name == listing and memoryview(text)[0] == ord("[")
            answer[name] = SentRecords(decode(text, type=list[Raw])) if is_listing else decode(text)
        return answer
    except (MsgspecError, RecursionError, UnicodeDecodeError):
        read_whole = lenient(body)
    if isinstance(read_whole, dict) and isinstance(read_whole.get(listing), list):
        read_whole[listing] = SentRecords.of(read_whole[listing])
    return read_whole


def as_dicts(page: Any) -> Any:
    """A page for who loads row by row; anything else as it is."""
    return list(page) if isinstance(page, SentRecords) else page
