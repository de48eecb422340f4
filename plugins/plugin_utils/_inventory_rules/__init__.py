# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What an inventory must satisfy before any host is touched."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem, enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules import (
    _addresses,
    _cards,
    _domain,
    _exo_models,
    _exo_namespace,
    _firewall,
    _forms,
    _halves,
    _hosts,
    _llama_cpp,
    _login_key,
    _models_entries,
    _models_hosts,
    _models_room,
    _monitoring,
    _nvidia,
    _passwords,
    _paths,
    _placement,
    _ranges,
    _settings,
    _undo,
    _variables,
    _waking,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

# The first four hide the values they report, so that one mistake makes one sentence: they stay first.
_RULES = (
    _exo_namespace.guessable,
    _variables.readable_secrets,
    _passwords.passwords_in_addresses,
    _variables.unknown_variables,
    _variables.nulls,
    _variables.wrong_values,
    _ranges.numbers,
    _paths.paths,
    _ranges.repetitions,
    _ranges.relations,
    _halves.empty_secrets,
    _forms.forms,
    _settings.settings,
    _halves.tables,
    _halves.releases,
    _halves.files,
    _halves.overrides,
    _halves.logins,
    _settings.dangling,
    _settings.hours,
    _variables.differing_values,
    _variables.checksums,
    _hosts.host_names,
    _hosts.planned_groups,
    _hosts.group_names,
    _hosts.platforms,
    _hosts.management,
    _hosts.interpreters,
    _domain.domain,
    _addresses.networks,
    _addresses.host_addresses,
    _addresses.mac_addresses,
    _placement.unsupported,
    _placement.cables,
    _placement.services,
    _placement.exo,
    _cards.cards,
    _cards.groups,
    _models_entries.entries,
    _models_hosts.hosts,
    _models_hosts.store,
    _models_hosts.api_key,
    _models_room.declared,
    _models_room.memory,
    _models_room.disk,
    _exo_models.exo_models,
    _llama_cpp.options,
    _llama_cpp.workers,
    _monitoring.remote_write,
    _firewall.firewall,
    _nvidia.driver,
    _waking.waking,
    _undo.undo_times,
    _login_key.login_key,
)


def check(inventory: Inventory) -> list[str]:
    """Return one sentence for each mistake, in order; the same mistake on several hosts is one sentence."""
    if not inventory.hosts:
        return [Problem(INVENTORY, "it has no host; begin with a copy of inventories/example.").sentence]
    problems = list(inventory.unresolved)
    for rule in _RULES:
        problems.extend(rule(inventory))
    subjects: dict[str, list[str]] = defaultdict(list)
    for problem in sorted(set(problems)):
        subjects[problem.text].append(problem.subject)
    return sorted(Problem(enumerate_names(names), text).sentence for text, names in subjects.items())
