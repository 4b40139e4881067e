"""Secrets and personal data are masked wherever text is written, in any form in which others may print them."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import redact

SECRET = "s3cret-value-of-a-test"


@pytest.mark.parametrize(
    "text",
    [
        f"key {SECRET} in the middle",
        f"https://x.example/api?page=1&api_key={SECRET}&filter=2",
        f"Authorization: Bearer {SECRET}",
        f"{{'Authorization': 'Bearer {SECRET}'}}",
    ],
)
def test_a_known_secret_never_stays(text: str) -> None:
    redact.remember([SECRET])

    assert SECRET not in redact.mask(text)


def test_credentials_in_an_address_are_masked_even_if_unknown() -> None:
    masked = redact.mask("GET /leads?page=2&api_key=unknown-key-1&x=1")

    assert masked == "GET /leads?page=2&api_key=***&x=1"


def test_tracebacks_in_log_records_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    redact.remember([SECRET])
    formatter = redact.RedactingFormatter("%(message)s")
    try:
        raise ValueError(f"refused {SECRET}")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", None, None)
        record.exc_info = (type(error), error, error.__traceback__)

    line = formatter.format(record)
    assert "ValueError: refused ***" in line
    assert SECRET not in line


@pytest.mark.parametrize(
    "text",
    [
        "no room for 'Jane.Doe+jobs@Example.co.uk'.",
        '{"email": "o\'brien@mail.example.com"}',
        "GET /contacts?email=jane%40example.com&page=2",
        "called +639351234567 twice",
        "called +63 (935) 123-4567 twice",
        "q=%2B639351234567",
        "called 09351234567 twice",
        "called 0935 123-4567, twice",
        '{"phone": "(02) 8935-4567"}',
        "called 06 35 93 54 67.",
        "called (415) 935-4567 or 415-935-4567",
        "see https://www.linkedin.com/in/jane-doe-1a2b3c/ for more",
        "see linkedin.com\\/in\\/jane-doe-1a2b3c",
    ],
)
def test_who_somebody_is_never_stays(text: str) -> None:
    masked = redact.mask(text).lower()

    assert redact.MASK in masked
    for part in ("jane", "o'brien", "example", "935", "4567", "1a2b3c"):
        assert part not in masked


def test_the_words_around_a_mask_stay() -> None:
    text = "GET /contacts?email=jane@x.com&page=2 answered 422, {'phone': '+4930123456789'}"

    assert redact.mask(text) == "GET /contacts?email=***&page=2 answered 422, {'phone': '***'}"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T05:00:00.123+08:00",
        "2026-11-22 05:00:00+0800 and -05:00",
        "fa0b8100-6f4b-45af-842a-6ec63f64489f",
        "1,234,567 read, +1,234 new, 1e+10, +12.5 %",
        "0123456789ab, 2026-03-01 05:00, 01-02-2026 05:06:07 01/02/2026, lead 09351234567890123",
        "01234567-1234-4567-8901-012345678901, 000.123456789 s, load 1763.0912345678, 000000000000",
        "/srv/hirefunnel/data/logs/20261122T051741Z-2eca.log",
        "dlt 1.31.0+build.12345678, package@1.31.0, @app.command()",
        "https://acme.talkpush.com/api/talkpush_services?page=2&per_page=100",
        "https://www.linkedin.com/company/acme/ and job 4100983845:26905012345",
        "Catalog Error: Table with name 'results' does not exist, column \"score\"",
    ],
)
def test_what_makes_a_message_useful_stays(text: str) -> None:
    assert redact.mask(text) == text


class TestAnyText:
    """Whatever stands around it, and however often a text goes through."""

    pieces = st.one_of(
        st.text(max_size=12),
        st.emails(),
        st.sampled_from(
            ["api_key=", "Authorization: ", "Bearer ", "@", "%40", "***", "+49301234567"]
        ),
    )

    @given(before=st.text(), email=st.emails(), after=st.text())
    def test_no_email_survives(self, before: str, email: str, after: str) -> None:
        assert email not in redact.mask(before + email + after)

    @given(st.lists(pieces).map("".join))
    def test_masking_twice_is_masking_once(self, text: str) -> None:
        masked = redact.mask(text)

        assert redact.mask(masked) == masked

    @given(
        moment=st.datetimes(timezones=st.timezones()),
        name=st.uuids(),
        count=st.integers(),
        path=st.from_regex(r"(/[\w.-]{1,20}){1,5}\.py:[0-9]{1,4}", fullmatch=True),
    )
    def test_times_ids_counts_and_paths_survive(
        self, moment: datetime, name: UUID, count: int, path: str
    ) -> None:
        text = f"{moment.isoformat()} {name} {count:,} {path} {moment.date()}"

        assert redact.mask(text) == text


@pytest.mark.parametrize(
    "expression",
    [
        "cast('Jane Doe' as integer)",
        "cast('Jane Doe' as date)",
        "cast('Jane Doe' as timestamptz)",
        "cast('Jane Doe' as integer[])",
        "json_extract('{\"name\": Jane Doe}', 'name')",
        'json_transform_strict(\'{"a": "Jane Doe"}\', \'{"a": "INTEGER"}\')',
    ],
)
def test_a_value_that_duckdb_could_not_take_is_not_repeated(expression: str) -> None:
    with pytest.raises(duckdb.Error) as raised:
        duckdb.sql(f"select {expression}").fetchall()

    told = str(raised.value).partition("LINE 1")[0]  # what follows is the query, as we wrote it
    assert "Jane Doe" in told
    assert "Jane Doe" not in redact.mask(told)


def test_a_secret_is_masked_as_an_address_writes_it() -> None:
    redact.remember(["a/secret+of a test"])

    assert "secret" not in redact.mask("key a%2Fsecret%2Bof%20a%20test or a%2Fsecret%2Bof+a+test")
