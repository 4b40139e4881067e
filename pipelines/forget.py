"""Forgetting somebody: erased everywhere, and kept out of what is read from then on.

Any step may be cut short and the command be given again. First comes the list that keeps them out; then the files,
while the rows still tell what to look for; then the rows; then the bytes that deleted rows leave behind. From the
moment the rows are gone, `ops.forget_log` says that there is something left to do.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from . import database
from . import settings as configuration
from .erase import Person, erase_rows
from .erase_files import erase_from_files, others_that_name, write_warehouse_anew
from .erase_pages import payloads
from .errors import HirefunnelError, SettingsError, sentence
from .forgotten import EMAIL, LINKEDIN, RECORD, Forgotten, add, record_name
from .history import History
from .keyed import salt
from .person_tables import PERSON_TABLES
from .redact import mask
from .report import Reporter
from .run import Run, open_run
from .settings import Settings
from .vendors import VENDORS
from .whose import PERSON_ID, Wanted, find, wanted

MAPPINGS = "*.csv"


def forget(email: str | None, person_id: str | None, record: str | None, reporter: Reporter) -> int:
    """Erases a person with all their records.

    Returns:
        0 if everything was erased; 1 if something went wrong, or is for the user to do, which is then said.

    Raises:
        SettingsError: If no person, or more than one, is named.
        HirefunnelError: If nothing of them is found; an e-mail or a record is kept out from then on all the same.
    """
    from .build import phone_region
    from .mappings import read_mappings

    who = wanted(email, person_id, record)
    settings = _with_demo_mappings(configuration.load())
    settings.prepare()
    key = salt(settings)
    read_mappings(settings)
    phone_region()
    with _unnamed(), open_run(settings, "forget", reporter) as run:
        refusal = _forget(run, who, key)
    if refusal:  # raised after the run, which has not failed: `status` has nothing to tell of it
        raise refusal
    return 1 if run.failures else 0


def _forget(run: Run, who: Wanted, key: bytes) -> HirefunnelError | None:
    """All steps; what is to be said where there is nothing to erase, or it is not clear of whom."""
    _make_current(run)
    try:
        person = _put_on_list(run, who, key)
    except SettingsError as error:
        return error
    if _erase(run, who, person) or _is_unfinished(run):
        _finish(run)
        return None
    kept_out = f"; this {who.by} is kept out from now on" if who.by != PERSON_ID else ""
    return HirefunnelError(f"Nobody is stored under this {who.by}{kept_out}.")


@contextmanager
def _unnamed() -> Iterator[None]:
    """dbt writes down the command line that it was started with, and this one names them."""
    given = sys.argv
    sys.argv = [*given[:1], "forget"]
    try:
        yield
    finally:
        sys.argv = given


def _with_demo_mappings(settings: Settings) -> Settings:
    """The demo maps its campaigns by a file of its own; without it, others' rows would change."""
    folder = settings.data_dir / "demo_mappings"
    if folder.is_dir() and History(settings.warehouse).is_demo():
        return replace(settings, mappings_dir=folder)
    return settings


def _make_current(run: Run) -> None:
    """Loads and builds what earlier runs left: only then is it known which records are whose."""
    from . import build, packages, pipeline

    pipeline.create_missing_tables(run.settings)
    for vendor in VENDORS.values():
        if (run.settings.dlt_dir / vendor.name).exists():
            _, kept = packages.open_drained(vendor, run.settings)
            for folder, error in kept:
                run.history.add_set_aside(
                    run.run_id, vendor.name, folder.name, mask(sentence(error)), datetime.now(UTC)
                )
    if not _has_unread_loads(run.settings) and (
        not _has_built_loads(run.settings) or build.stands(run.settings)
    ):
        return
    build.build(run.settings, run.reporter)
    with database.connect(run.settings.warehouse) as connection:
        if "person_records" not in database.tables(connection, "marts"):
            raise HirefunnelError(
                "The models cannot be built, so it is not known which records are whose; "
                "see what `hirefunnel build` says, then forget again."
            )


def _has_unread_loads(settings: Settings) -> bool:
    loads = " union all ".join(
        f"select '{name}', load_id from raw_{name}._dlt_loads where status = 0" for name in VENDORS
    )
    with database.connect(settings.warehouse) as connection:
        unread = f"({loads}) except select vendor, load_id from ops.built_loads"
        return connection.execute(unread).fetchone() is not None


def _has_built_loads(settings: Settings) -> bool:
    with database.connect(settings.warehouse) as connection:
        return connection.execute("from ops.built_loads").fetchone() is not None


def _put_on_list(run: Run, who: Wanted, key: bytes) -> Person:
    """Finds the person; from here on nothing of theirs comes in."""
    with database.connect(run.settings.warehouse) as connection:
        person = find(connection, who, payloads(run.settings))
        given = {(who.vendor, who.text)} if who.by == RECORD else set()
        person = replace(person, records=person.records | given)
        names = {
            record_name(vendor, table.resource, record_id)
            for vendor, record_id in person.records
            for table in PERSON_TABLES.values()
            if table.vendor == vendor
        }
        values = {EMAIL: person.emails, LINKEDIN: person.linkedin_ids, RECORD: names}
        connection.execute("begin")
        add(connection, values, key, datetime.now(UTC))
        connection.execute("commit")
    return person


def _erase(run: Run, who: Wanted, person: Person) -> bool:
    """Files first: once the rows are gone, nobody knows what to look for.

    Returns:
        Whether anything of them was found.
    """
    forgotten = Forgotten.load(run.settings)
    if forgotten is None:
        raise RuntimeError("the list that was just written is empty")
    erased = list(erase_from_files(run.settings, person, forgotten))
    for line in erased:
        run.reporter.say(line, mark="ok")
    failures = [*_mappings_that_name(run, person), *_others_that_name(run, person)]
    for failure in failures:
        run.failures.append(failure)
        run.reporter.say(failure, mark="failed")
    records = Counter(vendor for vendor, _ in person.records)
    with database.connect(run.settings.warehouse) as connection:
        connection.execute("begin")
        counts = erase_rows(connection, person)
        if erased or counts:
            connection.execute(
                "insert into ops.forget_log values (?, ?, ?, map(cast(? as varchar[]), cast(? as bigint[])), null)",
                [
                    datetime.now(UTC),
                    run.run_id,
                    who.by,
                    list(records),
                    list(records.values()),
                ],
            )
        connection.execute("commit")
    for name, count in counts.items():
        run.reporter.say(f"{name}: {count:,} erased", mark="ok")
    return bool(erased or counts)


def _mappings_that_name(run: Run, person: Person) -> Iterator[str]:
    """The user's own files are the user's to change."""
    for path in sorted(run.settings.mappings_dir.glob(MAPPINGS)):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, 1):
            if person.is_named_in(line):
                yield f"{path} names them in line {number}; take the line out and build again"


def _others_that_name(run: Run, person: Person) -> Iterator[str]:
    for path in others_that_name(run.settings, person):
        yield f"{path} names them and was not made by hirefunnel; delete it if it need not be kept"


def _is_unfinished(run: Run) -> bool:
    with database.connect(run.settings.warehouse) as connection:
        query = "from ops.forget_log where finished_at is null"
        return connection.execute(query).fetchone() is not None


def _finish(run: Run) -> None:
    """What needs no knowledge of the person: this also ends what an earlier run began."""
    try:
        run.build()
    except HirefunnelError as error:  # what was deleted must go all the same
        run.failures.append(str(error))
        run.reporter.say(str(error), mark="failed")
    write_warehouse_anew(run.settings.warehouse)
    run.reporter.say("the warehouse was written anew, without what was deleted", mark="ok")
    _publish_anew(run)
    with database.connect(run.settings.warehouse) as connection:
        connection.execute(
            "update ops.forget_log set finished_at = ? where finished_at is null",
            [datetime.now(UTC)],
        )


def _publish_anew(run: Run) -> None:
    """A copy without them, and no older one. A reader that has an older one open keeps what it opened."""
    folder = run.settings.published_dir
    older = [*folder.glob("hirefunnel-*.duckdb*"), *folder.glob(".hirefunnel-*")]
    if not older:
        return
    run.publish()
    for path in older:
        with suppress(FileNotFoundError):
            path.unlink()
    run.reporter.say(f"published: {len(older)} older files removed", mark="ok")
