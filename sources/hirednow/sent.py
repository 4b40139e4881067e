"""Records as they were sent: JSON texts, read when somebody looks into them. The same file in each source that has it.

Nearly all of a record passes through a source unseen. So a page keeps its records' texts, and a reader that knows JSON
columns can take those; whoever iterates over a page gets dicts.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import repeat
from math import isfinite
from operator import itemgetter
from typing import Any

from msgspec import MsgspecError, Raw, Struct, defstruct
from msgspec.json import Decoder, decode
from msgspec.structs import astuple

Name = str | tuple[str, str]  # of a field, or of one inside of an object

FIRST, OBJECT = itemgetter(0), ord("{")
# An object whose lists' items stay texts: so the records of an answer are found in one passage through it.
ANSWER = Decoder(dict[str, list[Raw] | dict[str, Any] | str | int | float | bool | None])


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
def decoder_of(names: tuple[Name, ...]) -> Decoder[list[Struct]]:
    """Reads these fields of records, and no others."""

    def kind(name: Name) -> Any:
        return Any if isinstance(name, str) else defstruct("Inner", [(name[1], Any, None)]) | None

    fields = [(name if isinstance(name, str) else name[0], kind(name), None) for name in names]
    return Decoder(list[defstruct("Fields", fields, gc=False)])  # type: ignore[misc]


def value_of(record: dict[str, Any], name: Name) -> Any:
    """What stands in a field of a record, or None."""
    if isinstance(name, str):
        return record.get(name)
    outer = record.get(name[0])
    return outer.get(name[1]) if isinstance(outer, dict) else None


def objects(texts: Sequence[bytes | Raw]) -> Sequence[bytes | Raw]:
    """JSON texts of objects; what is none becomes the field `record` of one."""
    if {*map(FIRST, map(memoryview, texts))} <= {OBJECT}:  # type: ignore[arg-type]
        return texts
    each = map(bytes, texts)
    return [text if FIRST(text) == OBJECT else b'{"record":%b}' % text for text in each]


class SentRecords:
    """Some records of an answer.

    Args:
        texts: The JSON text of each, an object.
        added: What the source says of them, in place of a field or beside those that were sent: by field, a value for
            each record; None is nothing.
        known: The columns that were read already, by name.
    """

    def __init__(
        self,
        texts: Sequence[bytes | Raw],
        added: Mapping[str, Sequence[Any]] | None = None,
        known: Mapping[Name, list[Any]] | None = None,
    ) -> None:
        self.texts = texts
        self.added = added or {}
        self._known = known or {}

    @classmethod
    def of(cls, items: list[Any]) -> "SentRecords":
        """Records that had to be read to be had."""
        return cls(objects([json.dumps(item).encode() for item in items]))

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

    def columns(self, *names: Name) -> list[list[Any]]:
        """What was sent in some fields: for each of them, a value a record; None where there is nothing.

        All of a record's text is gone through for that, so who looks at several fields, now or later, asks for them at
        once.
        """
        if not self._known.keys() >= {*names}:
            self._known = {**self._known, **dict(zip(names, self._read(names), strict=True))}
        return [self._known[name] for name in names]

    def _read(self, names: tuple[Name, ...]) -> list[list[Any]]:
        try:
            found = decoder_of(names).decode(b"[%b]" % b",".join(self.texts))
        except (MsgspecError, RecursionError, UnicodeDecodeError):
            records = [read(bytes(text)) for text in self.texts]
            return [[value_of(record, name) for record in records] for name in names]
        columns = [list(column) for column in zip(*map(astuple, found), strict=True)]
        for column, name in zip(columns, names, strict=False):
            if not isinstance(name, str):
                column[:] = [inner and getattr(inner, name[1]) for inner in column]
        return columns or [[] for _ in names]

    @cached_property
    def contents(self) -> tuple[int, ...]:
        """A number for each, in this process: equal if it was sent alike."""
        return tuple(hash(bytes(text)) for text in self.texts)

    def at(self, places: Sequence[int]) -> "SentRecords":
        """Those at some places."""
        if len(places) == len(self):
            return self

        def chosen(columns: Mapping[Any, Sequence[Any]]) -> dict[Any, list[Any]]:
            return {name: [values[place] for place in places] for name, values in columns.items()}

        texts = [self.texts[place] for place in places]
        return SentRecords(texts, chosen(self.added), chosen(self._known))

    def with_added(self, **added: Sequence[Any]) -> "SentRecords":
        """The same records, and what the source says of them."""
        return SentRecords(self.texts, {**self.added, **added}, self._known)


def read_answer(body: bytes, listing: str) -> Any:
    """An answer's JSON; if it is an object, the records in one of its lists stay as they were sent.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deep.
    """
    try:
        if not body.isascii():
            body.decode()  # a text that is skipped is not looked at otherwise
        answer: dict[str, Any] = ANSWER.decode(body)
        for name, value in answer.items():
            if isinstance(value, list):
                answer[name] = (
                    SentRecords(objects(value)) if name == listing else [*map(decode, value)]
                )
        return answer
    except (MsgspecError, RecursionError, UnicodeDecodeError):
        read_whole = lenient(body)
    if isinstance(read_whole, dict) and isinstance(read_whole.get(listing), list):
        read_whole[listing] = SentRecords.of(read_whole[listing])
    return read_whole


def as_dicts(page: Any) -> Any:
    """A page for who loads row by row; anything else as it is."""
    return list(page) if isinstance(page, SentRecords) else page
