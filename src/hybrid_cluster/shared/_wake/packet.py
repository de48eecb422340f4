# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# Generated from plugins/module_utils/_wake/packet.py by `make generate`; change it there.
"""The magic packet: what a sleeping network card looks for, whatever it is wrapped in."""

from __future__ import annotations

import re

from hybrid_cluster.shared._command import ClusterError

_HARDWARE_ADDRESS = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}", re.ASCII)
_GROUP_BIT = 1


class WakeError(ClusterError):
    """A host cannot be woken like this."""


def hardware_address(written: str) -> bytes:
    """Read the address of a network card."""
    if not _HARDWARE_ADDRESS.fullmatch(written):
        raise WakeError(
            f"mac_address is {written!r}: write six pairs of hexadecimal digits with colons, in quotes, such as"
            ' "1c:f6:4c:00:00:01".'
        )
    address = _bytes(written)
    if address[0] & _GROUP_BIT or not any(address):
        raise WakeError(
            f"mac_address is {written!r}, which does not belong to one card: write that of the host's own card."
        )
    return address


def password(written: str) -> bytes:
    """Read the password that a card with SecureOn wants; the sentence does not repeat it."""
    if not _HARDWARE_ADDRESS.fullmatch(written):
        raise WakeError("secure_on is not six pairs of hexadecimal digits with colons; write it as mac_address is.")
    return _bytes(written)


def magic_packet(address: bytes, secure_on: bytes = b"") -> bytes:
    """Return what wakes the card with this address."""
    return b"\xff" * 6 + address * 16 + secure_on


def _bytes(written: str) -> bytes:
    return bytes.fromhex(written.replace(":", ""))
