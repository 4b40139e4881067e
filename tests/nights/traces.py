"""People of a simulated world, and every trace of them in an installation's files and tables."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dbt_models.functions import phone_e164
from tests.nights.conftest import Installation
from tests.nights.truth import PEOPLE, RecordKey, identity

RAW_IDS = {
    "hirednow": "id",
    "talkpush": "cast(id as varchar)",
    "linkup": "job_id || ':' || application_id",
    "easir": "campaign_id || ':' || id",
}


@dataclass(frozen=True)
class Somebody:
    """A person of the simulator's world: their records, and every text that would give them away."""

    records: frozenset[RecordKey]
    email: str
    secrets: frozenset[str]

    @property
    def vendors(self) -> set[str]:
        return {vendor for vendor, _ in self.records}


def people(installation: Installation) -> list[Somebody]:
    """Everybody with an e-mail whose name is theirs alone, those at most vendors first."""
    truth = installation.truth
    records = {(v, id_): r for v, n in PEOPLE.items() for id_, r in truth.current(v, n).items()}
    names = {key: identity(key[0], record)[0] for key, record in records.items()}
    found = []
    for members in truth.people():
        own = {names[key] for key in members if names[key]}
        namesakes = {key for key, name in names.items() if name in own}
        keys = {key for member in members for key in identity(member[0], records[member])[1]}
        emails = {value for kind, value in keys if kind == "email"}
        if len(own) == 1 and namesakes <= members and len(emails) == 1:
            secrets = {value.lstrip("+") for _, value in keys}
            secrets |= {text for key in members for text in written(key[0], records[key])}
            found.append(Somebody(members, emails.pop(), frozenset(secrets)))
    return sorted(found, key=lambda person: (-len(person.vendors), sorted(person.records)))


def written(vendor: str, record: dict[str, Any]) -> list[str]:
    """Names and telephone numbers as a vendor has them, in lower case."""
    if vendor == "hirednow":
        return []
    if vendor == "easir":
        fields = {entry["name"]: entry["value"] for entry in record["fixed_fields"]}
        return texts(fields["first_name"], fields["last_name"], fields["mobile_phone_number"])
    return texts(record["first_name"], record["last_name"], record.get("user_phone_number"))


def texts(first_name: str, last_name: str, phone: str | None) -> list[str]:
    return [f"{first_name} {last_name}".lower(), *([phone] if phone_e164(phone) else [])]


def places(installation: Installation, secrets: frozenset[str]) -> set[str]:
    """Where any of the texts stands: in the bytes of a file, or in a row of a database."""
    found = set()
    for path in installation.folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes().lower()
            name = str(path.relative_to(installation.folder))
            found |= {f"bytes of {name}" for text in secrets if text.encode() in content}
            if content[8:12] == b"duck":  # it may compress what it holds
                found |= {f"{name}, {table}" for table in tables_with(path, secrets)}
    return found


def tables_with(path: Path, secrets: frozenset[str]) -> set[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database()"
        ).fetchall()
        any_of_them = "|".join(map(re.escape, sorted(secrets)))
        query = "select count(*) from {} as t where regexp_matches(lower(cast(t as varchar)), ?)"
        return {
            name
            for (name,) in names
            if connection.execute(query.format(name), [any_of_them]).fetchall()[0][0]
        }


def rows_of_others(
    installation: Installation, forgotten: list[Somebody]
) -> dict[str, Counter[str]]:
    """Every row about a person, in raw and marts, but for those that are to be forgotten."""
    records = {key for person in forgotten for key in person.records}
    pairs = ", ".join(f"('{vendor}', '{record_id}')" for vendor, record_id in sorted(records))
    path = installation.data / "hirefunnel.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        marts = connection.execute(
            "select table_name from duckdb_columns() where schema_name = 'marts' and column_name = 'person_id'"
        ).fetchall()
        queries = {
            f"marts.{name}": f"""
                select t from marts.{name} as t where person_id not in (
                    select person_id from marts.person_records where (vendor, record_id) in ({pairs})
                )"""
            for (name,) in marts
        }
        for vendor, resource in PEOPLE.items():
            queries[f"raw_{vendor}"] = (
                f"select t from raw_{vendor}.{resource} as t where ('{vendor}', {RAW_IDS[vendor]}) not in ({pairs})"
            )
        return {
            name: Counter(str(row) for row in connection.execute(query).fetchall())
            for name, query in queries.items()
        }


def stored_records(installation: Installation) -> set[RecordKey]:
    return {
        row
        for vendor, resource in PEOPLE.items()
        for row in installation.query(
            f"select distinct '{vendor}', {RAW_IDS[vendor]} from raw_{vendor}.{resource}"
        )
    }
