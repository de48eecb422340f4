# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rule about the cluster's domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._domains import NAME, domain_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory


def domain(inventory: Inventory) -> Iterator[Problem]:
    """Check that names in the domain are nobody else's."""
    written = inventory.shared(NAME)
    if written is not None:
        fault = domain_fault(written)
        if fault:
            yield Problem(INVENTORY, fault)
    elif any(NAME in host.values for host in inventory.hosts.values()):
        yield Problem(INVENTORY, f"{NAME} is not set; write one such as home.arpa, or remove the line.")
