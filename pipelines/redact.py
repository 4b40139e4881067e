"""The one place where secrets are masked: log records, error texts, stored history."""

from __future__ import annotations

import logging
import re

MASK = "***"
# Secrets that a library may put into a text in another form than the value we know.
_PATTERNS = (
    re.compile(r"(?i)((?:api_key|apikey|client_secret|access_token|token)=)[^&\s'\"]+"),
    re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:bearer\s+)?)[^\s'\",}]+"),
    re.compile(r"(?i)(bearer\s+)[a-z0-9._~+/=-]{8,}"),
)
_secrets: set[str] = set()


def remember(values: list[str]) -> None:
    """Masks these values from now on."""
    _secrets.update(value for value in values if len(value) >= 4)


def mask(text: str) -> str:
    """The text without any known secret, or anything that looks like a credential."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\1{MASK}", text)
    return text


class RedactingFormatter(logging.Formatter):
    """Masks the finished line, so that arguments and tracebacks are covered as well."""

    def format(self, record: logging.LogRecord) -> str:
        """The formatted, masked line."""
        return mask(super().format(record))
