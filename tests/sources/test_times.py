"""EASI'R's wall-clock times as instants, and HiredNow's days: the quick way says what the slow one does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.easir.helpers import in_utc
from sources.hirednow.helpers import created_date, newest_date

ZONES = ("UTC", "Asia/Manila", "Asia/Kathmandu", "Europe/Copenhagen", "Australia/Lord_Howe")


@given(st.datetimes(datetime(1880, 1, 1), datetime(2100, 1, 1)), st.sampled_from(ZONES))
def test_a_time_is_the_instant_that_its_zone_makes_of_it(local: datetime, zone: str) -> None:
    local = local.replace(microsecond=0)
    timezone = ZoneInfo(zone)

    instant = in_utc(f"{local:%Y-%m-%d %H:%M:%S}", timezone)

    assert instant == local.replace(tzinfo=timezone).astimezone(UTC).isoformat()


@pytest.mark.parametrize("minute", range(0, 60, 10))
def test_an_hour_in_which_the_clocks_change_is_read_minute_by_minute(minute: int) -> None:
    timezone = ZoneInfo("Europe/Vilnius")  # its clocks were changed by minutes in that night
    local = datetime(1880, 1, 1, 0, minute)

    instant = in_utc(f"{local:%Y-%m-%d %H:%M:%S}", timezone)

    assert instant == local.replace(tzinfo=timezone).astimezone(UTC).isoformat()


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ("2026-03-01 09:30:00", "2026-03-01T08:30:00+00:00"),
        ("2026-3-1 9:30:00", "2026-03-01T08:30:00+00:00"),
        ("2026-03-01T09:30:00", "2026-03-01T09:30:00"),
        ("2026-02-30 09:30:00", "2026-02-30 09:30:00"),
        ("2026-03-01 24:30:00", "2026-03-01 24:30:00"),
        ("2026-03-01 09:60:00", "2026-03-01 09:60:00"),
        ("0001-01-01 00:30:00", "0001-01-01 00:30:00"),
        ("0000-00-00 00:00:00", None),
        ("", None),
        (None, None),
        (["2026-03-01 09:30:00"], ["2026-03-01 09:30:00"]),
    ],
)
def test_what_is_no_time_stays_as_it_was_sent(sent: Any, wanted: Any) -> None:
    assert in_utc(sent, ZoneInfo("Europe/Copenhagen")) == wanted


instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9)).map(
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.000"
)
creation_times = st.one_of(
    instants.map(lambda text: text + "Z"),
    instants.map(lambda text: text + "+09:00"),
    instants,
    st.sampled_from([None, 3, "", "2026-01-08", ["2026-01-08T00:00:00.000Z"], {}, "2026-13-01Z"]),
)


@given(st.lists(creation_times, max_size=4), st.dates(date(2026, 1, 2), date(2026, 1, 7)))
def test_the_newest_day_is_the_last_that_is_not_to_come(sent: list[Any], today: date) -> None:
    days = [created_date(each) for each in sent]

    newest = newest_date(sent, today.isoformat())

    assert newest == max((day for day in days if day <= today.isoformat()), default="")
