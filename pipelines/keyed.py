"""Keyed hashes: names for people that say nothing about them without the salt."""

from __future__ import annotations

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from .errors import SettingsError
from .settings import Settings, read_toml

SALT_NAME = "salt"
SHORTEST_SALT = 16


def salt(settings: Settings) -> bytes:
    """The secret behind the hashes: HIREFUNNEL_SALT, `[hirefunnel] salt` in .dlt/secrets.toml, or one made here.

    One that is made here lies in the data folder, readable by its owner only. Whoever loses the salt loses the
    means to recognise those who were forgotten.

    Raises:
        SettingsError: If it is too short to be a secret, or the file of secrets cannot be read.
    """
    text = os.environ.get("HIREFUNNEL_SALT")
    if not text:
        text = str(read_toml(Path(".dlt/secrets.toml")).get("hirefunnel", {}).get("salt", ""))
    if not text:
        text = _own_salt(settings.data_dir / SALT_NAME)
    if len(text) < SHORTEST_SALT:
        raise SettingsError(
            f"HIREFUNNEL_SALT has {len(text)} characters; it needs at least {SHORTEST_SALT}."
        )
    return text.encode()


def _own_salt(path: Path) -> str:
    if not path.is_file():
        unfinished = path.with_name(f".{path.name}.part")
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_hex(32), encoding="utf-8")
        unfinished.replace(path)
    return path.read_text(encoding="utf-8").strip()


def keyed_hash(text: str, key: bytes) -> str:
    """HMAC-SHA256 of a text: 32 hex digits, the same for the same text and salt."""
    return hmac.new(key, text.encode(), sha256).hexdigest()[:32]
