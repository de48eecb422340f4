# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Taking back a change that cut the connection it came through.

A launchd job waits and then restores the settings from before, unless it is confirmed in time. It is no child of the
session, so it survives the end of the connection, and it starts again at boot, so it survives a power cut too.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import job
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.addressing import parse_routes
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.settings import SETTINGS, write_enabled
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NETWORKSETUP, NetworkError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import Unknown

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.state import Difference
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkSetup

LABEL = "hybrid-ai.network-undo"
SCRIPT = f"{_names.STATE_DIRECTORY}/network-undo"


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


def script(seconds: int, commands: list[list[str]]) -> bytes:
    """Return the program that waits, restores and removes itself."""
    plist = _names.launchd_plist(LABEL)
    lines = [
        "#!/bin/sh",
        "# Restores the network settings from before a change that nobody confirmed.",
        f"/bin/sleep {seconds}",
        *(shlex.join(command) for command in commands),
        f"/bin/rm -f {plist} {SCRIPT}",
        f"/bin/launchctl bootout system/{LABEL}",
    ]
    return ("\n".join(lines) + "\n").encode()


def arm(launchd: Launchd, seconds: int, commands: list[list[str]]) -> None:
    """Start the job that restores; one from an earlier call ends, since we are here and the host can be reached."""
    disarm(launchd)
    _files.make_directory(_names.STATE_DIRECTORY, 0o700)
    _files.write(SCRIPT, script(seconds, commands), 0o700)
    path = _names.launchd_plist(LABEL)
    job.write_plist(
        path, {"Label": LABEL, "ProgramArguments": ["/bin/sh", SCRIPT], "RunAtLoad": True, "ProcessType": "Interactive"}
    )
    launchd.load(LABEL, path)


def pending(launchd: Launchd) -> bool:
    """Tell whether a change waits for its confirmation."""
    return launchd.job(LABEL).loaded or _files.exists(_names.launchd_plist(LABEL))


def disarm(launchd: Launchd) -> bool:
    """Keep the changed settings; tell whether there was anything to confirm.

    The files go first: should this be cut off, the job restores within its seconds and not at some later boot.
    """
    path = _names.launchd_plist(LABEL)
    loaded = launchd.job(LABEL).loaded
    there = loaded or _files.exists(path)
    _files.remove(path)
    _files.remove(SCRIPT)
    if loaded:
        launchd.unload(LABEL)
    return there
