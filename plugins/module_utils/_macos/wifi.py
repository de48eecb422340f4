# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Wi-Fi power of a Mac through `networksetup`, which prints its errors on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _connection
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Option, Setting, SettingError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import hardware_ports
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Collection

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.hardware_ports_text import Port
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

NETWORKSETUP = "/usr/sbin/networksetup"
PORTS = ("Wi-Fi", "AirPort")
_POWER = {"On": True, "Off": False}


class Wifi(Setting):
    """Whether the radio is on; the device is found by its hardware port, whose name is not translated."""

    title = "Wi-Fi"
    restorable = False
    options = (
        Option(
            "wifi",
            "bool",
            "Whether the Wi-Fi radio is on. A Mac without one counts as one that has it off. Refused where the "
            "connection runs over Wi-Fi.",
        ),
        Option(
            "connection_address",
            "str",
            "The address of this Mac that the connection goes to. One that no port has is reached over the "
            "default route. If unset it is taken from the session, where C(sudo) lets it through. If it cannot be "
            "known, Wi-Fi is not switched off while it has an address.",
            given="{{ ansible_host }}",
        ),
    )

    def read(self, commands: Commands) -> State:
        """Return whether the radio is on, and the devices."""
        ports = hardware_ports.read(commands)
        device = find_device(ports)
        power = device is not None and read_power(commands, device)
        return {self.name: power, "device": device, "devices": [port.device for port in ports]}

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return the command that turns the radio on or off."""
        return [[NETWORKSETUP, "-setairportpower", current["device"], "on" if wanted[self.name] else "off"]]

    def refuse(self, call: Call, current: State, wanted: State) -> None:
        """Refuse to switch off what the connection runs over, and to switch on what is not there."""
        if current["device"] is None:
            raise SettingError("This Mac has no Wi-Fi: `networksetup -listallhardwareports` lists no port Wi-Fi.")
        if not wanted[self.name]:
            connection = _connection.read(call.commands, call.options["connection_address"], current["devices"])
            _refuse_cut(connection, current["device"])


def find_device(ports: Collection[Port]) -> str | None:
    """Return the Wi-Fi device, or None on a Mac without one."""
    return next((port.device for port in ports if port.name in PORTS), None)


def read_power(commands: Commands, device: str) -> bool:
    """Return whether the radio is on."""
    result = commands.run([NETWORKSETUP, "-getairportpower", device])
    power = _POWER.get(result.out.strip().removeprefix(f"Wi-Fi Power ({device}): "))
    if result.rc != 0 or power is None:
        raise UnknownStateError("networksetup", result.text, f"the Wi-Fi power of {device}")
    return power


def _refuse_cut(connection: _connection.Connection, device: str) -> None:
    if connection.carries(device):
        raise SettingError(
            f"Wi-Fi stays on, because the connection to {connection.address or 'this Mac'} runs over {device}: reach "
            "this Mac over a cable first, with its address there as ansible_host, or leave Wi-Fi alone."
        )
    if connection.may_carry(device):
        raise SettingError(
            f"Wi-Fi stays on, because the connection may run over {device}, and nothing tells which port it runs over: "
            "give connection_address, the address of this Mac that it goes to."
        )


SETTING = Wifi()
