# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about cards: they are named by what stays the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cuda_devices import faults
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

VARIABLES = ("llama_cpp_cards", "ollama_cards", "vllm_cards")


def groups(inventory: Inventory) -> Iterator[Problem]:
    """Find hosts of backends that compute on NVIDIA cards alone, of which the inventory names none."""
    for backend in BACKENDS.values():
        for host in inventory.members(backend.name) if backend.needs_cards else ():
            # That it does not run on a Mac at all is told elsewhere.
            if "gpu" not in host.groups and not host.is_mac:
                yield Problem(
                    host.name,
                    f"it is in the group {backend.name}, which computes on NVIDIA cards alone, but not in the group"
                    f" gpu; add it there, or take it out of {backend.name}.",
                )


def cards(inventory: Inventory) -> Iterator[Problem]:
    """Check the lists of cards that backends are to use."""
    for host in inventory.hosts.values():
        for variable in VARIABLES:
            for fault in faults(host.get(variable), variable):
                yield Problem(host.name, fault)
