"""The list of those who were forgotten, and the filter that keeps them out of what is read.

The list holds keyed hashes: of their e-mails, LinkedIn ids and records. Telephone numbers are not on it, since a
household shares one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from . import database
from .errors import SettingsError
from .keyed import keyed_hash, salt
from .person_tables import PERSON_TABLES, PROFILE, PROFILE_ID

if TYPE_CHECKING:
    from .settings import Settings

EMAIL, LINKEDIN, RECORD, SALT = "email", "linkedin", "record", "salt"
MASK = "***"

# What an e-mail address in a text begins and ends at, as engines write a set of characters.
_EDGE = r"""\s"<>()\[\]{},;:\\/|?=&@"""
_ESCAPE = r"\\(?:[nrtbf]|u00[01][0-9a-f])"  # a line break, as JSON writes it
_EMAIL_IN_TEXT = f"[^{_EDGE}]+@[^{_EDGE}]+"


def masks(emails: Iterable[str], linkedin_ids: Iterable[str]) -> list[tuple[str, str]]:
    """What to replace in a text, and by what, so that it names these no more; case does not matter.

    A pattern has to be applied twice: what ends one match may begin the next.
    """
    before, after = f"(^|{_ESCAPE}|[{_EDGE}'])", rf"('?\.*(?:$|[{_EDGE}'])|'?\.*{_ESCAPE})"
    patterns = [f"{before}{re.escape(email)}{after}" for email in sorted(emails)]
    patterns += [rf"({PROFILE}){re.escape(id_)}($|[^\w%-])" for id_ in sorted(linkedin_ids)]
    return [(pattern, rf"\1{MASK}\2") for pattern in patterns]


def is_theirs() -> str:
    """SQL: whether a row with own columns is one of these records, e-mails, LinkedIn ids (lists, by kind)."""
    columns = {RECORD: "record_id", EMAIL: "email", LINKEDIN: "linkedin_id"}
    return " or ".join(
        f"coalesce(list_contains(cast(${kind} as varchar[]), {column}), false)"
        for kind, column in columns.items()
    )


def record_name(vendor: str, resource: str, record_id: str) -> str:
    """A record's name on the list."""
    return f"{vendor}/{resource}/{record_id}"


def list_hash(kind: str, text: str, key: bytes) -> str:
    """What stands on the list for a text: not the hash that anything else has for it."""
    return keyed_hash(f"forgotten {kind} {text}", key)


def add(
    connection: duckdb.DuckDBPyConnection,
    values: Mapping[str, Iterable[str]],
    key: bytes,
    forgotten_at: datetime,
) -> None:
    """Puts e-mails, LinkedIn ids and records on the list, each once.

    Raises:
        SettingsError: If the list was made with another salt.
    """
    _check_salt(connection, key)
    for kind, texts in {SALT: [""], **values}.items():
        for text in sorted(texts):
            connection.execute(
                """
                insert into ops.forgotten select $kind, $hash, $at
                where not exists (from ops.forgotten where kind = $kind and hash = $hash)
                """,
                {"kind": kind, "hash": list_hash(kind, text, key), "at": forgotten_at},
            )


def _check_salt(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    made_with = connection.execute(
        f"select hash from ops.forgotten where kind = '{SALT}'"
    ).fetchone()
    if made_with and made_with[0] != list_hash(SALT, "", key):
        raise SettingsError(
            "The salt is not the one with which people were forgotten, so nobody could keep them out; put the former "
            "one back: HIREFUNNEL_SALT, salt in .dlt/secrets.toml, or the file `salt` in the data folder."
        )


class Forgotten:
    """Everybody who must not come back.

    Args:
        hashes: Those on the list, by kind.
        key: The salt they were made with.
    """

    def __init__(self, hashes: Mapping[str, frozenset[str]], key: bytes) -> None:
        self._hashes = hashes
        self._key = key
        self._engine = duckdb.connect(config={"threads": 1})

    @classmethod
    def load(cls, settings: Settings) -> Forgotten | None:
        """The warehouse's list; None when nobody was forgotten.

        Raises:
            SettingsError: If it was made with another salt, and so would let everybody back.
        """
        with database.connect(settings.warehouse) as connection:
            if "forgotten" not in database.tables(connection, "ops"):
                return None
            rows = connection.execute(
                "select kind, list(hash) from ops.forgotten group by kind"
            ).fetchall()
            if not rows:
                return None
            key = salt(settings)
            _check_salt(connection, key)
        return cls({kind: frozenset(hashes) for kind, hashes in rows}, key)

    def without(self, table: pa.Table, vendor: str, resource: str) -> pa.Table:
        """The rows that are about nobody on the list.

        Where a row about somebody else names one of them (a lead that was referred, a recruiter who was forgotten),
        the row stays, with a mask for the e-mail or the LinkedIn id.

        Args:
            table: Rows of a raw table, nested values as JSON text; or rejected records of it, with their `payload`.
        """
        if not len(table):
            return table
        texts = [field.name for field in table.schema if _is_text(field.type)]
        with self._engine.cursor() as engine:  # vendors' threads ask at once
            engine.register("rows", table)
            engine.execute(f"create temp table own as {_own(table, vendor, resource)}")
            found = {
                EMAIL: self._on_list(EMAIL, _values(engine, _emails_in(texts))),
                LINKEDIN: self._on_list(LINKEDIN, _values(engine, _linkedin_ids_in(texts))),
                RECORD: self._records_on_list(engine, vendor, resource),
            }
            if not any(found.values()):
                return table
            theirs = engine.execute(
                f"select {is_theirs()} as theirs from own",
                {kind: sorted(values) for kind, values in found.items()},
            ).to_arrow_table()
        kept = table.filter(pc.invert(theirs["theirs"]))
        return _masked(kept, texts, masks(found[EMAIL], found[LINKEDIN]))

    def _on_list(self, kind: str, values: Iterable[str]) -> set[str]:
        hashes = self._hashes.get(kind)
        if not hashes:
            return set()
        return {value for value in values if list_hash(kind, value, self._key) in hashes}

    def _records_on_list(
        self, engine: duckdb.DuckDBPyConnection, vendor: str, resource: str
    ) -> set[str]:
        ids = _values(engine, "select record_id from own")
        names = {record_name(vendor, resource, record_id): record_id for record_id in ids}
        return {names[name] for name in self._on_list(RECORD, names)}


def _own(table: pa.Table, vendor: str, resource: str) -> str:
    """SQL for whom each row is about; nobody, where rows are not about persons."""
    about = PERSON_TABLES.get((vendor, resource))
    if about is None:
        nobody = [
            f"cast(null as varchar) as {name}" for name in ("record_id", EMAIL, "linkedin_id")
        ]
        return f"select {', '.join(nobody)} from rows"
    if {*about.key} <= {*table.column_names}:
        return f"select {about.own_columns} from rows"
    return f"select {about.own_columns} from (select {about.fields_in_payload} from rows)"


def _is_text(type_: Any) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _values(engine: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """The distinct texts of a query with one column."""
    rows = engine.execute(f"select distinct * from ({query}) as found(value)").fetchall()
    return [value for (value,) in rows if value]


def _emails_in(columns: Iterable[str]) -> str:
    """SQL for the persons' own e-mails, and whatever else looks like one in a text."""
    return "select email from own" + "".join(
        f"""
        union all
        select trim(unnest(
            regexp_extract_all(lower(regexp_replace("{column}", '{_ESCAPE}', ' ', 'gi')), '{_EMAIL_IN_TEXT}')
        ), '.''') from rows where contains("{column}", '@')
        """
        for column in columns
    )


def _linkedin_ids_in(columns: Iterable[str]) -> str:
    return "select linkedin_id from own" + "".join(
        f"""
        union all
        select unnest(regexp_extract_all(lower("{column}"), '{PROFILE_ID}', 1))
        from rows where regexp_matches("{column}", '{PROFILE}', 'i')
        """
        for column in columns
    )


def _masked(table: pa.Table, columns: Iterable[str], patterns: list[tuple[str, str]]) -> pa.Table:
    for name in columns:
        column = table[name]
        for pattern, replacement in patterns * 2:
            column = pc.replace_substring_regex(column, f"(?i){pattern}", replacement)
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), column)
    return table
