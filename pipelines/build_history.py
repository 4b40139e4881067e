"""What builds have read: whether the next one may keep to what is new."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from . import database
from .history import TABLES
from .vendors import VENDORS


class BuildHistory:
    """The builds of one warehouse, `ops.builds` and `ops.built_loads`."""

    def __init__(self, warehouse: Path) -> None:
        self.warehouse = warehouse

    def stands(self, fingerprint: str) -> bool:
        """Whether the last build was whole and defined the same, and each load that it read is still in raw."""
        with database.connect(self.warehouse) as connection:
            connection.execute(TABLES)
            last = connection.execute(
                "select is_whole, fingerprint from ops.builds order by build_id desc limit 1"
            ).fetchone()
            return last == (True, fingerprint) and not _has_lost_loads(connection)

    def begin(self, fingerprint: str, started_at: datetime, is_full: bool) -> bool:
        """Notes that a build has started, not whole yet.

        Args:
            fingerprint: Stands for all that defines the result, besides the raw rows.
            is_full: Whether everything is to be read in any case.

        Returns:
            Whether the build reads only new loads: it may if the last one stands.
        """
        is_news = not is_full and self.stands(fingerprint)
        with database.connect(self.warehouse) as connection:
            connection.execute(
                """
                insert into ops.builds
                select coalesce(max(build_id), 0) + 1, ?, null, ?, false, ? from ops.builds
                """,
                [started_at, not is_news, fingerprint],
            )
        return is_news

    def new_rows(self) -> int:
        """How many rows there are in raw tables that no build has read."""
        with database.connect(self.warehouse) as connection:
            found = {
                vendor: database.tables(connection, vendor.dataset) for vendor in VENDORS.values()
            }
            return sum(
                _new_rows(connection, vendor.name, vendor.dataset, table)
                for vendor, tables in found.items()
                for table in vendor.resources
                if {table, "_dlt_loads"} <= {*tables}
            )

    def finish(self, finished_at: datetime, is_whole: bool) -> None:
        """Notes how the last build ended, and, if it is whole, the loads that it has read."""
        this = "build_id = (select max(build_id) from ops.builds)"
        with database.connect(self.warehouse) as connection:
            connection.execute("begin")
            connection.execute(
                f"update ops.builds set finished_at = ?, is_whole = ? where {this}",
                [finished_at, is_whole],
            )
            if is_whole:
                connection.execute(
                    f"delete from ops.built_loads where (select is_full from ops.builds where {this})"
                )
                connection.execute(
                    """
                    insert into ops.built_loads
                    select vendor, load_id from intermediate.int_loads where is_new
                    """
                )
            connection.execute("commit")


def _has_lost_loads(connection: Any) -> bool:
    """Whether a load that the models contain is in raw no more: somebody put raw tables back or took them away."""
    vendors = connection.execute("select distinct vendor from ops.built_loads").fetchall()
    for (vendor,) in vendors:
        dataset = f"raw_{vendor}"
        if "_dlt_loads" not in database.tables(connection, dataset):
            return True
        lost = connection.execute(
            f"""
            select load_id from ops.built_loads where vendor = ?
            except select load_id from {dataset}._dlt_loads where status = 0
            """,
            [vendor],
        ).fetchone()
        if lost:
            return True
    return False


def _new_rows(connection: Any, vendor: str, dataset: str, table: str) -> int:
    """By their loads' ids, so that DuckDB skips what is older."""
    row = connection.execute(
        f"""
        select count(*) from {dataset}.{table}
        where _dlt_load_id in (
            select load_id from {dataset}._dlt_loads where status = 0
            except select load_id from ops.built_loads where vendor = ?
        )
        """,
        [vendor],
    ).fetchone()
    return int(row[0]) if row else 0
