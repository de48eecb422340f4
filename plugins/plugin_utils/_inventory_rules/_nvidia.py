# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rule about the NVIDIA driver of a host, as far as it can be told without its cards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import BRANCHES
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem, enumerate_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

_GROUP = "gpu"


def driver(inventory: Inventory) -> Iterator[Problem]:
    """Check that the driver that is asked for exists; whether it serves the cards is seen on the host."""
    for host in inventory.hosts.values():
        if _GROUP in host.groups:
            yield from (Problem(host.name, text) for text in _sentences(host))


def _sentences(host: Host) -> Iterator[str]:
    branch, flavour = host.get("nvidia_driver_branch"), host.get("nvidia_driver_flavour")
    version, toolkit = host.get("nvidia_driver_version"), host.get("nvidia_driver_container_toolkit")
    if isinstance(branch, int) and branch not in BRANCHES:
        yield f"nvidia_driver_branch is {branch}; write one of {enumerate_names(map(str, BRANCHES))}, or remove it."
        return
    if isinstance(branch, int) and isinstance(flavour, str) and flavour not in BRANCHES[branch].flavours:
        kept = BRANCHES[branch].flavours[0]
        yield f"nvidia_driver_flavour is {flavour}, which branch {branch} does not have; write {kept}, or remove it."
    if isinstance(version, str):
        number = re.fullmatch(r"(\d{3})(\.\d+)+", version)
        if number is None or int(number[1]) not in BRANCHES:
            yield f"nvidia_driver_version is {version}; write a whole version such as 580.173.02, or remove it."
        elif branch is not None and number[1] != str(branch):
            yield (
                f"nvidia_driver_version is {version}, and nvidia_driver_branch {branch}; write {number[1]} as the"
                " branch, or remove one of them."
            )
    if isinstance(toolkit, str) and not re.fullmatch(r"\d+(\.\d+)+-\d+", toolkit):
        yield f"nvidia_driver_container_toolkit is {toolkit}; write a whole version such as 1.20.0-1, or remove it."
