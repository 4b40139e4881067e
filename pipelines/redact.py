"""The one place where secrets and personal data are masked: log records, error texts, stored history.

A person's name cannot be told from other words, so no text that we write may be made of records; what is masked
here is what others' texts (a vendor's answer, an engine's error) may repeat of them.
"""

from __future__ import annotations

import logging
import re
from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST_SECRET = 4  # less would be found in any text

# Secrets that a library may put into a text in another form than the value we know.
_SECRETS = (
    re.compile(r"(?i)((?:api_key|apikey|client_secret|access_token|token)=)[^&\s'\"]+"),
    re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:bearer\s+)?)[^\s'\",}]+"),
    re.compile(r"(?i)(bearer\s+)[a-z0-9._~+/=-]{8,}"),
)
# The last label of a domain begins with a letter: package@1.31.0 is no address. Lengths are bounded, so that
# a long text without any address is read once and not once for each of its letters.
_DOMAIN = r"[\w-]{1,63}(?:\.[\w-]{1,63})*\.[^\W\d_][\w-]{0,62}"
_PERSONAL = (
    re.compile(
        rf"()(?:\w[\w.!#$%'*+^`{{|}}~-]{{0,63}}|[^\s@])(?:(?:@|%40){_DOMAIN})+", re.IGNORECASE
    ),
    # International numbers. What comes after a digit is an offset from UTC; no country begins with 0.
    re.compile(r"()(?<![\w.:])(?:\+|%2B)[1-9](?:[ ().-]{0,2}\d){6,14}(?!\d)", re.IGNORECASE),
    # National ones, in the ways in which they are mostly written, none of which a date or a decimal has.
    re.compile(
        r"()(?<![\w.,:/+-])(?:"
        r"\(?0(?=(?:\D{0,2}\d){8,10}(?!\d))\d{1,4}\)?[ -]?\d{3,4}[ -]?\d{3,4}"
        r"|0[1-9](?:[ .]\d\d){4}"
        r"|\(?[2-9]\d\d\)?[ -]\d{3}-\d{4}"
        r")(?![\w-])"
    ),
    re.compile(r"(linkedin\.com(?:\\?/|%2F)(?:in|pub)(?:\\?/|%2F))[\w%.~-]+", re.IGNORECASE),
    # An engine's error repeats the value that it could not take.
    re.compile(r"(?i)(could not (?:convert|parse) string )(?:'.*?'(?= )|\".*?\"(?= ))"),
    re.compile(r"(?i)(with value )'.*?'(?= can't)"),
    re.compile(
        r"(?i)((?:field value out of range|field format|input|duplicate key|to numerical):? )\".*\""
    ),
)
_secrets: set[str] = set()


def remember(values: list[str]) -> None:
    """Masks these values from now on, also as an address writes them."""
    for value in values:
        if len(value) >= SHORTEST_SECRET:
            _secrets.update((value, quote(value, safe=""), quote_plus(value)))


def mask(text: str) -> str:
    """The text without any known secret, and without what looks like a credential or says who somebody is.

    Masked are e-mail addresses, telephone numbers (international, and national in a common form), LinkedIn profiles,
    and the values that DuckDB's errors repeat. A masked text stays as it is.
    """
    masked = _mask_once(text)
    while masked != text:
        text, masked = masked, _mask_once(masked)
    return masked


def _mask_once(text: str) -> str:
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern in (*_SECRETS, *_PERSONAL):
        text = pattern.sub(rf"\1{MASK}", text)
    return text


class RedactingFormatter(logging.Formatter):
    """Masks the finished line, so that arguments and tracebacks are covered as well."""

    def format(self, record: logging.LogRecord) -> str:
        """The formatted, masked line."""
        return mask(super().format(record))
