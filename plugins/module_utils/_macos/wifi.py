# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Wi-Fi power of a Mac through `networksetup`, which prints its errors on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _connection
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import apply_and_verify
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import hardware_ports
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.hardware_ports_text import Port
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

NETWORKSETUP = "/usr/sbin/networksetup"
PORTS = ("Wi-Fi", "AirPort")
_POWER = {"On": True, "Off": False}


class WifiError(ClusterError):
    """Wi-Fi could not be changed."""


def find_device(ports: Collection[Port]) -> str | None:
    """Return the Wi-Fi device, or None on a Mac without one."""
    return next((port.device for port in ports if port.name in PORTS), None)


def read(commands: Commands, device: str | None) -> dict[str, Any]:
    """Return whether the radio is on; a Mac without Wi-Fi has it off."""
    if device is None:
        return {"power": False}
    result = commands.run([NETWORKSETUP, "-getairportpower", device])
    power = _POWER.get(result.out.strip().removeprefix(f"Wi-Fi Power ({device}): "))
    if result.rc != 0 or power is None:
        raise UnknownStateError("networksetup", result.text, f"the Wi-Fi power of {device}")
    return {"power": power}


def plan(current: Mapping[str, Any], wanted: Mapping[str, Any], device: str | None) -> list[list[str]]:
    """Return the command that turns the radio on or off, or nothing."""
    if device is None or current["power"] == wanted["power"]:
        return []
    return [[NETWORKSETUP, "-setairportpower", device, "on" if wanted["power"] else "off"]]


def manage(call: Call) -> dict[str, object]:
    """Turn the radio on or off."""
    commands = call.commands
    ports = hardware_ports.read(commands)
    device = find_device(ports)
    wanted = {"power": call.options["power"]}
    if device is None and wanted["power"]:
        raise WifiError("This Mac has no Wi-Fi: `networksetup -listallhardwareports` lists no port Wi-Fi.")
    current = read(commands, device)
    steps = plan(current, wanted, device)
    if device is not None and steps and not wanted["power"]:
        connection = _connection.read(commands, call.options["connection_address"], [port.device for port in ports])
        _refuse_cut(connection, device)
    outcome = apply_and_verify(
        commands,
        current,
        steps,
        wanted,
        lambda: read(commands, device),
        check_mode=call.check_mode,
        error=WifiError,
    )
    return {"changed": outcome.changed, "diff": outcome.diff, "power": outcome.after["power"], "device": device}


def _refuse_cut(connection: _connection.Connection, device: str) -> None:
    """Refuse to switch off what the connection runs over."""
    if connection.carries(device):
        raise WifiError(
            f"Wi-Fi stays on, because the connection to {connection.address or 'this Mac'} runs over {device}: reach "
            "this Mac over a cable first, with its address there as ansible_host, or leave Wi-Fi alone."
        )
    if connection.may_carry(device):
        raise WifiError(
            f"Wi-Fi stays on, because the connection may run over {device}, and nothing tells which port it runs over: "
            "give connection_address, the address of this Mac that it goes to."
        )
