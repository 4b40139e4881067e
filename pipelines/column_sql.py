"""The queries that turn JSON texts into columns: what can be stored, and why the rest cannot.

They read a batch's table `lines`: a record's JSON (`line`), `_seen_at`, its `_place`, and, if there is such a thing, a
struct of texts that stand in place of its fields or beside them (`added`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from hashlib import md5

import orjson

CONTENT_HASH = "_content_hash"
KEY_HASH = "_key_hash"
SEEN_AT = "_seen_at"
IS_DELETED = "_is_deleted"
OWN_COLUMNS = frozenset({CONTENT_HASH, KEY_HASH, SEEN_AT, IS_DELETED, "_dlt_load_id"})

# Columns of a batch that no table has.
REASON = "_reason"
PLACE = "_place"
SHAPE = "_shape"

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
HALF_OF_MD5 = f"{2**64 - 1}::uhugeint"
_OFFSET = r"(Z|[+-](?:0\d|1[0-5]):?[0-5]\d)$"
_BLANK_OFFSET = rf" +{_OFFSET}"
_NO_SECONDS = rf"([T ]\d\d:\d\d) *{_OFFSET}"


def names_query() -> str:
    """The names that stand in records: a row for each list of names that there is."""
    return "select distinct json_keys(line) from lines"


def shapes_query(names: Iterable[str]) -> str:
    """What stands under these names, as `json_type` says it, null where one is missing, and how many names there are.

    A row for each `_shape` that there is: its number, the list of types, the number of names.
    """
    return f"""
        with shapes as (select {_types(names)} as types, {_NAMES} as names from lines)
        select hash(types, names) as {SHAPE}, any_value(types), any_value(names)
        from shapes
        group by {SHAPE}
    """


_NAMES = "len(json_keys(line))"


def _types(names: Iterable[str]) -> str:
    """SQL for what stands under these names in a record."""
    pointers = ", ".join(_literal(_pointer(name)) for name in names)
    return f"json_type(line, [{pointers}])" if pointers else "[]::varchar[]"


def batch_query(
    types: Mapping[str, str],
    key: list[str],
    normalize: Callable[[str], str],
    fields: Collection[str],
    added: Collection[str],
) -> str:
    """The query for the columns.

    Args:
        types: The declared columns, with dlt's names for their types.
        key: Those that tell records apart.
        normalize: dlt's naming convention, for fields that nobody declared.
        fields: The names that stand in records.
        added: Those that stand in `added`.

    Returns:
        SQL for the columns, the stamps, and for each record `_reason` (why it cannot be stored, or null), `_place` and
        `_shape` (a number for what `shapes_query` says of it).
        Whoever's key cannot be used has no `_key_hash`.
    """
    as_read = {
        name: "JSON" if types[name] == "json" else "VARCHAR"
        for name in fields
        if name in types and name not in added
    }
    shape = _literal(orjson.dumps(as_read).decode())
    read = f"from_json(line, {shape})" if as_read else "null"

    def value(name: str) -> str:
        if name in added:
            return f"added.{quoted(name)}"
        return f"record.{quoted(name)}" if name in as_read else "cast(null as varchar)"

    def typed(name: str) -> str:
        return value(name) if types[name] in _UNTYPED else quoted(f"typed {name}")

    odd = [name for name, kind in types.items() if kind not in _UNTYPED]
    read_once = [f"{_typed(value(name), types[name])} as {typed(name)}" for name in odd]
    columns = [f"{typed(name)} as {quoted(name)}" for name in types]
    columns += _undeclared_columns(types, normalize, {*fields, *added} - types.keys(), added)
    badly_typed = {name: _badly_typed(name, types[name], typed(name), value(name)) for name in odd}
    no_key = [_unusable_key(name, value(name)) for name in key]
    no_key += [badly_typed.pop(name) for name in key if name in badly_typed]
    content = ", ".join(["line", *(f"added.{quoted(name)}" for name in sorted(added))])
    return f"""
        with
        read as (
            select *, {read} as record from lines
        ),
        typed as (select {", ".join(["*", *read_once])} from read),
        judged as (select *, {_joined(no_key)} as "no key" from typed)
        select
            {", ".join(columns)},
            {_number(f"hash({content})")} as {CONTENT_HASH},
            if("no key" is null, {key_hash(map(typed, key))}, null) as {KEY_HASH},
            {SEEN_AT},
            cast(null as boolean) as {IS_DELETED},
            {_joined(['"no key"', *badly_typed.values()])} as {REASON},
            {PLACE},
            hash({_types(fields)}, {_NAMES}) as {SHAPE}
        from judged
    """


def _joined(reasons: Iterable[str]) -> str:
    """SQL for those that there are, or null."""
    return f"nullif(concat_ws('; ', {', '.join(reasons) or 'null'}), '')"


def key_hash(values: Iterable[str]) -> str:
    """SQL for a number that is equal for equal keys, today and for ever.

    One of ten million keys shares its number with another in one warehouse of two hundred thousand; both are then
    stored again whenever they are read.

    Args:
        values: SQL for the key's values.
    """
    texts = ", ".join(f"cast({value} as varchar)" for value in values) or "''"
    # What `md5_number_upper` gives, in a quarter of the time: that is a macro, which goes through texts of bits.
    return _number(f"(md5_number(concat_ws(chr(31), {texts})) & {HALF_OF_MD5})")


def _number(unsigned: str) -> str:
    """SQL for 64 bits as the largest integer that all engines have."""
    return f"cast({unsigned} >> 1 as bigint)"


def quoted(name: str) -> str:
    """A column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


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
    if kind in {"timestamp", "date"}:  # DuckDB takes `infinity` for a time, and `epoch`
        typed = f"""
            case
                when {value} >= '0' and {value} < ':' then {typed}
                when regexp_matches({value}, '\\d') then {typed}
            end
        """
    if kind == "double":  # no score is NaN
        typed = f"if(isfinite({typed}), {typed}, null)"
    if kind == "bigint":  # 3.7 is no integer, though a cast would round it
        typed = f"if(try_cast({value} as DOUBLE) = {typed}, {typed}, null)"
    return typed


def _badly_typed(name: str, kind: str, typed: str, value: str) -> str:
    """SQL for why a value cannot stand in its column, or null. An empty text is no value."""
    wanted = "an integer" if kind == "bigint" else f"a {kind}"
    return (
        f"if({typed} is null and trim({value}) <> '', {_literal(f'{name} is not {wanted}')}, null)"
    )


def _unusable_key(name: str, value: str) -> str:
    """SQL for why a value cannot be part of a record's key, or null.

    Nearly all begin with a letter or a digit. What takes longer is asked of the others alone: each case looks at what
    the ones before it left.
    """
    return f"""
        case
            when {value} >= '!' and {value} < '{{' and not starts_with({value}, '[') then null
            when {value} is null or trim({value}) = '' then {_literal(f"{name} is missing")}
            when left({value}, 1) not in ('{{', '[') then null
            when json_type(line, {_literal(_pointer(name))}) <> 'VARCHAR'
                then {_literal(f"{name} is not a single value")}
        end
    """


def _undeclared_columns(
    types: Mapping[str, str],
    normalize: Callable[[str], str],
    undeclared: Iterable[str],
    added: Collection[str],
) -> Iterator[str]:
    """A field that nobody declared is kept as text, whatever it is: its type never changes."""
    used = {*types, *OWN_COLUMNS, REASON, PLACE, SHAPE}
    for field in sorted(undeclared):
        name = own = column_name(field, normalize)
        number = 1
        while name in used:  # two names that the convention makes one
            number += 1
            name = column_name(f"{own}_{number}", normalize)
        used.add(name)
        sent = f"json_extract_string(line, {_literal(_pointer(field))})"
        yield f"{f'added.{quoted(field)}' if field in added else sent} as {quoted(name)}"


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
