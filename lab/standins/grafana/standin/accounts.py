# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The administrator's password: taken from the configuration once, kept in the database from then on."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .configuration import Configuration

_ROUNDS = 10_000


def _database(data: Path) -> Path:
    return data / "grafana.db"


def _hash(password: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS).hex()


def create(configuration: Configuration) -> None:
    """Make the database at the first start; later the configured password means nothing."""
    if not _database(configuration.data).exists():
        reset(configuration, configuration.password)


def reset(configuration: Configuration, password: str) -> None:
    """Set the password."""
    salt = os.urandom(8).hex()
    record = {"user": configuration.user, "salt": salt, "hash": _hash(password, salt)}
    configuration.data.mkdir(parents=True, exist_ok=True)
    path = _database(configuration.data)
    path.touch(mode=0o640)
    path.write_text(json.dumps(record), encoding="utf-8")


def admits(configuration: Configuration, header: str | None) -> bool:
    """Tell whether a request carries the administrator's name and password."""
    if not header or not header.startswith("Basic "):
        return configuration.anonymous
    try:
        user, _, password = base64.b64decode(header[6:]).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    record = json.loads(_database(configuration.data).read_text(encoding="utf-8"))
    return user == record["user"] and hmac.compare_digest(_hash(password, record["salt"]), record["hash"])
