# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who may use the page and the API."""

from __future__ import annotations

import base64
import binascii
import ctypes
import threading
import time
from typing import Any

_crypt_lock = threading.Lock()  # crypt(3) returns a buffer that all threads share


def password_matches(password: str, hashed: str) -> bool:
    """Compare a password with its bcrypt hash."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    with _crypt_lock:
        return bool(library.crypt(password.encode(), hashed.encode()) == hashed.encode())


class Doorkeeper:
    """Lets the users in, everybody where there are none, and nobody who guessed too often."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._users = {user["name"]: user["password"] for user in configuration["users"]}
        self._attempts: int = configuration["auth_attempts"]
        self._block_seconds: int = configuration["block_auth_min"] * 60
        self._failures: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def admits(self, header: str | None, address: str) -> bool:
        """Tell whether a request may pass; a wrong password counts against its address, a missing one does not."""
        if not self._users:
            return True
        if not header or not header.startswith("Basic ") or self._is_blocked(address):
            return False
        try:
            name, _, password = base64.b64decode(header[6:]).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        if name in self._users and password_matches(password, self._users[name]):
            with self._lock:
                self._failures.pop(address, None)
            return True
        with self._lock:
            self._failures.setdefault(address, []).append(time.monotonic())
        return False

    def _is_blocked(self, address: str) -> bool:
        with self._lock:
            recent = [at for at in self._failures.get(address, []) if at > time.monotonic() - self._block_seconds]
            return bool(self._attempts) and len(recent) >= self._attempts
