# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about passwords that stand where nobody keeps them secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_names import (
    has_password,
    is_secret_name,
    members,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory


_SHOWN = {
    "ollama_environment": "models come from the store, which has model_store_token",
    "vllm_environment": "models come from the store, which has model_store_token",
}
"""Variables of a program that everybody can read on its host, and why it needs no secret."""


def passwords_in_addresses(inventory: Inventory) -> Iterator[Problem]:
    """Find addresses with a password in variables that are shown, logged and written down for everybody."""

    def look(name: str, value: Any) -> list[str]:
        if inventory.specs.options[name].get("no_log"):
            return []
        if any(has_password(one) for _, one in members(value)):
            advice = "write the address without the password"
            return [f"{name} has an address with a password in it, and is not kept secret; {advice}."]
        keys = sorted({key for key, one in members(value) if one and is_secret_name(key)}) if name in _SHOWN else []
        return [f"{name} has {key} in it, and is not kept secret; leave it out, since {_SHOWN[name]}." for key in keys]

    for host, name, faults in inventory.look(look):
        host.forget(name)
        yield from (Problem(host.name, fault) for fault in faults)
