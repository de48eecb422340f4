# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Random names: peer ids as libp2p prints Ed25519 keys, and the one-time name of a node in mDNS."""

from __future__ import annotations

import os
import secrets
import string
from uuid import uuid4

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519_PREFIX = bytes.fromhex("002408011220")


def base58(data: bytes) -> str:
    """Return data in the Bitcoin alphabet of base58."""
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def new_peer_id() -> str:
    """Return a fresh node id; the real program makes a new key at every start."""
    return base58(_ED25519_PREFIX + os.urandom(32))


def new_peer_name() -> str:
    """Return a fresh name for the node's mDNS records."""
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(32 + secrets.randbelow(32)))


def new_id() -> str:
    """Return a fresh id of an instance, a runner, a task or a command."""
    return str(uuid4())
