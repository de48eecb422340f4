# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Addresses and names of hosts, as the program takes them."""

from __future__ import annotations

import ipaddress
import re

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def is_address(text: str) -> bool:
    """Tell whether it is an address of either kind."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_host_name(text: str) -> bool:
    """Tell whether it is the name of a host: no underscore, no dot at its end, no number as its last part."""
    try:
        labels = text.encode("idna").decode().split(".")
    except UnicodeError:
        return False
    return all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
