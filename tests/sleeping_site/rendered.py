# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The configuration of the gateway and of its HAProxy, as the role writes them for a small site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.roles.render import render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANAGEMENT = "desk"


def configuration(
    addresses: Mapping[str, str], cards: Mapping[str, str], models: Mapping[str, str], secrets: Path, **settings: Any
) -> tuple[dict[str, str], dict[str, str], dict[str, Any]]:
    """Return the files of the gateway, those of its HAProxy, and how HAProxy is run.

    `addresses` are those of the hosts by name, `cards` the hardware addresses of those that sleep, `models` the host of
    each model, and `settings` variables of the inventory.
    """
    hosts = {name: {"ansible_host": address} for name, address in addresses.items()}
    for name, card in cards.items():
        hosts[name] |= {"cluster_wake": True, "mac_address": card}
    values = {
        "ansible_host": addresses[MANAGEMENT],
        "ansible_managed": "Of a test.",
        "cluster_lan_subnet": addresses[MANAGEMENT].rpartition(".")[0] + ".0/24",
        "cluster_model_api_key": "k" * 40,
        "cluster_secrets_directory": str(secrets),
        "cluster_models": [
            {"name": model, "source": {"path": "/m"}, "format": "gguf", "backend": "llama_cpp", "hosts": [host]}
            for model, host in models.items()
        ],
        "group_names": ["linux", "management"],
        "groups": {
            "all": list(hosts),
            "management": [MANAGEMENT],
            "llama_cpp": [name for name in hosts if name != MANAGEMENT],
        },
        "hostvars": hosts,
        "inventory_hostname": MANAGEMENT,
        "__gateway_source": {"digest": "test"},
        # Nobody looks at it, and the web front that leads there is not here.
        "__cluster_has_status_page": False,
        **settings,
    }
    gateway, front = render("gateway", "__gateway_files", "tasks/present.yml:__gateway_front_files", **values)
    (run,) = render("gateway", "__gateway_front_run", **values, __gateway_front_files=front)
    return gateway, front, run
