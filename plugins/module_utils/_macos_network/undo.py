# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Taking back a change that cut the connection it came through: the commands that set back what was there."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.undo_job import UndoJob
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.addressing import parse_routes
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.settings import SETTINGS, write_enabled
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NETWORKSETUP, NetworkError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import Unknown

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.state import Difference
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkSetup

JOB = UndoJob("network-undo")


def restore_commands(tool: NetworkSetup, differences: list[Difference]) -> list[list[str]]:
    """Return the commands that set back what the differences change."""
    commands: list[list[str]] = []
    for difference in differences:
        name, device, before = difference.service, difference.device, difference.got
        if difference.key in SETTINGS:
            words = SETTINGS[difference.key].write(name, device, before) if before is not None else []
        elif difference.key == "enabled":
            words = write_enabled(name, device, before)
        elif difference.key == "order":
            words = [["-ordernetworkservices", *before]]
        else:
            raise NetworkError(
                f"The network service {name} carries this connection and could not be brought back: set its option"
                " enabled to false instead of removing it."
            )
        if difference.key == "ipv4":
            words = [*words, *_routes(tool, name)]
        commands += [[NETWORKSETUP, *line] for line in words]
    return commands


def _routes(tool: NetworkSetup, name: str) -> list[list[str]]:
    """Return the command for the additional routes of a service, which a new method takes away."""
    routes = parse_routes(tool.run("-getadditionalroutes", name))
    if isinstance(routes, Unknown):
        raise NetworkError(
            f"The setting ipv4 of the network service {name} stays as it is, because its additional routes could not "
            f"be brought back: `networksetup -getadditionalroutes` says {routes.says}."
        )
    return [["-setadditionalroutes", name, *routes]] if routes else []


def arm(launchd: Launchd, seconds: int, commands: list[list[str]]) -> None:
    """Have the commands run after some seconds."""
    what = "Restores the network settings from before a change that nobody confirmed."
    JOB.arm(launchd, JOB.text(what, seconds, [shlex.join(command) for command in commands]))
