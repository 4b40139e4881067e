"""The `hirefunnel` command: arguments in, exit code out."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from typing import Annotated

import typer

from .errors import STOPPED, explained

# What is imported stays. To look through it for garbage whenever 700 objects are new takes a fifth of a second.
IMPORTED = 100_000

app = typer.Typer(
    name="hirefunnel",
    help="The hiring funnel, true every morning: five recruiting vendors, one warehouse.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Vendors = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[VENDOR]...",
        help="hirednow, talkpush, linkup, closerx, easir; all if none is named.",
    ),
]


@app.command()
def demo(
    nights: Annotated[int, typer.Option(min=1, max=30, help="How many nightly runs.")] = 2,
    people: Annotated[int, typer.Option(min=50, max=100_000, help="How many people.")] = 3000,
) -> None:
    """All five vendors from a local simulator, full nightly runs, then what to look at next."""
    from . import demo as module
    from .report import Reporter

    raise typer.Exit(module.demo(nights, people, Reporter()))


@app.command()
def run(vendors: Vendors = None) -> None:
    """The nightly job: sync, build, publish."""
    raise typer.Exit(_run("run", vendors, sync=True, build=True, publish=True))


@app.command()
def sync(vendors: Vendors = None) -> None:
    """Extract and load only."""
    raise typer.Exit(_run("sync", vendors, sync=True))


@app.command()
def build() -> None:
    """The dbt models and tests on what is loaded."""
    raise typer.Exit(_run("build", None, build=True))


@app.command()
def publish() -> None:
    """The read-only copy of the marts for BI, swapped in atomically."""
    raise typer.Exit(_run("publish", None, publish=True))


@app.command()
def backfill(
    vendor: Annotated[str, typer.Argument(help="hirednow, talkpush, linkup, closerx or easir.")],
    first: Annotated[str, typer.Option("--from", help="The first day, such as 2025-01-01.")],
    last: Annotated[str, typer.Option("--to", help="The last day.")],
) -> None:
    """A window of history, piece by piece; goes on where a stopped one ended."""
    from . import backfill as module
    from .report import Reporter

    raise typer.Exit(module.backfill(vendor, first, last, Reporter()))


@app.command()
def check(vendors: Vendors = None) -> None:
    """Settings and credentials against the vendors; nothing is loaded. Costs one LinkupAPI credit."""
    from . import check as module
    from .report import Reporter

    raise typer.Exit(module.check(vendors, Reporter()))


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Freshness, last runs, rows, failures, drift, cursors. Exit 0 fresh, 1 stale or failing."""
    from . import settings
    from . import status as module

    facts = module.collect(settings.load())
    if as_json:
        typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        from .tables import print_status

        print_status(facts)
    raise typer.Exit(0 if facts["is_fresh"] else 1)


@app.command()
def reset(
    vendor: Annotated[str, typer.Argument(help="hirednow, talkpush, linkup, closerx or easir.")],
    resource: Annotated[str | None, typer.Option(help="Only this resource, such as leads.")] = None,
) -> None:
    """Forget cursors, so that the next run reads all again. Nothing that is stored is removed."""
    from . import reset as module
    from .report import Reporter

    raise typer.Exit(module.reset(vendor, resource, Reporter()))


@app.command()
def forget(
    email: Annotated[str | None, typer.Option(help="The person's e-mail.")] = None,
    person_id: Annotated[str | None, typer.Option(help="A person_id of the marts.")] = None,
    record: Annotated[
        str | None, typer.Option(metavar="VENDOR:ID", help="One of their records.")
    ] = None,
) -> None:
    """Erase a person everywhere, and keep them erased. Cannot be undone."""
    from . import forget as module
    from .report import Reporter

    raise typer.Exit(module.forget(email, person_id, record, Reporter()))


@app.command()
def replay(
    folder: Annotated[str, typer.Argument(help="A folder of data/set_aside, as status names it.")],
) -> None:
    """Put what load packages that were set aside hold into the warehouse."""
    from . import replay as module
    from .report import Reporter

    raise typer.Exit(module.replay(folder, Reporter()))


def _run(
    command: str,
    names: list[str] | None,
    *,
    sync: bool = False,
    build: bool = False,
    publish: bool = False,
) -> int:
    """One run with the steps asked for; 1 if anything in it failed."""
    from . import run as module
    from . import settings as configuration
    from .build import phone_region
    from .mappings import read_mappings
    from .report import Reporter
    from .vendors import choose

    settings = configuration.load()
    vendors = choose(names)
    settings.prepare()
    if sync:
        module.prepare_vendors(settings, vendors)
    if build:
        # what is wrong with the mappings is found before the vendors are asked
        read_mappings(settings)
        phone_region()
    with module.open_run(settings, command, Reporter(), vendors if sync else ()) as current:
        if sync:
            current.sync(vendors)
        if build:
            current.build()
        if publish:
            current.publish()
    return 1 if current.failures else 0


def main() -> None:
    """The console script: errors become one sentence and an exit code; a stack trace is a bug."""
    # Nobody multiplies matrices: numpy's library need not start threads for that.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(IMPORTED)
    os.umask(0o077)  # what the program writes is about job seekers: its owner reads it, nobody else
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a scheduler's stop is a Ctrl-C
    try:
        app()
    except Exception as error:
        from .redact import mask

        known = explained(error)
        text = f"hirefunnel: {known}" if known else traceback.format_exc()
        print(mask(text), file=sys.stderr)
        sys.exit(known.exit_code if known else 1)
    except SystemExit as end:
        if end.code == STOPPED:  # by Ctrl-C: Typer has made it an exit code, and says nothing
            print(
                "hirefunnel: stopped; what was committed is kept, run again to go on.",
                file=sys.stderr,
            )
        raise


if __name__ == "__main__":
    main()
