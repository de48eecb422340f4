# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the factory gives a machine: the same host name always gets the same addresses, serial and identifiers."""

from __future__ import annotations

import hashlib
import uuid

APPLE_PREFIX = "1c:f6:4c"
LOCAL_PREFIX = "02:4c:41"
_SERIAL_CHARACTERS = "0123456789CDFGHJKLMNPQRTVWXY"


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("/".join(parts).encode()).digest()


def hardware_address(host: str, device: str, prefix: str = APPLE_PREFIX) -> str:
    """Return the Ethernet address of a host's interface."""
    return prefix + "".join(f":{byte:02x}" for byte in _digest("address", host, device)[:3])


def serial_number(host: str) -> str:
    """Return a serial number in the form Apple has used since 2021: ten random characters."""
    body = "".join(_SERIAL_CHARACTERS[byte % len(_SERIAL_CHARACTERS)] for byte in _digest("serial", host)[:9])
    return f"L{body}"


def identifier(host: str, what: str) -> str:
    """Return a UUID in the upper case macOS prints."""
    return str(uuid.UUID(bytes=_digest(what, host)[:16], version=4)).upper()


def switch_identifier(host: str) -> str:
    """Return the UID of the Thunderbolt switch."""
    return "0x05AC" + _digest("switch", host)[:6].hex().upper()
