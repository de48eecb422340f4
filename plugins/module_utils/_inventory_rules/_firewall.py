# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about the firewall."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._inventory_rules._model import Inventory

LEAST_UNDO_SECONDS = 15
"""A new SSH connection and a module need some of them."""


def firewall(inventory: Inventory) -> Iterator[Problem]:
    """Check who is trusted, and that there is time to confirm rules."""
    trusted = inventory.shared("firewall_trusted")
    for value in trusted if isinstance(trusted, list) else ():
        if not _is_network(value):
            yield Problem(
                INVENTORY,
                f"firewall_trusted has {value!r}, which is no IP address or network; write one such as 192.168.7.0/24,"
                " since a firewall resolves no names.",
            )
    seconds = inventory.shared("firewall_undo_after_seconds")
    if isinstance(seconds, int) and seconds < LEAST_UNDO_SECONDS:
        yield Problem(
            INVENTORY,
            f"firewall_undo_after_seconds is {seconds}, which is too short for a new connection; write"
            f" {LEAST_UNDO_SECONDS} or more.",
        )


def _is_network(value: Any) -> bool:
    try:
        ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        return False
    return True
