"""A shelf: what one vendor resource holds at the world's moment."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

Payload = dict[str, Any]
"""One record as its vendor sends it. Never changed in place: a change puts a new one."""


class Shelf:
    """The current payload of each record, by record id, in the order of first appearance."""

    def __init__(self) -> None:
        """Start empty."""
        self.rows: dict[str, Payload] = {}
        self.removed: set[str] = set()
        self._views: dict[Hashable, list[Payload]] = {}

    def put(self, record_id: str, payload: Payload) -> None:
        """Show this payload from now on."""
        self.rows[record_id] = payload
        self._views.clear()

    def change(self, record_id: str, changes: Payload) -> Payload:
        """Show the record with some of its fields changed.

        Args:
            record_id: A record that is on the shelf.
            changes: The fields that differ from now on.

        Returns:
            The record's new payload.
        """
        payload = {**self.rows[record_id], **changes}
        self.put(record_id, payload)
        return payload

    def remove(self, record_id: str) -> None:
        """Show the record no more, and remember that it once was here."""
        del self.rows[record_id]
        self.removed.add(record_id)
        self._views.clear()

    def view(
        self, name: Hashable, make: Callable[[Iterable[Payload]], list[Payload]]
    ) -> list[Payload]:
        """A filtered and sorted list, made once and kept until the shelf changes.

        The pages of one listing are slices of one view, so a request does not sort anew.

        Args:
            name: What the view depends on (filters, order).
            make: Makes the list from the shelf's payloads.

        Returns:
            The list; callers slice it and leave it as it is.
        """
        if name not in self._views:
            self._views[name] = make(self.rows.values())
        return self._views[name]
