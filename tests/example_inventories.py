# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The inventories that people begin with a copy of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

if TYPE_CHECKING:
    from typing import Any

REPOSITORY = Path(__file__).parents[1]
EXAMPLE = REPOSITORY / "inventories/example"
"""The one with every comment."""
EXAMPLES = [EXAMPLE, *sorted(path.parent for path in REPOSITORY.glob("inventories/examples/*/hosts.yml"))]


def variables(directory: Path) -> dict[str, dict[str, Any]]:
    """Return what an inventory says of each host, as it is written."""
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(directory)])
    manager = VariableManager(loader=loader, inventory=inventory)
    return {host.name: manager.get_vars(host=host, include_hostvars=False) for host in inventory.get_hosts()}


def members(directory: Path, pattern: str) -> list[str]:
    """Return the hosts of an inventory that a pattern means, as on the command line."""
    inventory = InventoryManager(loader=DataLoader(), sources=[str(directory)])
    return [host.name for host in inventory.get_hosts(pattern)]
