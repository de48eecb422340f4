# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``system_profiler``: hardware, Thunderbolt and network interfaces, as text or as JSON."""

from __future__ import annotations

from ..network.links import observe
from ..network.ports import hardware_ports, physical_ports
from ..network.preferences import load
from ..network.thunderbolt import buses
from . import system_profiler_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..network.thunderbolt import Bus
    from ..tool import Context

PATHS = ("/usr/sbin/system_profiler",)
TYPES = ("SPAirPortDataType", "SPHardwareDataType", "SPNetworkDataType", "SPThunderboltDataType")
_WIFI_MEGABITS = 866


def main(context: Context) -> int:
    """Report the asked data types, all of them by default."""
    words = list(context.argv)
    if words == ["-listDataTypes"]:
        context.out("Available Datatypes:")
        for name in TYPES:
            context.out(name)
        return 0
    as_json = "-json" in words
    wanted = [word for word in words if word.startswith("SP")] or list(TYPES)
    found = {name: _items(context, name) for name in wanted if name in TYPES}
    if as_json:
        import json

        context.out(json.dumps(found, indent=2, separators=(",", " : "), sort_keys=True, ensure_ascii=False))
        return 0
    for name, items in found.items():
        context.out(texts.render(name, items))
    return 0


def _items(context: Context, name: str) -> list[dict[str, Any]]:
    if name == "SPHardwareDataType":
        return [_hardware(context)]
    if name == "SPThunderboltDataType":
        return [_bus(bus) for bus in buses(context)]
    if name == "SPAirPortDataType":
        return [_wireless(context)]
    return [_interface(port.name, port.device) for port in hardware_ports(context.profile, load(context))]


def _interface(name: str, device: str) -> dict[str, Any]:
    kind = "AirPort" if name == "Wi-Fi" else "Ethernet"
    return {"_name": name, "hardware": kind, "interface": device, "type": kind}


def _wireless(context: Context) -> dict[str, Any]:
    """Return the radios, each with the network it is in; names of networks are withheld, as macOS does for us."""
    links = observe(context)
    radios = []
    for port in physical_ports(context.profile):
        if port.kind != "IEEE80211":
            continue
        joined = links.has_carrier(port.device)
        radio: dict[str, Any] = {
            "_name": port.device,
            "spairport_status_information": f"spairport_status_{'connected' if joined else 'inactive'}",
            "spairport_wireless_mac_address": port.address,
        }
        if joined:
            radio["spairport_current_network_information"] = {
                "_name": "<redacted>",
                "spairport_network_channel": "36 (5GHz, 80MHz)",
                "spairport_network_phymode": "802.11ac",
                "spairport_network_rate": int(context.profile.host.get("wifi_megabits", _WIFI_MEGABITS)),
                "spairport_signal_noise": "-53 dBm / -92 dBm",
            }
        radios.append(radio)
    return {"spairport_airport_interfaces": radios}


def _hardware(context: Context) -> dict[str, Any]:
    profile = context.profile
    host = profile.host
    spare = "0:" if profile.major >= 27 else ""
    firmware = profile.system.get("firmware", "11881.81.4")
    unique = str(host.get("hardware_uuid", "00000000-0000-4000-8000-000000000000"))
    return {
        "_name": "hardware_overview",
        "activation_lock_status": "activation_lock_disabled",
        "boot_rom_version": firmware,
        "chip_type": profile.chip,
        "machine_model": profile.model,
        "machine_name": profile.model_name,
        "model_number": profile.hardware["model_number"],
        "number_processors": f"proc {profile.cores}:{spare}{profile.performance_cores}:{profile.efficiency_cores}",
        "os_loader_version": firmware,
        "physical_memory": f"{profile.memory_gigabytes} GB",
        "platform_UUID": unique,
        "provisioning_UDID": f"0000{profile.hardware['soc'].lstrip('T')}-{unique.replace('-', '')[-16:]}",
        "serial_number": host.get("serial", "C07000000000"),
    }


def _bus(bus: Bus) -> dict[str, Any]:
    receptacle = {
        "current_speed_key": bus.speed,
        "link_status_key": "0x2" if bus.connected else "0x100",
        "micro_version_key": "0.0.0",
        "receptacle_id_key": str(bus.receptacle),
        "receptacle_status_key": "receptacle_connected" if bus.connected else "receptacle_no_devices_connected",
    }
    item: dict[str, Any] = {
        "_name": f"thunderboltusb4_bus_{bus.number}",
        "device_name_key": bus.model_name,
        "domain_uuid_key": bus.domain,
        # Every bus of a Mac has one port of its own, so the tag is always the first; the port's number is inside.
        "receptacle_1_tag": receptacle,
        "route_string_key": "0",
        "switch_uid_key": bus.switch,
        "vendor_name_key": "Apple Inc.",
    }
    if bus.peer:
        item["_items"] = [
            {
                "_name": bus.peer.name,
                "device_id_key": "0xA",
                "device_name_key": bus.peer.model,
                "domain_uuid_key": bus.peer.domain,
                "services_title": [{"_name": "service_ip", "protocol_id_key": 1}],
                "vendor_id_key": "0x0A27",
                "vendor_name_key": "Apple Inc.",
            }
        ]
    return item
