"""Who is meant by an e-mail, a person's id or a record's, and what is theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from . import database
from .erase import REJECTED, Person
from .errors import SettingsError
from .forgotten import EMAIL, RECORD
from .person_tables import PERSON_TABLES, PersonTable

PERSON_ID = "person_id"
_KNOWN = ("person_id", "vendor", "record_id", "email", "linkedin_public_id")
Payload = tuple[str, str, str]  # vendor, resource, JSON
_WORDS = ("full_name", "phone_e164", "other_phone_e164")


@dataclass(frozen=True)
class Wanted:
    """Who is looked for: by `email`, `person_id`, or `record`, which is a vendor's."""

    by: str
    text: str
    vendor: str = ""


def wanted(email: str | None, person_id: str | None, record: str | None) -> Wanted:
    """Reads a command's options.

    Raises:
        SettingsError: If they do not name one person.
    """
    given = [text.strip() for text in (email, person_id, record) if text is not None]
    if len(given) != 1 or not given[0]:
        raise SettingsError("Say who: one of --email, --person-id or --record VENDOR:ID.")
    if email is not None:
        if "@" not in given[0]:
            raise SettingsError("--email is no e-mail address; write one such as ada@example.org.")
        return Wanted(EMAIL, given[0].lower())
    if person_id is not None:
        return Wanted(PERSON_ID, given[0])
    vendor, _, record_id = given[0].partition(":")
    known = dict.fromkeys(vendor for vendor, _ in PERSON_TABLES)
    if vendor not in known or not record_id:
        raise SettingsError(
            f"--record must be VENDOR:ID, such as talkpush:482123, with one of {', '.join(known)}."
        )
    return Wanted(RECORD, record_id, vendor)


def find(
    connection: duckdb.DuckDBPyConnection, who: Wanted, payloads: Iterable[Payload] = ()
) -> Person:
    """The person with all that is theirs; without records if none is stored.

    All records of a person are meant, as the marts have them, and those with the same e-mail or LinkedIn id that no
    build has read, be it since they were rejected. An e-mail that a record once had counts if no record has it now. An
    e-mail or LinkedIn id that somebody else has now (a kiosk's, a recruiter's) is not the person's.

    Args:
        connection: The warehouse.
        who: Who is meant.
        payloads: Records that are not in the warehouse yet.

    Raises:
        SettingsError: If the e-mail is that of several persons.
    """
    _make_payloads(connection, payloads)
    _make_tables(connection, who)
    persons = "select distinct person_id from known semi join meant using (vendor, record_id)"
    person_ids = _texts(connection, persons)
    if who.by == EMAIL and len(person_ids) > 1:
        raise SettingsError(
            f"{len(person_ids)} persons share this e-mail; name one of them by --person-id or --record."
        )
    connection.execute(
        f"insert into meant select vendor, record_id from known where person_id in ({persons})"
    )
    emails, linkedin_ids = _own(connection, "email"), _own(connection, "linkedin_id")
    if who.by == EMAIL:
        emails |= {who.text}
    connection.execute(
        """
        insert into meant
        select vendor, record_id from stored anti join known using (vendor, record_id)
        where list_contains(cast(? as varchar[]), email) or list_contains(cast(? as varchar[]), linkedin_id)
        """,
        [sorted(emails), sorted(linkedin_ids)],
    )
    records = connection.execute(
        "select distinct vendor, record_id from meant where record_id is not null"
    ).fetchall()
    return Person(
        records=frozenset(records),
        person_ids=person_ids,
        emails=emails,
        linkedin_ids=linkedin_ids,
        other_words=_other_words(connection, emails, linkedin_ids),
    )


def _make_payloads(connection: duckdb.DuckDBPyConnection, more: Iterable[Payload]) -> None:
    """`payloads`: records as JSON: those that were rejected, and more."""
    columns = "vendor varchar, resource varchar, payload varchar"
    connection.execute(f"create or replace temp table payloads ({columns})")
    for vendor in dict.fromkeys(vendor for vendor, _ in PERSON_TABLES):
        if REJECTED in database.tables(connection, f"raw_{vendor}"):
            connection.execute(
                f"insert into payloads select '{vendor}', resource, payload from raw_{vendor}.{REJECTED}"
            )
    names = ("vendor", "resource", "payload")
    rows = [dict(zip(names, payload, strict=True)) for payload in more]
    connection.register(
        "more", pa.Table.from_pylist(rows, pa.schema(dict.fromkeys(names, pa.string())))
    )
    connection.execute("insert into payloads from more")
    connection.unregister("more")


def _places(table: PersonTable) -> tuple[str, str]:
    """SQL for where records stand: in raw, and those of `payloads`."""
    return (
        table.name,
        f"""(
        select {table.fields_in_payload} from payloads
        where vendor = '{table.vendor}' and resource = '{table.resource}'
    )""",
    )


def _make_tables(connection: duckdb.DuckDBPyConnection, who: Wanted) -> None:
    """`stored`: whom each record is or was about; `known`: what the marts say; `meant`: where to begin."""
    stored = " union ".join(
        f"select '{table.vendor}' as vendor, {table.own_columns} from {place}"
        for table in PERSON_TABLES.values()
        for place in _places(table)
    )
    connection.execute(f"create or replace temp table stored as {stored}")
    if "person_records" in database.tables(connection, "marts"):
        known = f"select {', '.join(_KNOWN + _WORDS)} from marts.person_records"
    else:
        columns = (f"cast(null as varchar) as {name}" for name in _KNOWN + _WORDS)
        known = f"select {', '.join(columns)} where false"
    connection.execute(f"create or replace temp view known as {known}")
    places = {
        RECORD: [("stored", "vendor = $vendor and record_id = $text")],
        PERSON_ID: [("known", "person_id = $text")],
        EMAIL: [("known", "email = $text"), ("stored", "email = $text")],
    }
    connection.execute("create or replace temp table meant (vendor varchar, record_id varchar)")
    for place, condition in places[who.by]:
        values = {"text": who.text} | ({"vendor": who.vendor} if who.by == RECORD else {})
        connection.execute(
            f"insert into meant select distinct vendor, record_id from {place} where {condition}",
            values,
        )
        if connection.execute("from meant limit 1").fetchone():
            return


def _own(connection: duckdb.DuckDBPyConnection, column: str) -> frozenset[str]:
    """What any version of the records had, unless it is somebody else's now."""
    now = "linkedin_public_id" if column == "linkedin_id" else column
    return _texts(
        connection,
        f"""
        select {column} from stored semi join meant using (vendor, record_id)
        except select {now} from known anti join meant using (vendor, record_id)
        """,
    )


def _other_words(
    connection: duckdb.DuckDBPyConnection, emails: frozenset[str], linkedin_ids: frozenset[str]
) -> frozenset[str]:
    """Names and telephone numbers, as they were written and as the marts have them.

    A record that was rejected for want of a key is known by its e-mail or its LinkedIn id.
    """
    queries = [
        f"select {name} from known semi join meant using (vendor, record_id)" for name in _WORDS
    ]
    for table in PERSON_TABLES.values():
        words = ", ".join(f"trim(cast({word} as varchar))" for word in table.other_words)
        if words:
            queries += [
                f"""
                select unnest(words)
                from (select [{words}] as words, {table.own_columns} from {place})
                where
                    record_id in (select record_id from meant where vendor = '{table.vendor}')
                    or (
                        record_id is null and (
                            list_contains(cast($emails as varchar[]), email)
                            or list_contains(cast($linkedin_ids as varchar[]), linkedin_id)
                        )
                    )
                """
                for place in _places(table)
            ]
    values = {"emails": sorted(emails), "linkedin_ids": sorted(linkedin_ids)}
    return _texts(connection, " union all ".join(queries), values)


def _texts(connection: duckdb.DuckDBPyConnection, query: str, values: Any = None) -> frozenset[str]:
    """The texts of a query with one column."""
    return frozenset(text for (text,) in connection.execute(query, values).fetchall() if text)
