"""Secrets are masked wherever text is written, in any form in which a library may print them."""

from __future__ import annotations

import logging

import pytest

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
