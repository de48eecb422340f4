# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How ``system_profiler`` prints its items without -json."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HARDWARE = """\
Hardware:

    Hardware Overview:

      Model Name: {machine_name}
      Model Identifier: {machine_model}
      Model Number: {model_number}
      Chip: {chip_type}
      Total Number of Cores: {cores}
      Memory: {physical_memory}
      System Firmware Version: {boot_rom_version}
      OS Loader Version: {os_loader_version}
      Serial Number (system): {serial_number}
      Hardware UUID: {platform_UUID}
      Provisioning UDID: {provisioning_UDID}
      Activation Lock Status: Disabled
"""
_BUS = """\
    Thunderbolt/USB4 Bus {number}:

      Vendor Name: Apple Inc.
      Device Name: {device_name_key}
      UID: {switch_uid_key}
      Route String: 0
      Domain UUID: {domain_uuid_key}
      Port:
          Status: {status}
          Link Status: {link_status_key}
          Speed: {current_speed_key}
          Receptacle: {receptacle_id_key}
          Micro Firmware Version: {micro_version_key}
"""
_PEER = """\
        {_name}:

          Vendor Name: Apple Inc.
          Device Name: {device_name_key}
          Device ID: {device_id_key}
          Vendor ID: {vendor_id_key}
          Domain UUID: {domain_uuid_key}
          Services:
              Internet Protocol:
                Protocol ID: 1
"""
_INTERFACE = """\
    {_name}:

      Type: {type}
      Hardware: {hardware}
      BSD Device Name: {interface}
"""


def render(name: str, items: list[dict[str, Any]]) -> str:
    """Return the text of one data type."""
    if name == "SPHardwareDataType":
        return _HARDWARE.format(cores=_cores(items[0]["number_processors"]), **items[0])
    if name == "SPThunderboltDataType":
        # Buses are printed in descending order.
        return "Thunderbolt/USB4:\n\n" + "\n".join(_bus(item) for item in reversed(items))
    if name == "SPAirPortDataType":
        return "Wi-Fi:\n\n      Interfaces:\n" + "\n".join(
            _radio(item) for item in items[0]["spairport_airport_interfaces"]
        )
    return "Network:\n\n" + "\n".join(_INTERFACE.format(**item) for item in items)


def _radio(item: dict[str, Any]) -> str:
    network = item.get("spairport_current_network_information")
    status = "Connected" if network else "Inactive"
    lines = [f"        {item['_name']}:", f"          Status: {status}"]
    if network:
        rate = f"                Transmit Rate: {network['spairport_network_rate']}"
        lines += ["          Current Network Information:", f"            {network['_name']}:", rate]
    return "\n".join(lines)


def _cores(processors: str) -> str:
    counts = processors.removeprefix("proc ").split(":")
    return f"{counts[0]} ({counts[-2]} performance and {counts[-1]} efficiency)"


def _bus(item: dict[str, Any]) -> str:
    receptacle = next(value for key, value in item.items() if key.startswith("receptacle_"))
    connected = receptacle["receptacle_status_key"] == "receptacle_connected"
    text = _BUS.format(
        number=item["_name"].rpartition("_")[2],
        status="Device connected" if connected else "No device connected",
        **item,
        **receptacle,
    )
    return "\n".join([text, *(_PEER.format(**peer) for peer in item.get("_items", []))])
