"""The query that turns JSON lines into columns: what can be stored, and why the rest cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import md5

import orjson

CONTENT_HASH = "_content_hash"
SEEN_AT = "_seen_at"
IS_DELETED = "_is_deleted"
OWN_COLUMNS = frozenset({CONTENT_HASH, SEEN_AT, IS_DELETED, "_dlt_load_id"})

# Columns of the query that no table has.
REASON = "_reason"
PAYLOAD = "_payload"
KEY_HASH = "_key_hash"

DUCKDB_TYPES = {
    "text": "VARCHAR",
    "json": "JSON",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "date": "DATE",
}
_UNTYPED = {"text", "json"}
_OFFSET = r"(Z|[+-](?:0\d|1[0-5]):?[0-5]\d)$"
_BLANK_OFFSET = rf" +{_OFFSET}"
_NO_SECONDS = rf"([T ]\d\d:\d\d) *{_OFFSET}"


def batch_query(
    types: Mapping[str, str],
    key: list[str],
    normalize: Callable[[str], str],
    undeclared: Iterable[str],
) -> str:
    """The query on `lines`: a column `line`, a record's canonical JSON, and `_seen_at`.

    Args:
        types: The declared columns, with dlt's names for their types.
        key: Those that tell records apart.
        normalize: dlt's naming convention, for fields that nobody declared.
        undeclared: The names of these fields.

    Returns:
        SQL for the columns, the stamps, and for each record `_reason` (why it cannot be stored, or null), `_payload`
        (its JSON, if it cannot) and `_key_hash`.
    """
    as_read = {name: "JSON" if kind == "json" else "VARCHAR" for name, kind in types.items()}
    shape = orjson.dumps(as_read).decode().replace("'", "''")
    columns = [f"{_typed(_read(name), kind)} as {quoted(name)}" for name, kind in types.items()]
    columns += _undeclared_columns(types, normalize, undeclared)
    reasons = [_unusable_key(name) for name in key]
    reasons += [_badly_typed(name, kind) for name, kind in types.items() if kind not in _UNTYPED]
    return f"""
        with
        read as (
            select line, {SEEN_AT}, from_json(line, '{shape}') as record from lines
        ),
        judged as (
            select *, nullif(concat_ws('; ', {", ".join(reasons) or "null"}), '') as {REASON}
            from read
        )
        select
            {", ".join(columns)},
            md5(line) as {CONTENT_HASH},
            {SEEN_AT},
            cast(null as boolean) as {IS_DELETED},
            {REASON},
            if({REASON} is null, null, line) as {PAYLOAD},
            {key_hash(types, key, _read)} as {KEY_HASH}
        from judged
    """


def key_hash(
    types: Mapping[str, str], key: list[str], column: Callable[[str], str] | None = None
) -> str:
    """SQL for a number that is equal for equal keys, in a batch as in the warehouse."""
    values = (_typed((column or quoted)(name), types[name]) for name in key)
    return f"hash({', '.join(values) or 'null'})"


def quoted(name: str) -> str:
    """A column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _read(name: str) -> str:
    return f"record.{quoted(name)}"


def _typed(value: str, kind: str) -> str:
    """SQL for a value as its column's type, or null."""
    if kind in _UNTYPED:
        return value
    typed = f"try_cast({value} as {DUCKDB_TYPES[kind]})"
    if (
        kind == "timestamp"
    ):  # DuckDB stumbles over a blank before the offset, and over missing seconds
        text = f"trim(cast({value} as VARCHAR))"
        with_seconds = f"regexp_replace({text}, '{_NO_SECONDS}', '\\1:00\\2')"
        joined = f"regexp_replace({with_seconds}, '{_BLANK_OFFSET}', '\\1')"
        typed = f"coalesce({typed}, try_cast({joined} as {DUCKDB_TYPES[kind]}))"
    if kind == "bigint":  # 3.7 is no integer, though a cast would round it
        typed = f"if(try_cast({value} as DOUBLE) = {typed}, {typed}, null)"
    return typed


def _badly_typed(name: str, kind: str) -> str:
    """SQL for why a value cannot stand in its column, or null. An empty text is no value."""
    value = _read(name)
    wanted = "an integer" if kind == "bigint" else f"a {kind}"
    return (
        f"if({_typed(value, kind)} is null and trim({value}) <> '', "
        f"{_literal(f'{name} is not {wanted}')}, null)"
    )


def _unusable_key(name: str) -> str:
    """SQL for why a value cannot be part of a record's key, or null."""
    value = _read(name)
    return f"""
        case
            when {value} is null or trim({value}) = '' then {_literal(f"{name} is missing")}
            when
                left({value}, 1) in ('{{', '[')
                and json_type(line, {_literal(_pointer(name))}) <> 'VARCHAR'
                then {_literal(f"{name} is not a single value")}
        end
    """


def _undeclared_columns(
    types: Mapping[str, str], normalize: Callable[[str], str], undeclared: Iterable[str]
) -> Iterator[str]:
    """A field that nobody declared is kept as text, whatever it is: its type never changes."""
    used = {*types, *OWN_COLUMNS, REASON, PAYLOAD, KEY_HASH}
    for field in sorted(undeclared):
        name = column_name(field, normalize)
        while name in used:
            name += "_"
        used.add(name)
        yield f"json_extract_string(line, {_literal(_pointer(field))}) as {quoted(name)}"


def column_name(field: str, normalize: Callable[[str], str]) -> str:
    """The column in which a field that nobody declared is kept."""
    try:
        return normalize(field)
    except ValueError:  # a name without any letter
        return f"field_{md5(field.encode(), usedforsecurity=False).hexdigest()[:8]}"


def _pointer(field: str) -> str:
    return "/" + field.replace("~", "~0").replace("/", "~1")


def _literal(text: str) -> str:
    escaped = "'" + text.replace("'", "''") + "'"
    return escaped.replace("\x00", "' || chr(0) || '")  # a query's text ends at the first zero
