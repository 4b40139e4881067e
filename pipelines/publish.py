"""The read-only copy for BI: the marts, in a file of their own, swapped in with one rename.

It holds who people are once, in `dim_person`, or keyed hashes in place of that (HIREFUNNEL_PSEUDONYMISE). What it is to
hold is written to parquet files, of which a process that has seen nothing else makes the copy (`apart.py`). How copies
follow each other in their folder is told in `copies.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from . import apart, copies, database
from .database import literal
from .errors import HirefunnelError
from .keyed import keyed_hash, salt
from .options import is_pseudonymised
from .settings import Settings

MARTS = "marts"
MEMORY = "1GB"  # with more, DuckDB keeps what it has written: ten million records then take 57 s in place of 42

# What a person's records say word for word serves those who look into the warehouse why records are one person.
# BI reads the person in `dim_person`.
NOT_COPIED = {
    "person_records": {
        "full_name",
        "email",
        "phone_e164",
        "other_phone_e164",
        "linkedin_public_id",
        "location",
        "has_email_consent",
        "email_consent_updated_at",
    },
}
# Of no mart: builds find and count rows by them in the warehouse; hashes follow from DuckDB's version.
BUILDS_ALONE = {"person_hash", "email_hash", "stages_entered"}
# Columns of any mart that say who somebody is. Ids do not: they are the vendors' own, and say nothing without them.
IDENTIFYING = {"full_name", "email", "phone_e164", "other_phone_e164", "linkedin_public_id"}


def publish(settings: Settings, published_at: datetime, run_id: str, failures: list[str]) -> Path:
    """Copies the marts to a new file and moves the link to it.

    Args:
        published_at: The time in the file's name.
        failures: What went wrong in the run that is published; told in `marts.publication`.

    Returns:
        The new file.

    Raises:
        SettingsError: If HIREFUNNEL_PSEUDONYMISE or the salt is wrong.
        HirefunnelError: If there are no marts yet.
    """
    key = salt(settings) if is_pseudonymised() else None
    with (
        copies.new(settings.published_dir, published_at) as (unfinished, final),
        apart.process() as execute,
        database.connect(settings.warehouse) as connection,
    ):
        names = database.tables(connection, MARTS)
        if not names:
            raise HirefunnelError(
                f"The warehouse {settings.warehouse} has no marts to publish; run `hirefunnel build` first."
            )
        # Storage of version 1.0.0, so that older DuckDB clients (BI tools, JDBC, node) read it too.
        execute(f"attach {literal(unfinished)} as copy (storage_version 'v1.0.0')")
        execute(
            f"set memory_limit = '{MEMORY}'; set temp_directory = {literal(f'{unfinished}.tmp')}"
        )
        connection.execute(f"set memory_limit = '{MEMORY}'")
        execute(f"create schema copy.{MARTS}")
        if key is not None:
            _add_pseudonym_function(connection, key)
        for name in names:
            rows = unfinished.with_name(f"{unfinished.name}.{name}.parquet")
            _copy_table(connection, name, rows, execute, is_pseudonymised=key is not None)
        _describe_publication(
            execute, published_at, run_id, failures, is_pseudonymised=key is not None
        )
        execute("checkpoint copy")
        execute("detach copy")
    copies.drop_old(settings.published_dir, hidden_only=key is not None)
    return final


def _add_pseudonym_function(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Makes `pseudonym(text)` known to the connection: the keyed hash, so that equal texts stay equal."""
    import pyarrow as pa  # here, for `status` needs none of it and is to be quick
    from duckdb.func import PythonUDFType

    def pseudonym(texts: Any) -> Any:  # columns in, columns out: ten million calls would be slow
        return pa.array([keyed_hash(text, key) for text in texts.to_pylist()], pa.string())

    connection.create_function(
        "pseudonym", pseudonym, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW
    )


def _copy_table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    rows: Path,
    execute: Callable[..., None],
    *,
    is_pseudonymised: bool,
) -> None:
    """The table with its NOT NULLs and its descriptions, which `create table as` would lose.

    Args:
        rows: The file by which the rows go.
        execute: Runs a statement where the copy is made.
    """
    columns = [
        column
        for column in _columns(connection, name)
        if column[0] not in NOT_COPIED.get(name, set()) | BUILDS_ALONE
    ]
    hidden = IDENTIFYING if is_pseudonymised else set()
    values = ", ".join(
        f'pseudonym("{column}") as "{column}"' if column in hidden else f'"{column}"'
        for column, *_ in columns
    )
    connection.execute(
        f'copy (select {values} from {MARTS}."{name}") '
        f"to {literal(rows)} (format parquet, compression uncompressed)"
    )
    compressed = _compression(connection, name)
    definitions = ", ".join(
        f'"{column}" {data_type}{"" if nullable else " not null"}{compressed.get(column, "")}'
        for column, data_type, nullable, _ in columns
    )
    table = f'copy.{MARTS}."{name}"'
    execute(f"create table {table} ({definitions})")
    execute(f"insert into {table} by name from read_parquet({literal(rows)})")
    comment = _comment(connection, name)
    replaced = sorted(hidden & {column for column, *_ in columns})
    if replaced:
        comment += f" Pseudonyms (keyed hashes): {', '.join(replaced)}."
    execute(f"comment on table {table} is {literal(comment)}")
    for column, _, _, text in columns:
        if text:
            execute(f'comment on column {table}."{column}" is {literal(text)}')


def _compression(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """How most row groups of a mart have each column of texts compressed, for the copy's definition.

    DuckDB would try every way on each row group again.
    """
    found = connection.execute(
        f"""
        select column_name, ' using compression ' || mode(compression)
        from pragma_storage_info('{MARTS}."{table}"')
        where segment_type = 'VARCHAR'
        group by column_name
        having mode(compression) in ('FSST', 'Dictionary')
        """
    )
    return dict(found.fetchall())


def _columns(
    connection: duckdb.DuckDBPyConnection, table: str
) -> list[tuple[str, str, bool, str | None]]:
    """A mart's columns: name, type, whether it may be null, description."""
    return connection.execute(
        """
        select column_name, data_type, is_nullable, comment from duckdb_columns()
        where database_name = current_database() and schema_name = ? and table_name = ?
        order by column_index
        """,
        [MARTS, table],
    ).fetchall()


def _comment(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    row = connection.execute(
        """
        select comment from duckdb_tables()
        where database_name = current_database() and schema_name = ? and table_name = ?
        """,
        [MARTS, table],
    ).fetchone()
    return str(row[0] or "").strip() if row else ""


def _describe_publication(
    execute: Callable[..., None],
    published_at: datetime,
    run_id: str,
    failures: list[str],
    *,
    is_pseudonymised: bool,
) -> None:
    table = f"copy.{MARTS}.publication"
    execute(
        f"""
        create table {table} (
            run_id varchar not null, published_at timestamptz not null,
            status varchar not null, failures varchar[] not null, is_pseudonymised boolean not null
        )
        """
    )
    status = "failed" if failures else "ok"
    execute(
        f"insert into {table} values (?, ?, ?, ?, ?)",
        [run_id, published_at.isoformat(), status, failures, is_pseudonymised],
    )
    execute(
        f"comment on table {table} is "
        "'One row: which run made this copy, when, and what failed in it (those tables are older), "
        "and whether keyed hashes stand for names, e-mails, telephone numbers and LinkedIn ids.'"
    )
