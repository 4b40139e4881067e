"""Records on their way into columns, as JSON texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from .contents import canonical


class Sent(Protocol):
    """A page of records as they were sent, as sources hand it over.

    Attributes:
        texts: Each one's JSON, an object.
        added: What the source says of them, in place of a field or beside those that were sent: by
            field, a value for each record; None is nothing.
    """

    texts: Sequence[bytes]
    added: Mapping[str, Sequence[Any]]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The same records, read."""


Page = Sent | list[dict[str, Any]] | dict[str, Any]


@dataclass
class Batch:
    """Records on their way into columns.

    Attributes:
        texts: The records' JSON, one after the other: thousands of small texts waste memory. What stands behind the
            position up to which it was written is nothing.
        lengths: How long each is, in bytes.
        seen_at: When each was seen, in microseconds since 1970; a range for each page.
        added: What stands in place of a field or beside it, by field.
    """

    texts: BytesIO = field(default_factory=BytesIO)
    lengths: list[int] = field(default_factory=list)
    seen_at: list[range] = field(default_factory=list)
    added: dict[str, list[str | None]] = field(default_factory=dict)

    def records(self) -> Iterator[dict[str, Any]]:
        """Each record, read."""
        ends = np.cumsum([0, *self.lengths])
        texts = self.texts.getvalue()
        for place, (begin, end) in enumerate(pairwise(ends)):
            record: dict[str, Any] = json.loads(texts[begin:end])  # reads what faster ones do not
            yield record | {name: values[place] for name, values in self.added.items()}

    def rewritten(self) -> Batch:
        """The same in the plainest JSON there is."""
        lines = [canonical(record) for record in self.records()]
        return replace(self, texts=BytesIO(b"".join(lines)), lengths=list(map(len, lines)))
