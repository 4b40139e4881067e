"""Years of history put straight into a warehouse's raw tables, and nights of changes on top of it.

    python -m benchmarks.history make --records 100000 --warehouse FILE
    python -m benchmarks.history night --records 100000 --warehouse FILE --changes 1000

Three in ten records are results, three leads, two LinkedIn applications, two recipients; a person has a bit less than
two of them, found by e-mail, telephone or LinkedIn id; a fifth of the records has changed once. A night changes records
anywhere in that history and adds some. Everything follows from hashes of numbers: each machine makes the same.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.history import History
from pipelines.pipeline import create_missing_tables
from pipelines.settings import Settings

AS_OF = "2025-12-25T02:00:00Z"
NIGHTS = 200
NEW = 0.3  # of a night's changes are new records
DATASETS = ("hirednow", "talkpush", "linkup", "easir", "closerx")

# What a record says follows from its number (i), its person (p), what never changes (h) and its version (v).
KINDS = {
    "raw_hirednow.results": (
        0.3,
        """
        md5('result' || i) as id,
        (['RECOMMENDED', 'NOT_RECOMMENDED', 'STRONGLY_RECOMMENDED', 'NOT_RECOMMENDED'])[1 + v % 4]
            as recommendation_status,
        json_object('id', 'H' || h % 300, 'name', 'Hiring ' || h % 100) as campaign,
        json_object('id', 'u' || p, 'email', 'person' || p || '@example.com') as "user",
        round(1 + v % 400 / 100.0, 2) as overall_score,
        json_object('cefr', json_object('score', (['A2', 'B1', 'B2', 'C1'])[1 + h % 4]))
            as additional_scores,
        i::varchar as order_index,
        """,
    ),
    "raw_talkpush.leads": (
        0.3,
        """
        i as id, p as candidate_id, h % 300 as campaign_id, 'Hiring ' || h % 100 as campaign_title,
        (['pending', 'pending', 'completed', 'shortlisted', 'rejected', 'hired', 'on_hold', 'Interview 2'])
            [1 + v % 8] as state,
        'Inbox' as folder, 'First' || p % 5000 as first_name, 'Last' || p % 70000 as last_name,
        case when h % 10 < 8 then 'Person' || p || '@example.com' end as email,
        case when h % 10 > 6 then '+63 917 ' || lpad((p % 10000000)::varchar, 7, '0') end
            as user_phone_number,
        (['Facebook', 'Referral', 'Website', 'JobStreet'])[1 + h % 4] as source,
        json_object(
            'linkedin_url',
            case when h % 7 = 0 then 'https://www.linkedin.com/in/person-' || p || '/' end
        ) as others,
        json_object('q1', 'An answer of some length, as candidates write them, ' || h) as answers,
        """,
    ),
    "raw_linkup.candidates": (
        0.2,
        """
        'J' || h % 300 as job_id, 'app' || i as application_id,
        (['UNRATED', 'MAYBE', 'GOOD', 'GOOD_FIT', 'NOT_A_FIT'])[1 + v % 5] as rating,
        'First' || p % 5000 as first_name, 'Last' || p % 70000 as last_name,
        'Agent at ' || h % 1000 as headline, 'person-' || p as public_identifier,
        'Manila' as location, born::date::varchar as application_date,
        json_array(json_object('title', 'Agent', 'company', 'Company ' || h % 5000)) as experiences,
        """,
    ),
    "raw_easir.campaign_recipients": (
        0.2,
        """
        'E' || h % 300 as campaign_id, 'rec' || i as id,
        (['delivered', 'opened', 'clicked'])[1 + v % 3] as status,
        json_array(
            json_object('name', 'first_name', 'value', 'First' || p % 5000),
            json_object('name', 'last_name', 'value', 'Last' || p % 70000),
            json_object('name', 'email', 'value', 'person' || p || '@example.com'),
            json_object(
                'name', 'mobile_phone_number', 'value',
                case when h % 10 < 3 then '+63 917 ' || lpad((p % 10000000)::varchar, 7, '0') end
            )
        ) as fixed_fields,
        json_object(
            'email', json_object('consent_given', h % 2 = 0, 'updated_at', '2025-02-02 10:00:00')
        ) as consent,
        """,
    ),
}
CAMPAIGNS = """
    insert into raw_easir.campaigns by name
    select
        'E' || c as id, 'Hiring ' || c % 100 as name, 'sent' as status,
        timestamptz '2024-06-01 00:00:00+00' + to_days(c::int) as sent_at,
        (hash('E' || c) >> 1)::bigint as _content_hash, (hash('E' || c) >> 1)::bigint as _key_hash,
        timestamptz '2024-06-02 00:00:00+00' as _seen_at,
        '1700000000.5' as _dlt_load_id
    from range(300) campaigns(c);
    insert into raw_linkup.jobs by name
    select
        'J' || c as job_id, 'Hiring ' || c % 100 as title, (hash('J' || c) >> 1)::bigint as _content_hash,
        (hash('J' || c) >> 1)::bigint as _key_hash,
        timestamptz '2024-06-02 00:00:00+00' as _seen_at, '1700000000.5' as _dlt_load_id
    from range(300) campaigns(c);
    insert into raw_closerx.hourly_metrics by name
    select
        'C' || c as campaign_id, date '2024-01-01' + d::int as date, h as hour, 1 as hour_occurrence,
        timestamptz '2024-01-01 00:00:00+00' + to_days(d::int) + to_hours(h::int) as hour_at,
        (c + h) % 7 as credit_deductions, h % 3 as campaign_results, true as is_final,
        (hash(c, d, h) >> 1)::bigint as _content_hash, (hash(c, d, h) >> 1)::bigint as _key_hash,
        timestamptz '2024-01-02 02:00:00+00' + to_days(d::int) as _seen_at,
        printf('%d.5', 1700000000 + d // 4 * 86400) as _dlt_load_id
    from range(20) campaigns(c), range(720) days(d), range(24) hours(h)
"""


def make(settings: Settings, records: int) -> None:
    """Fills an empty warehouse with `records` records of five vendors."""
    create_missing_tables(settings)
    instant = datetime.fromisoformat(AS_OF)
    History(settings.warehouse).begin("0", "run", instant, instant)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for dataset in DATASETS:
            connection.execute(
                f"insert into raw_{dataset}._dlt_loads (load_id, status, inserted_at)"
                f" select printf('%d.5', 1700000000 + night * 86400), 0, now()"
                f" from range({NIGHTS}) nights(night)"
            )
        connection.execute(CAMPAIGNS)
        for table, (share, _) in KINDS.items():
            count = int(records * share)
            _insert(
                connection,
                table,
                records,
                f"""
                select i, version, night,
                    printf('%d.5', 1700000000 + night * 86400) as load_id,
                    timestamptz '2024-01-02 02:00:00+00' + to_days(night * 3) as seen_at
                from (
                    select i, 1 as version, (i * {NIGHTS} // {count})::int as night
                    from range({count}) records(i)
                    union all
                    select i, 2, least({NIGHTS - 1}, (i * {NIGHTS} // {count})::int + 1 + (hash(i) % 20)::int)
                    from range({count}) records(i)
                    where hash(i, 5) % 5 = 0
                )
                order by night
                """,
            )


def add_night(settings: Settings, records: int, changes: int) -> None:
    """One more load a vendor: changed records from anywhere, and new ones."""
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        row = connection.execute("select count(*) from raw_talkpush._dlt_loads").fetchone()
        number = row[0] if row else 0
        load_id = f"{1700000000 + number * 86400}.5"
        for table, (share, _) in KINDS.items():
            count, new = int(records * share), int(changes * NEW * share)
            _insert(
                connection,
                table,
                records,
                f"""
                select i, {100 + number} as version, '{load_id}' as load_id,
                    timestamptz '2025-12-20 02:00:00+00' + to_hours({number}) as seen_at
                from (
                    select distinct (hash(r, {number}, '{table}') % {count})::bigint as i
                    from range({int(changes * share) - new}) changed(r)
                    union all
                    select {count} + {number * new} + r from range({new}) added(r)
                )
                """,
            )
        for dataset in DATASETS:
            connection.execute(
                f"insert into raw_{dataset}._dlt_loads (load_id, status, inserted_at)"
                f" values ('{load_id}', 0, now())"
            )


def _insert(connection: duckdb.DuckDBPyConnection, table: str, records: int, source: str) -> None:
    people = int(records * 0.55)
    columns = KINDS[table][1]
    created = "" if "linkup" in table else "born as created_at,"
    updated = "" if "linkup" in table else "seen_at - to_seconds(v % 80000) as updated_at,"
    connection.execute(
        f"""
        insert into {table} by name
        select {columns} {created} {updated}
            (hash(i, version) >> 1)::bigint as _content_hash,
            (hash(i, '{table}') >> 1)::bigint as _key_hash,
            seen_at as _seen_at,
            load_id as _dlt_load_id
        from (
            select *,
                (hash(i, '{table}') % {people})::bigint as p,
                (hash(i, 7) % 1000000007)::bigint as h,
                (hash(i, version, 11) % 1000000007)::bigint as v,
                timestamptz '2024-01-01 00:00:00+00'
                + to_seconds((hash(i, 3) % {720 * 86400})::bigint) as born
            from ({source})
        )
        """
    )


def main() -> None:
    """Makes a history, or adds a night to it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("make", "night"))
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--warehouse", type=Path, required=True)
    parser.add_argument("--changes", type=int, default=1000)
    options = parser.parse_args()
    folder = options.warehouse.parent
    settings = Settings(data_dir=folder, warehouse=options.warehouse, mappings_dir=folder / "none")
    if options.what == "make":
        make(settings, options.records)
    else:
        add_night(settings, options.records, options.changes)


if __name__ == "__main__":
    main()
