"""What is said in a listing, whatever it holds. Sources that read one twice have this same file."""

import json
from collections import Counter
from collections.abc import Hashable, Sequence
from hashlib import blake2b
from typing import Any

from msgspec.json import encode

ID_LENGTH = 200  # longer text is no id
HIGHEST_COUNT = 2**53
DIGITS = 16


def usable_id(value: Any) -> str | None:
    """An id as text; None for what is none: nothing, a list, a whole book, an invisible mark."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    if isinstance(value, int):
        value = str(value) if abs(value) < HIGHEST_COUNT else ""
    is_name = 0 < len(value) <= ID_LENGTH and value.isprintable() and value.strip(".") != ""
    return value if is_name else None


def count_of(value: Any) -> int | None:
    """A number of things, also one sent as text; None for what is none."""
    if isinstance(value, str) and value.isdecimal() and len(value) <= DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < HIGHEST_COUNT else None


def as_record(item: Any) -> dict[str, Any]:
    """What a listing holds, as a record: anything but an object becomes its field `record`."""
    return item if isinstance(item, dict) else {"record": item}


def fingerprint(value: Any) -> bytes:
    """Equal for equal content; empty for what is nested too deep to be looked through."""
    try:
        try:
            text = encode(value, order="sorted")
        except UnicodeEncodeError:  # half of a surrogate pair
            text = json.dumps(value, sort_keys=True).encode()
    except RecursionError:
        return b""
    return blake2b(text, digest_size=12).digest()


class Records:
    """Tells which of a listing's records are handed over for the first time, and counts them.

    A record that moves meanwhile is found on two pages, and a listing may be read twice: its record
    is handed over once. Nothing else is held back: not a record that changed, not two of one id
    on a page, and nothing that has no usable id.

    Args:
        id_name: The field that tells the listing's records apart.

    Attributes:
        found: How many records the listing has, by what was found of it.
    """

    def __init__(self, id_name: str) -> None:
        self._id_name = id_name
        self._handed_over: Counter[Hashable] = Counter()
        self.read_again()

    def read_again(self) -> None:
        """The listing is now read anew, and counted anew."""
        self._ids: Counter[str] = Counter()
        self.look_again()

    def look_again(self) -> None:
        """The listing is now looked through for what was missed, which is counted on top."""
        self._nameless: Counter[Hashable] = Counter()
        self.found = self._ids.total()

    def fresh(self, page: list[Any]) -> list[Any]:
        """Those of a page's items that are to be handed over."""
        ids = [item.get(self._id_name) if isinstance(item, dict) else None for item in page]
        places = self.fresh_places(ids, [fingerprint(item) for item in page])
        return [page[place] for place in places]

    def fresh_places(self, ids: list[Any], contents: Sequence[Hashable]) -> list[int]:
        """Where on a page the items are that are to be handed over.

        Args:
            ids: What each item has for an id.
            contents: Stands for each one's content: equal if that is, and nothing if it is unclear.
        """
        times_here: Counter[Hashable] = Counter()
        ids_here: Counter[str] = Counter()
        places = []
        for place, (sent_id, content) in enumerate(zip(ids, contents, strict=True)):
            item_id = usable_id(sent_id)
            content = content or item_id
            if item_id is None:
                self._nameless[content] += 1
                self.found += 1
                times = self._nameless[content]
            else:
                times_here[content] += 1
                times = times_here[content]
                ids_here[item_id] += 1
                if ids_here[item_id] > self._ids[item_id]:
                    self._ids[item_id] += 1
                    self.found += 1
            if times > self._handed_over[content]:
                self._handed_over[content] = times
                places.append(place)
        return places
