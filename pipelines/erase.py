"""Somebody's rows, and the texts that name them, taken out of the warehouse."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property

import duckdb

from . import database
from .forgotten import EMAIL, LINKEDIN, RECORD, is_theirs, masks
from .person_tables import PERSON_TABLES, PersonTable

REJECTED = "rejected_records"
# Made anew by a full build.
DERIVED_SCHEMAS = ("staging", "intermediate", "seeds")
# Shorter ones are part of other words; of two parts (Bo Li), they are looked for as words.
SHORTEST_WORD = 6
NOTHING = "(?!)"  # a pattern that is nowhere
_ESCAPED = re.compile(r"(?:\\+u[0-9a-f]{4})+")
_SOMEBODY = "(about somebody who was forgotten)"


@dataclass(frozen=True)
class Person:
    """Somebody who is to be forgotten.

    Attributes:
        records: Vendor and record id of each.
        person_ids: What the marts call them.
        emails: Theirs, and nobody else's, as the models compare them.
        linkedin_ids: The same.
        other_words: Names and telephone numbers, as they were written.
    """

    records: frozenset[tuple[str, str]]
    person_ids: frozenset[str]
    emails: frozenset[str]
    linkedin_ids: frozenset[str]
    other_words: frozenset[str]

    @property
    def words(self) -> list[str]:
        """What tells of them in a text, in lower case."""
        words = {word.lower() for word in (*self.linkedin_ids, *self.other_words)}
        return sorted({word for word in words if _is_telling(word)} | self.emails)

    @cached_property
    def _words(self) -> re.Pattern[str]:
        return re.compile("|".join(_in_a_text(word) for word in self.words) or NOTHING)

    def is_named_in(self, text: str) -> bool:
        """Whether a text tells of them, also as JSON writes it, and JSON in JSON."""
        text = text.lower()
        return bool(self._words.search(text) or self._words.search(_unescaped(text)))

    def of(self, vendor: str) -> dict[str, list[str]]:
        """What `is_theirs` asks for, at a vendor."""
        ids = sorted(record_id for name, record_id in self.records if name == vendor)
        return {RECORD: ids, EMAIL: sorted(self.emails), LINKEDIN: sorted(self.linkedin_ids)}


def _is_telling(word: str) -> bool:
    return len(word) >= SHORTEST_WORD or len(re.findall(r"\w+", word)) > 1


def _in_a_text(word: str) -> str:
    pattern = re.escape(word)
    return pattern if len(word) >= SHORTEST_WORD else rf"(?<!\w){pattern}(?!\w)"


def _unescaped(text: str) -> str:
    def characters(found: re.Match[str]) -> str:
        return str(json.loads('"' + re.sub(r"\\+", r"\\", found[0]) + '"'))

    return _ESCAPED.sub(characters, text).lower()


def erase_rows(connection: duckdb.DuckDBPyConnection, person: Person) -> dict[str, int]:
    """Takes somebody out of all tables, inside the caller's transaction.

    If anything is theirs, staging and intermediate models go whole, and the builds with them, so that the next one is
    full.

    Returns:
        How many rows of which table were deleted or masked.
    """
    counts: dict[str, int] = {}
    for table in PERSON_TABLES.values():
        counts[table.name] = _delete(connection, table, person, table.name, "*")
        rejected = f"raw_{table.vendor}.{REJECTED}"
        if REJECTED in database.tables(connection, f"raw_{table.vendor}"):
            fields = table.fields_in_payload
            where = f"where resource = '{table.resource}'"
            found = _delete(connection, table, person, rejected, fields, where)
            counts[rejected] = counts.get(rejected, 0) + found
    for table_name, column, kind in _text_columns(connection):
        found = (
            _drop_text(connection, person, table_name, column, kind)
            if table_name.startswith("ops.")
            else _mask(connection, person, table_name, column, kind)
        )
        counts[f"{table_name}, texts"] = counts.get(f"{table_name}, texts", 0) + found
    for name in _tables_of_persons(connection):
        counts[name] = _count(
            connection,
            f"delete from {name} where person_id in (select unnest(cast(? as varchar[])))",
            [sorted(person.person_ids)],
        )
    if any(counts.values()):
        for schema in DERIVED_SCHEMAS:
            connection.execute(f"drop schema if exists {schema} cascade")
        connection.execute("delete from ops.builds")
    return {name: count for name, count in counts.items() if count}


def _delete(
    connection: duckdb.DuckDBPyConnection,
    table: PersonTable,
    person: Person,
    stored_in: str,
    fields: str,
    where: str = "",
) -> int:
    return _count(
        connection,
        f"""
        delete from {stored_in} where rowid in (
            select row_number from (
                select row_number, {table.own_columns}
                from (select rowid as row_number, {fields} from {stored_in} {where})
            ) where {is_theirs()}
        )
        """,
        person.of(table.vendor),
    )


def _mask(
    connection: duckdb.DuckDBPyConnection, person: Person, table: str, column: str, kind: str
) -> int:
    """Somebody else's row that names them: the name goes, the row stays."""
    named = [re.escape(text) for text in sorted(person.emails | person.linkedin_ids)]
    if not named:
        return 0
    values, masked = {"named": "|".join(named)}, column
    for number, (pattern, replacement) in enumerate(masks(person.emails, person.linkedin_ids) * 2):
        masked = f"regexp_replace({masked}, $pattern{number}, $by{number}, 'gi')"
        values |= {f"pattern{number}": pattern, f"by{number}": replacement}
    return _count(
        connection,
        f"""
        update {table} set {column} = cast({masked} as {kind})
        where regexp_matches({column}, $named, 'i') and {masked} <> {column}
        """,
        values,
    )


def _drop_text(
    connection: duckdb.DuckDBPyConnection, person: Person, table: str, column: str, kind: str
) -> int:
    """An error message that quotes them says nothing but that."""
    query = f"select distinct cast({column} as varchar) from {table} where {column} is not null"
    texts = [text for (text,) in connection.execute(query).fetchall() if person.is_named_in(text)]
    if not texts:
        return 0
    return _count(
        connection,
        f"""
        update {table} set {column} = cast($text as {kind})
        where list_contains(cast($texts as varchar[]), cast({column} as varchar))
        """,
        {"text": json.dumps(_SOMEBODY) if kind == "JSON" else _SOMEBODY, "texts": texts},
    )


def _count(connection: duckdb.DuckDBPyConnection, query: str, values: object) -> int:
    row = connection.execute(query, values).fetchone()
    return int(row[0]) if row else 0


def _text_columns(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """Table, column and type of what vendors and runs have written; dlt's tables hold no records."""
    return connection.execute(
        """
        select schema_name || '."' || table_name || '"', '"' || column_name || '"', data_type
        from duckdb_columns() semi join duckdb_tables() using (database_name, schema_name, table_name)
        where
            database_name = current_database() and data_type in ('VARCHAR', 'JSON')
            and (schema_name = 'ops' or schema_name like 'raw\\_%' escape '\\')
            and table_name not like '\\_%' escape '\\'
            and (schema_name, table_name) not in (('ops', 'forgotten'), ('ops', 'forget_log'))
        """
    ).fetchall()


def _tables_of_persons(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        """
        select 'marts."' || table_name || '"' from duckdb_columns()
        semi join duckdb_tables() using (database_name, schema_name, table_name)
        where database_name = current_database() and schema_name = 'marts' and column_name = 'person_id'
        """
    ).fetchall()
    return [name for (name,) in rows]
