# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a machine says of itself over SSH: a script, which needs no Python and no rights, and what its answer means."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.thunderbolt_text import ThunderboltPort

_MARK = "@@cluster-init"
SCRIPT = f"""
exec 2>/dev/null
LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
part() {{ echo; echo "{_MARK} $1"; }}
part kernel
uname -s
if [ "$(uname -s)" = Darwin ]; then
  part name
  scutil --get LocalHostName
  part release
  sw_vers -productVersion
  part memory
  sysctl -n hw.memsize
  part profile
  system_profiler SPHardwareDataType SPThunderboltDataType -json
  part route
  route -n get default
  part interface
  ifconfig "$(route -n get default | sed -n 's/^ *interface: *//p')"
  part homebrew
  if [ -x /opt/homebrew/bin/brew ]; then echo present; fi
else
  part name
  uname -n
  part release
  . /etc/os-release
  echo "$PRETTY_NAME"
  part memory
  sed -n 's/^MemTotal: *//p' /proc/meminfo
  part route
  ip -json -4 route show default
  part interface
  ip -json address show
  part cards
  for one in /sys/bus/pci/devices/*; do echo "$(cat "$one/vendor") $(cat "$one/class")"; done
fi
part end
exit 0
"""
_NVIDIA, _DISPLAY = "0x10de", "0x03"
_KIB = re.compile(r"^(\d+) kB$")
_INET = re.compile(r"^\s*inet (\S+) netmask 0x([0-9a-f]{8})", re.MULTILINE)
_ETHER = re.compile(r"^\s*ether ([0-9a-f:]{17})", re.MULTILINE)


@dataclass(frozen=True)
class Machine:
    """What is known of one machine; None is unknown."""

    kernel: str
    """`Darwin` or `Linux`, or another one, which the project does not serve."""
    name: str | None = None
    release: str | None = None
    model: str | None = None
    """As people call it: Mac mini."""
    chip: str | None = None
    memory_gigabytes: float | None = None
    """In units of 2^30 bytes."""
    ports: tuple[ThunderboltPort, ...] | None = None
    interface: ipaddress.IPv4Interface | None = None
    """Its address and network by the port of its default route."""
    gateway: str | None = None
    mac_address: str | None = None
    """The hardware address of that port."""
    has_homebrew: bool = False
    has_nvidia: bool = False

    @property
    def is_mac(self) -> bool:
        """Whether macOS runs there."""
        return self.kernel == "Darwin"

    @property
    def is_linux(self) -> bool:
        """Whether Linux runs there."""
        return self.kernel == "Linux"

    @property
    def shown(self) -> str:
        """What it is, for people: Mac mini, Apple M4, 16 GB, macOS 26.5."""
        memory = f"{self.memory_gigabytes:g} GB" if self.memory_gigabytes else None
        release = f"macOS {self.release}" if self.is_mac and self.release else self.release
        cards = "NVIDIA" if self.has_nvidia else None
        return ", ".join(filter(None, [self.model, self.chip, memory, cards, release])) or self.kernel


def parse(text: str) -> Machine | None:
    """Read the answer to the script; None where it is none, or was cut short."""
    parts = _parts(text.replace("\r\n", "\n"))
    if "end" not in parts or not parts.get("kernel"):
        return None
    machine = Machine(
        parts["kernel"],
        name=_first(parts, "name"),
        release=_first(parts, "release"),
        has_homebrew=_first(parts, "homebrew") == "present",
    )
    return _mac(machine, parts) if machine.is_mac else _linux(machine, parts) if machine.is_linux else machine


def _parts(text: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        mark, _, name = line.partition(" ")
        if mark == _MARK:
            lines = found.setdefault(name, [])
        else:
            lines.append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}


def _first(parts: dict[str, str], name: str) -> str | None:
    return next(iter(parts.get(name, "").splitlines()), None) or None


def _mac(machine: Machine, parts: dict[str, str]) -> Machine:
    memory, profile = parts.get("memory", ""), parts.get("profile", "")
    hardware = _hardware(profile)
    gateway = re.search(r"^\s*gateway: (\d+(?:\.\d+){3})$", parts.get("route", ""), re.MULTILINE)
    interface, ether = parts.get("interface", ""), _ETHER.search(parts.get("interface", ""))
    address = _INET.search(interface)
    return replace(
        machine,
        model=hardware.get("machine_name"),
        chip=hardware.get("chip_type"),
        memory_gigabytes=_gigabytes(int(memory)) if memory.isdecimal() else None,
        ports=ports(profile),
        gateway=gateway[1] if gateway else None,
        interface=_network(address[1], int(address[2], 16).bit_count()) if address else None,
        mac_address=ether[1] if ether else None,
    )


def _hardware(profile: str) -> dict[str, str]:
    try:
        (entry,) = json.loads(profile)["SPHardwareDataType"]
        return {str(key): value for key, value in entry.items() if isinstance(value, str)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def ports(profile: str) -> tuple[ThunderboltPort, ...] | None:
    """Return the Thunderbolt ports that system_profiler lists; None where its text is not understood."""
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.thunderbolt_text import parse_profile

    try:
        return tuple(parse_profile(profile, {}))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _gigabytes(size: float) -> float:
    value = size / 2**30
    return round(value) if abs(value - round(value)) < 0.05 else round(value, 1)


def _network(address: str, prefix: int) -> ipaddress.IPv4Interface | None:
    try:
        return ipaddress.IPv4Interface(f"{address}/{prefix}")
    except ValueError:
        return None


def _linux(machine: Machine, parts: dict[str, str]) -> Machine:
    memory = _KIB.match(parts.get("memory", ""))
    route: dict[str, Any] = next(iter(_json(parts.get("route"))), {})
    link: dict[str, Any] = next((one for one in _json(parts.get("interface")) if _is_link(one, route)), {})
    address = next((one for one in link.get("addr_info") or () if one.get("family") == "inet"), None)
    cards = [line.split() for line in parts.get("cards", "").splitlines()]
    return replace(
        machine,
        name=machine.name.partition(".")[0] if machine.name else None,
        memory_gigabytes=_gigabytes(int(memory[1]) * 1024) if memory else None,
        gateway=route.get("gateway"),
        interface=_network(address["local"], address["prefixlen"]) if address else None,
        mac_address=link.get("address"),
        has_nvidia=any(card[:1] == [_NVIDIA] and card[1:2] and card[1].startswith(_DISPLAY) for card in cards),
    )


def _is_link(link: dict[str, Any], route: dict[str, Any]) -> bool:
    return bool(route) and link.get("ifname") == route.get("dev")


def _json(text: str | None) -> list[dict[str, Any]]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
