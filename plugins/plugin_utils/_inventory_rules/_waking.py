# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about hosts that sleep, and are woken by a packet for their card."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake import packet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

_HOURS = ("power_management_quiet_hours", "power_management_warm_hours")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def waking(inventory: Inventory) -> Iterator[Problem]:
    """Check what a host that is to be woken needs."""
    for host in inventory.hosts.values():
        if host.get("cluster_wake") is True:
            yield from (Problem(host.name, text) for text in _sentences(host))
        if _is_password(host.get("power_management_secure_on")) is False:
            yield Problem(
                host.name,
                "power_management_secure_on is not a valid password of a card; write six pairs of hexadecimal digits"
                " with colons.",
            )
        for name in _HOURS:
            yield from (Problem(host.name, f"{name}: {text}") for text in _wrong_hours(host.get(name)))


def _wrong_hours(written: object) -> Iterator[str]:
    for hours in written if isinstance(written, list) else ():
        if not isinstance(hours, dict):
            continue
        for key in ("from", "to"):
            # What is no text is refused by its type.
            if isinstance(hours.get(key), str) and not _TIME.fullmatch(hours[key]):
                yield f'{key} is {hours[key]}, which is no time; write one such as "23:00".'
        for day in hours.get("days") or ():
            if day not in _DAYS:
                yield f"{day} is no day; write {', '.join(_DAYS)}."


def _sentences(host: Host) -> Iterator[str]:
    if host.get("mac_address") is None:
        yield (
            "cluster_wake is true, but there is no mac_address to wake it by; write the hardware address of its card in"
            ' the LAN, such as "1c:f6:4c:00:00:01".'
        )
    if "management" in host.groups:
        yield "cluster_wake is true, but the management node has to be awake for the others; remove it."
    power = host.get("macos_headless_power") if host.is_mac else None
    if isinstance(power, dict) and power.get("womp") in (0, False):
        yield "macos_headless_power turns womp off, but cluster_wake needs it; write womp: 1, or remove cluster_wake."
    if isinstance(power, dict) and power.get("sleep", 0) not in (0, False):
        yield (
            f"macos_headless_power has sleep: {power['sleep']}, with which it sleeps in the middle of an answer;"
            " cluster_wake needs sleep: 0."
        )


def _is_password(written: object) -> bool | None:
    if not isinstance(written, str):
        return None
    try:
        packet.password(written)
    except ClusterError:
        return False
    return True
