# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the gateway is told of hosts that sleep: which of them sleep and wake as one, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_OF_HOST = ("address", "mac_address", "port", "interface", "broadcast", "secure_on")
_MINUTE = 60


def gateway_groups(
    sleepers: Mapping[str, Mapping[str, Any]], models: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the gateway's groups: the hosts of `sleepers` that serve a model of the table.

    `sleepers` has, for each host that may sleep, `address`, `mac_address`, `port`, `interface`, `broadcast` and
    `secure_on`; `idle_minutes` and `awake_minutes`; `wake_seconds`; and the lists `quiet` and `warm`. What is None is
    the gateway's default. A backend that spreads one copy over several hosts has all of its hosts in one group, with
    its name: they sleep and wake together, when all of them may. Every other host is a group of its own.
    """
    members: dict[str, list[str]] = {}
    together: dict[str, str] = {}
    served = [model for model in models if model["state"] == "present" and model["hosts"]]
    for model in served:
        if BACKENDS[model["backend"]].spreads:
            together.update(dict.fromkeys(model["hosts"], model["backend"]))
    serving = {host for model in served for host in model["hosts"]}
    for host in sleepers:
        if host in serving:
            members.setdefault(together.get(host, host), []).append(host)
    return [_group(name, hosts, sleepers) for name, hosts in members.items()]


def group_of(groups: Iterable[Mapping[str, Any]], hosts: Iterable[str]) -> str | None:
    """Return the group that one of these hosts is in, where one is."""
    owners = {host["name"]: group["name"] for group in groups for host in group["hosts"]}
    return next((owners[host] for host in hosts if host in owners), None)


def _group(name: str, hosts: Sequence[str], sleepers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    settings = [sleepers[host] for host in hosts]
    found: dict[str, Any] = {
        "name": name,
        "hosts": [
            {"name": host, **{key: sleepers[host][key] for key in _OF_HOST if sleepers[host].get(key) is not None}}
            for host in hosts
        ],
        # One that may not sleep keeps the others awake, and so does one that wants longer.
        "idle_after": _longest(settings, "idle_minutes", _MINUTE, of_all=True),
        "awake_at_least": _longest(settings, "awake_minutes", _MINUTE),
        "wake_within": _longest(settings, "wake_seconds", 1),
        "quiet": _each_once(settings, "quiet"),
        "prewarm": _each_once(settings, "warm"),
    }
    return {key: value for key, value in found.items() if value not in (None, [])}


def _longest(settings: Sequence[Mapping[str, Any]], key: str, unit: int, *, of_all: bool = False) -> float | None:
    """Return the longest of what is given, in seconds; with `of_all` nothing where one gives nothing."""
    given = [float(one[key]) * unit for one in settings if one.get(key) is not None]
    return None if not given or (of_all and len(given) < len(settings)) else max(given)


def _each_once(settings: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in settings:
        found += [hours for hours in one.get(key) or [] if hours not in found]
    return found
