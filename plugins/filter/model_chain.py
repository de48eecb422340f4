# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: who gets which folder of a model from whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _model_chain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: model_chain
short_description: Who gets which folder of a model from whom
version_added: 0.1.0
description:
  - The store's host has each folder first. The hosts that need it form a chain in which each asks the one before it,
    along Thunderbolt cables where there are any, and turns to another one when that one dies.
positional: models, store, hosts, addresses, plans
options:
  _input:
    description: What was seen on each host, by host, as M(hybrid_ai.cluster.model_folders) returns it.
    type: dict
    required: true
  models:
    description: The table of models, as P(hybrid_ai.cluster.model_table#filter) returns it.
    type: list
    elements: dict
    required: true
  store:
    description: The host that stores models; none where there is none.
    type: str
    required: true
  hosts:
    description: All hosts, in the order of the inventory.
    type: list
    elements: str
    required: true
  addresses:
    description: The LAN address of each host.
    type: dict
    required: true
  plans:
    description: The Thunderbolt plan of each host, see P(hybrid_ai.cluster.thunderbolt_plan#filter).
    type: dict
    required: true
  fetched:
    description: Whether the store's host has fetched what it lacks. If not, as in check mode, it is taken to have it.
    type: bool
    default: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show who gets what from whom
  ansible.builtin.debug:
    msg: "{{ (seen | hybrid_ai.cluster.model_chain(models, 'olab0', groups['all'], addresses, plans)).chains }}"
"""

RETURN = r"""
_value:
  description:
    - C(hosts) has what each host that takes part does, with C(folders), each with its C(holders), C(listen),
      C(allowed), C(plain), C(copies) and C(lines).
    - C(chains) has the hosts that need a folder, in their order, and C(problems) what cannot be done.
  type: dict
"""


def model_chain(  # noqa: PLR0917 - a filter has no names for what it needs
    seen: Mapping[str, Mapping[str, Any]],
    models: Sequence[Mapping[str, Any]],
    store: str | None,
    hosts: Sequence[str],
    addresses: Mapping[str, str],
    plans: Mapping[str, Mapping[str, Any]],
    *,
    fetched: bool = True,
) -> dict[str, Any]:
    """Plan the chains."""
    site = _model_chain.Site(hosts, addresses, plans)
    return _model_chain.plan(site, store, seen, models, fetched=fetched)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"model_chain": model_chain}
