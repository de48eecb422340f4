# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Taking back a change that cut the connection it came through.

A launchd job waits and then restores the settings from before, unless it is confirmed in time. It is no child of the
session, so it survives the end of the connection, and it starts again at boot, so it survives a power cut too.
"""

from __future__ import annotations

import ipaddress
import os
import shlex
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _launchd_job, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._networksetup import NETWORKSETUP, NetworkError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._networksetup_settings import SETTINGS, write_enabled

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import Launchd
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._networksetup_area import Area, Difference

LABEL = "hybrid-ai.network-undo"
SCRIPT = f"{_names.STATE_DIRECTORY}/network-undo"


def connection_address(given: str | None) -> str | None:
    """Return the address of this host that the connection came in through, where that can be known."""
    words = os.environ.get("SSH_CONNECTION", "").split()
    address = given or (words[2] if len(words) == 4 else None)
    try:
        return str(ipaddress.ip_address(address)) if address else None
    except ValueError:
        return None


def endangers(difference: Difference, area: Area, address: str | None) -> bool:
    """Tell whether a change may cut the connection; without knowing its address, any service's address may carry it."""
    if difference.key == "order":
        return True
    if difference.key == "bridge":
        return False
    there = area.addresses.get(difference.device)
    return there is not None and address in (None, there)


def restore_commands(differences: list[Difference]) -> list[list[str]]:
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
        commands += [[NETWORKSETUP, *line] for line in words]
    return commands


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
    _launchd_job.write_plist(
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
