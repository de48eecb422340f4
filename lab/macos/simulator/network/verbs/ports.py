# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Verbs for hardware: MTU, media, addresses, VLANs, and the Wi-Fi radio."""

from __future__ import annotations

from ..apply import wifi_power
from ..ports import SMALLEST_MTU
from .call import NO_WIRELESS, PARAMETERS_TEXT, Refused, getter, setter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Port
    from .call import Call

_VERSION = "networksetup, Version 1.8.4\nCopyright 2002-2020 Apple Inc. All rights reserved."


def _get_mtu(call: Call) -> None:
    port = call.port()
    setting = call.location.mtu(port.device)
    link = call.links().get(port.device)
    call.out(f"Active MTU: {link.mtu if link else setting} (Current Setting: {setting})")


def _set_mtu(call: Call) -> None:
    port, value = call.port(), call.arguments[1]
    # Neither the built-in gigabit Ethernet nor the Thunderbolt ports of a mini take jumbo frames.
    if not value.isdigit() or not SMALLEST_MTU <= int(value) <= port.largest_mtu:
        raise Refused(f"{value} is not in the range of {SMALLEST_MTU}-{port.largest_mtu}", PARAMETERS_TEXT)
    call.location.set_mtu(port.device, int(value))


def _mtu_range(call: Call) -> None:
    call.out(f"Valid MTU Range: {SMALLEST_MTU}-{call.port().largest_mtu}")


def _get_media(call: Call) -> None:
    active = call.links().has_carrier(call.port().device)
    call.out(f"Current: autoselect\nActive: {'autoselect' if active else 'not set'}")


def _get_address(call: Call) -> None:
    wanted = call.arguments[0]
    service = call.location.service(wanted)
    device = service.device if service else wanted
    port = next((port for port in call.ports() if device in (port.device, port.name)), None)
    if port is None:
        raise Refused(f"{wanted} is not a recognized hardware port or device.", PARAMETERS_TEXT)
    call.out(f"Ethernet Address: {port.address} (Hardware Port: {port.name})")


def _is_bond_supported(call: Call) -> None:
    port = call.port()
    call.out("YES" if port.kind == "Ethernet" and not port.is_thunderbolt else "NO")


def _list_vlans(call: Call) -> None:
    call.out("There are no VLANs currently configured on this system.")


def _version(call: Call) -> None:
    call.out(_VERSION)


def _wifi(call: Call) -> Port:
    wanted = call.arguments[0]
    port = next((port for port in call.ports() if wanted in (port.device, port.name)), None)
    if port is None or port.kind != "IEEE80211":
        raise Refused(
            f"{wanted} is not a Wi-Fi interface.",
            "** Error: Error obtaining wireless information.",
            status=NO_WIRELESS,
        )
    return port


def _get_airport(call: Call) -> None:
    port = _wifi(call)
    call.out(f"Wi-Fi Power ({port.device}): {'On' if wifi_power(call.context, port.device) else 'Off'}")


def _set_airport(call: Call) -> None:
    port, powered = _wifi(call), call.switch(1)
    with call.context.state.edit("wifi") as data:
        data[port.device] = powered
    call.context.run("ip", "link", "set", port.device, "up" if powered else "down")


VERBS = {
    "-getmacaddress": getter(_get_address, "<hardwareport or device name>"),
    "-getMTU": getter(_get_mtu, "<hardwareport or device name>"),
    "-setMTU": setter(_set_mtu, "<hardwareport or device name> <value>"),
    "-listvalidMTUrange": getter(_mtu_range, "<hardwareport or device name>"),
    "-getmedia": getter(_get_media, "<hardwareport or device name>"),
    "-isBondSupported": getter(_is_bond_supported, "<hardwareport>"),
    "-listVLANs": getter(_list_vlans),
    "-getairportpower": getter(_get_airport, "<device name>"),
    "-setairportpower": setter(_set_airport, "<device name> <on off>"),
    "-version": getter(_version),
}
