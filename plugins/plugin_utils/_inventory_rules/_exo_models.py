# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about the names of models on exo, which answers to one name for each and reads some by their name alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import cards, versions
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    INVENTORY,
    Problem,
    enumerate_names,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory


def exo_models(inventory: Inventory) -> Iterator[Problem]:
    """Check each model of the table that exo serves; entries that are none are told elsewhere."""
    members = inventory.members("exo")
    first = members[0] if members else None
    version, releases = (first.get("exo_version"), first.get("exo_releases")) if first else (None, None)
    start = versions.start_of(str(version), releases) or versions.STARTS[versions.NEWEST]
    table = inventory.shared("cluster_models")
    for model in table if isinstance(table, list) else ():
        if not isinstance(model, dict) or model.get("backend") != "exo" or model.get("state") == "absent":
            continue
        name, source = str(model.get("name")), model.get("source")
        aliases = model.get("aliases")
        if isinstance(aliases, list) and aliases:
            yield Problem(
                INVENTORY,
                f"the model {name} has the aliases {enumerate_names(map(str, aliases))}, but exo answers to one name"
                " for each copy of a model in memory; remove them.",
            )
        repository = source.get("repository") if isinstance(source, dict) else None
        fault = cards.name_fault(name, str(repository), start) if repository else None
        if fault:
            yield Problem(INVENTORY, f"the model of {repository} {fault}")
