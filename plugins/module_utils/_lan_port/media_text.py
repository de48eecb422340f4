# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `ifconfig` and `system_profiler` of a Mac say of a network device's medium."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_MEDIA = re.compile(r"^\s+media: (?P<chosen>[^(\n]*)(?:\((?P<active>[^()\n]*)\))?", re.MULTILINE)
"""What was chosen and, in brackets, what is used where that is something else."""
_RATE = re.compile(r"^(?P<number>\d+(?:\.\d+)?)(?P<giga>G)?base", re.IGNORECASE)
_SUPPORTED = re.compile(r"^\s+supported media:(?P<media>.*)", re.MULTILINE | re.DOTALL)
_EACH_RATE = re.compile(r"\b(?P<number>\d+(?:\.\d+)?)(?P<giga>G)?base", re.IGNORECASE)
_DUPLEX = re.compile(r"<(?:[^<>]*,)?(?P<duplex>full|half)-duplex\b")
_STATUS = re.compile(r"^\s+status: (?P<status>active|inactive)\b", re.MULTILINE)
_BONDED = re.compile(r"^\s+bond interfaces: (?P<devices>.+)$", re.MULTILINE)
_BRIDGED = re.compile(r"^\s+member: (?P<device>\S+)", re.MULTILINE)
_PARENT = re.compile(r"^\s+vlan: \d+ parent interface: (?P<device>\S+)", re.MULTILINE)
_DEVICE = re.compile(r"^[a-z]+\d+$")


@dataclass(frozen=True)
class Media:
    """A device's medium, and the devices that it is made of; what is not told is None or empty."""

    megabits: float | None = None
    duplex: str | None = None
    link: bool | None = None
    bonded: tuple[str, ...] = ()
    bridged: tuple[str, ...] = ()
    parent: str | None = None


def parse_media(text: str) -> Media:
    """Read the output of `ifconfig DEVICE`.

    Drivers write a speed in several ways (1000baseT, 2500Base-T, 10Gbase-T, 2.5GbaseT); what has none, as Wi-Fi,
    Thunderbolt and the network of a virtual machine, says "autoselect" alone.
    """
    status, media = _STATUS.search(text), _MEDIA.search(text)
    link = status["status"] == "active" if status else None
    said = (media["active"] if media["active"] is not None else media["chosen"]).strip() if media else ""
    rate, duplex = _RATE.match(said), _DUPLEX.search(said)
    bonded, parent = _BONDED.search(text), _PARENT.search(text)
    return Media(
        megabits=_megabits(rate) if rate and link is not False else None,
        duplex=duplex["duplex"] if duplex and link is not False else None,
        link=link,
        bonded=tuple(word for word in bonded["devices"].split() if _DEVICE.match(word)) if bonded else (),
        bridged=tuple(match["device"] for match in _BRIDGED.finditer(text)),
        parent=parent["device"] if parent else None,
    )


def parse_capable(text: str) -> float | None:
    """Return the fastest of the media that `ifconfig -m DEVICE` lists, in megabits; None where it lists no speed."""
    supported = _SUPPORTED.search(text)
    return (
        max((_megabits(rate) for rate in _EACH_RATE.finditer(supported["media"])), default=None) if supported else None
    )


def _megabits(rate: re.Match[str]) -> float:
    return float(rate["number"]) * (1000 if rate["giga"] else 1)


def parse_wifi_megabits(profile: str, device: str) -> float | None:
    """Return what a Wi-Fi device sends with, from `system_profiler SPAirPortDataType -json`.

    None is unknown. The rate is a number on some releases and a text on others.
    """
    try:
        found = json.loads(profile)
    except ValueError:
        return None
    for interface in _dictionaries(found, "SPAirPortDataType", "spairport_airport_interfaces"):
        if interface.get("_name") == device:
            network = interface.get("spairport_current_network_information")
            rate = network.get("spairport_network_rate") if isinstance(network, dict) else None
            return _positive(rate)
    return None


def _dictionaries(found: Any, *keys: str) -> list[dict[str, Any]]:
    """Follow the keys through lists of dictionaries; anything of another form is left out."""
    current = [found]
    for key in keys:
        values = [entry.get(key) for entry in current if isinstance(entry, dict)]
        current = [entry for value in values if isinstance(value, list) for entry in value]
    return [entry for entry in current if isinstance(entry, dict)]


def _positive(rate: Any) -> float | None:
    try:
        number = float(rate)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < 1e6 else None
