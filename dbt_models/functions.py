"""The one function SQL lacks: telephone numbers in E.164 form, for DuckDB.

dbt-duckdb loads this module as a plugin and calls ``Plugin``; everything else
can be used, and is tested, without a database.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import rphonenumbers
from dbt.adapters.duckdb.plugins import BasePlugin

FUNCTION_NAME = "phone_e164"
# Shorter numbers without a country code say nothing about their country.
MIN_DIGITS_WITHOUT_PREFIX = 11
# Keyboards in East Asia write a wide one.
PLUS_SIGNS = "+\uff0b"

_FIRST_DIGIT_OR_PLUS = re.compile(rf"[{PLUS_SIGNS}\d]")
_EXTENSION = re.compile(r"[\s,;]*(?:extension|ext\.?|x\.?|#)\s*\d+\s*$", re.IGNORECASE)


def phone_e164(text: str | None, default_region: str | None = None) -> str | None:
    """A telephone number as E.164 (``+4588888888``), or None if it is not a valid one.

    Args:
        text: The number as somebody typed it, with or without an extension.
        default_region: The country (``DK``) of numbers without ``+`` or ``00``. Without it, such
            a number counts only if it has a country code all the same (11 digits or more).
    """
    start = _FIRST_DIGIT_OR_PLUS.search(text or "")
    if not text or not start:
        return None
    number = _EXTENSION.sub("", text[start.start() :])
    region = (default_region or "").strip().upper() or None
    if number.startswith("00"):
        number, region = "+" + number[2:], None
    elif not number.startswith(tuple(PLUS_SIGNS)) and region is None:
        if sum(character.isdecimal() for character in number) < MIN_DIGITS_WITHOUT_PREFIX:
            return None
        number = "+" + number
    try:
        parsed = rphonenumbers.parse(number, region)
    except rphonenumbers.NumberParseException:
        return None
    if not rphonenumbers.is_valid_number(parsed):
        return None
    e164: str = rphonenumbers.format_number(parsed, rphonenumbers.PhoneNumberFormat.E164)
    return e164


def phones_e164(texts: pa.ChunkedArray | pa.Array, regions: pa.ChunkedArray | pa.Array) -> pa.Array:
    """``phone_e164`` for a column: each distinct number is parsed once."""
    column = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    if len(column) == 0:
        return pa.array([], pa.string())
    region = regions[0].as_py()
    encoded = column.dictionary_encode()
    parsed = pa.array(
        [phone_e164(text, region) for text in encoded.dictionary.to_pylist()], pa.string()
    )
    return pc.take(parsed, encoded.indices)


class Plugin(BasePlugin):
    """Registers ``phone_e164(text, default_region)`` on dbt's DuckDB connection."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Called by dbt-duckdb once for each database it opens."""
        arguments: dict[str, Any] = {"type": "arrow", "null_handling": "special"}
        # A process that has the warehouse open already has the function, too.
        with suppress(duckdb.NotImplementedException):
            conn.create_function(
                FUNCTION_NAME, phones_e164, ["VARCHAR", "VARCHAR"], "VARCHAR", **arguments
            )
