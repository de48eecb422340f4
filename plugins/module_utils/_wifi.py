# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Wi-Fi power of a Mac through `networksetup`, which prints its errors on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _hardware_ports
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._converge import converge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._serve import Request

NETWORKSETUP = "/usr/sbin/networksetup"
PORTS = ("Wi-Fi", "AirPort")


class WifiError(ClusterError):
    """Wi-Fi could not be read or changed."""


def find_device(commands: Commands) -> str | None:
    """Return the Wi-Fi device, or None on a Mac without one."""
    return _hardware_ports.device_of(commands.must(_hardware_ports.LIST), *PORTS)


def parse_power(text: str, device: str) -> bool:
    """Tell whether the radio is on, from the output of `networksetup -getairportpower`."""
    state = text.strip().removeprefix(f"Wi-Fi Power ({device}): ")
    if state not in {"On", "Off"}:
        raise WifiError(f"The Wi-Fi power of {device} cannot be told: {' '.join(text.split()) or 'no answer'}")
    return state == "On"


def read(commands: Commands, device: str | None) -> dict[str, Any]:
    """Return whether the radio is on; a Mac without Wi-Fi has it off."""
    if device is None:
        return {"power": False}
    return {"power": parse_power(commands.run([NETWORKSETUP, "-getairportpower", device]).out, device)}


def plan(current: Mapping[str, Any], wanted: Mapping[str, Any], device: str | None) -> list[list[str]]:
    """Return the command that turns the radio on or off, or nothing."""
    if device is None or current["power"] == wanted["power"]:
        return []
    return [[NETWORKSETUP, "-setairportpower", device, "on" if wanted["power"] else "off"]]


def manage(request: Request) -> dict[str, object]:
    """Turn the radio on or off."""
    commands = request.commands
    device = find_device(commands)
    wanted = {"power": request.options["power"]}
    if device is None and wanted["power"]:
        raise WifiError("This Mac has no Wi-Fi: `networksetup -listallhardwareports` lists no port Wi-Fi.")
    current = read(commands, device)
    outcome = converge(
        commands,
        current,
        plan(current, wanted, device),
        wanted,
        lambda: read(commands, device),
        check_mode=request.check_mode,
        error=WifiError,
    )
    return {"changed": outcome.changed, "diff": outcome.diff, "power": outcome.after["power"], "device": device}
