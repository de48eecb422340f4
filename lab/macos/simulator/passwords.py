# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Check a password against the host's real password file."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tool import Context

SHADOW = "/etc/shadow"
LIBRARY = "libcrypt.so.1"


def verify(context: Context, user: str, password: str) -> bool:
    """Tell whether the password is the user's; an unknown or locked user has none."""
    stored = _stored_hash(context, user)
    return bool(stored) and stored[0] not in "!*" and _crypt(password, stored) == stored


def _stored_hash(context: Context, user: str) -> str:
    with open(context.path(SHADOW), encoding="utf-8") as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name == user:
                return rest.partition(":")[0].strip()
    return ""


def _crypt(password: str, stored: str) -> str:
    # The module ``crypt`` left Python's standard library; the library behind it is always there.
    import ctypes

    library = ctypes.CDLL(LIBRARY)
    library.crypt.restype = ctypes.c_char_p
    result: bytes | None = library.crypt(password.encode(), stored.encode())
    return (result or b"").decode()
