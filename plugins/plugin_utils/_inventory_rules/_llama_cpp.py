# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about llama.cpp: options that nobody may set, and hosts that compute with the memory of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _llama_cpp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

GROUP, OPTIONS, WORKERS, VERSION = "llama_cpp", "llama_cpp_options", "llama_cpp_rpc_workers", "llama_cpp_version"
EXPERIMENT = "llama_cpp_rpc"


def options(inventory: Inventory) -> Iterator[Problem]:
    """Check the options of an operator's own."""
    for host in inventory.hosts.values():
        for sentence in _llama_cpp.options_problems(host.get(OPTIONS), OPTIONS):
            yield Problem(host.name, sentence)


def workers(inventory: Inventory) -> Iterator[Problem]:
    """Check whose memory a host may use: no worker asks who comes, and one of another version ends the model."""
    members = inventory.groups.get(GROUP, ())
    for host in inventory.hosts.values():
        names = host.get(WORKERS) or []
        if names and EXPERIMENT not in (host.get("cluster_experimental") or ()):
            yield Problem(
                host.name,
                f"{WORKERS} is set, and upstream calls that fragile and insecure; add {EXPERIMENT} to"
                f" cluster_experimental, or remove {WORKERS}.",
            )
        for place, name in enumerate(names):
            fault = _worker_fault(host, str(name), members, inventory.hosts.get(str(name)))
            if fault:
                yield Problem(host.name, f"{WORKERS}[{place}] is {name}, {fault}")


def _worker_fault(host: Host, name: str, members: Collection[str], worker: Host | None) -> str:
    if name == host.name:
        return "which is the host itself; name others."
    if worker is None or name not in members:
        return f"which is not a host of the group {GROUP}; write one of that group."
    here, there = host.get(VERSION), worker.get(VERSION)
    if here != there:
        return f"where {VERSION} is {there}, and here it is {here}; write the same version for both."
    return ""
