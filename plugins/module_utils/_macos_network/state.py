# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The services of a Mac's current location: reading what is managed, and planning the way to what is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import bridge as bridges
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.settings import (
    SETTINGS,
    irreversible,
    read_settings,
    write_enabled,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import (
    NETWORKSETUP,
    NetworkError,
    Port,
    Service,
    find_port,
    find_service,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkSetup

STANDARD_MTU = 1500


@dataclass(frozen=True)
class Wish:
    """What one call wants of the services, their order and the bridge."""

    services: list[dict[str, Any]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    cabled_ports: list[str] = field(default_factory=list)
    bridge_device: str | None = None
    bridge_state: str = "present"


@dataclass(frozen=True)
class Area:
    """What is there; settings only of what is managed, by device."""

    ports: list[Port]
    services: list[Service]
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    bridge: bridges.Bridge | None = None


@dataclass(frozen=True)
class Difference:
    """One thing that is not as wanted, and the steps that make it so."""

    service: str
    key: str
    wanted: Any
    got: Any
    steps: list[list[str] | bridges.Edit]
    device: str = ""


@dataclass(frozen=True)
class Plan:
    """The differences, and the area as it is once they are gone."""

    differences: list[Difference]
    after: Area


def read(commands: Commands, tool: NetworkSetup, wish: Wish) -> Area:
    """Read the whole area in as few calls as what is managed needs."""
    bridge = bridges.read(commands, wish.bridge_device) if wish.bridge_device else None
    ports = tool.ports()
    _refuse_missing(ports, wish.cabled_ports)
    area = Area(ports, tool.services(), {}, bridge)
    for wanted in wish.services:
        port = find_port(_ports_with_bridge(area, wish), wanted.get("device"), wanted.get("port"))
        service = find_service(area.services, port.device, wanted.get("name"))
        if service is None:
            continue
        keys = [key for key in SETTINGS if wanted.get(key) is not None and wanted["state"] == "present"]
        area.settings[port.device] = read_settings(tool, service.name, service.device, keys)
    return area


def _refuse_missing(ports: list[Port], cabled: list[str]) -> None:
    there = [port.name for port in ports]
    missing = [name for name in cabled if name not in there]
    if missing:
        raise NetworkError(
            f"This host has no hardware port {', '.join(missing)} to put a cable in: it has {', '.join(there)}. "
            f"Correct thunderbolt_links."
        )


def plan(area: Area, wish: Wish) -> Plan:
    """Compare what is there with what is wanted; a pure function."""
    differences: list[Difference] = []
    after = area
    if area.bridge is not None:
        after = _plan_bridge(after, area.bridge, wish, differences)
    for wanted in wish.services:
        port = find_port(after.ports, wanted.get("device"), wanted.get("port"))
        _refuse_jumbo(port, wanted.get("mtu"))
        after = _plan_service(after, port, wanted, differences)
    if wish.order:
        after = _plan_order(after, wish.order, differences)
    return Plan(differences, after)


def refuse_irreversible(differences: list[Difference]) -> None:
    """Refuse to change what nobody could set back."""
    for one in differences:
        reason = irreversible(one.key, one.got)
        if reason:
            raise NetworkError(
                f"The setting {one.key} of the network service {one.service} stays as it is, because it could not be "
                f"brought back exactly: {reason}. Change it in System Settings > Network, then repeat this run."
            )


def describe(area: Area, wish: Wish) -> dict[str, Any]:
    """Return the managed part of an area as a difference shows it."""
    managed = {find_port(_ports_with_bridge(area, wish), w.get("device"), w.get("port")).device for w in wish.services}
    result: dict[str, Any] = {
        "services": {
            service.device: {
                "name": service.name,
                "enabled": service.enabled,
                **area.settings.get(service.device, {}),
            }
            for service in area.services
            if service.device in managed or (area.bridge and service.device in _bridge_concern(area, area.bridge))
        }
    }
    if wish.order:
        result["order"] = [service.name for service in area.services]
    if area.bridge:
        result["bridge"] = {area.bridge.device: bridges.describe(area.bridge)}
    return result


def _ports_with_bridge(area: Area, wish: Wish) -> list[Port]:
    """Return the ports, with the one of a bridge that is still to be made."""
    if wish.bridge_device is None or wish.bridge_state == "absent":
        return area.ports
    if any(port.device == wish.bridge_device for port in area.ports):
        return area.ports
    return [*area.ports, Port(bridges.PORT_NAME, wish.bridge_device)]


def _bridge_concern(area: Area, bridge: bridges.Bridge) -> set[str]:
    """Return the devices whose services must give way to a bridge, or with it."""
    return {
        bridge.device,
        *(port.device for port in area.ports if port.is_thunderbolt and port.device != bridge.device),
    }


def _thunderbolt_devices(area: Area, bridge: bridges.Bridge) -> tuple[str, ...]:
    return tuple(port.device for port in area.ports if port.is_thunderbolt and port.device != bridge.device)


def _plan_bridge(area: Area, bridge: bridges.Bridge, wish: Wish, differences: list[Difference]) -> Area:
    """Make or end the bridge; whichever services it makes useless are switched off."""
    members = _thunderbolt_devices(area, bridge)
    useless = {bridge.device} if wish.bridge_state == "absent" else set(members)
    after = area
    for service in area.services:
        if service.device in useless and service.enabled:
            after = _switch(after, service, False, differences)
    steps = bridges.plan(bridge, wish.bridge_state, members)
    became = bridges.after(bridge, wish.bridge_state, members)
    if steps:
        got = bridges.describe(bridge)
        differences.append(Difference(bridge.device, "bridge", bridges.describe(became), got, steps, bridge.device))
    return replace(after, bridge=became, ports=_ports_with_bridge(area, wish))


def _switch(area: Area, service: Service, enabled: bool, differences: list[Difference]) -> Area:
    """Switch a service on or off."""
    steps = _steps(write_enabled(service.name, service.device, enabled))
    differences.append(Difference(service.name, "enabled", enabled, service.enabled, steps, service.device))
    switched = replace(service, enabled=enabled)
    return replace(area, services=[switched if one == service else one for one in area.services])


def _plan_service(area: Area, port: Port, wanted: dict[str, Any], differences: list[Difference]) -> Area:
    """Create, set, switch or remove one service."""
    service = find_service(area.services, port.device, wanted.get("name"))
    if wanted["state"] == "absent":
        return _plan_absent(area, service, differences)
    current = dict(area.settings.get(port.device, {}))
    if service is None:
        service = Service(wanted.get("name") or port.name, port.device, True)
        current = {key: setting.default for key, setting in SETTINGS.items() if not setting.of_device}
        if any(other.name == service.name for other in area.services):
            raise NetworkError(
                f"{port.name} has no network service, and another port has one called {service.name}:"
                " choose another name."
            )
        steps = _steps([["-createnetworkservice", service.name, port.name]])
        differences.append(Difference(service.name, "state", "present", "absent", steps, port.device))
        area = replace(area, services=[*area.services, service])
    for key, setting in SETTINGS.items():
        if wanted.get(key) is None:
            continue
        got = current.get(key)
        wish = setting.complete(wanted[key], got)
        if wish != got:
            steps = _steps(setting.write(service.name, port.device, wish))
            differences.append(Difference(service.name, key, wish, got, steps, port.device))
        current[key] = wish
    area = replace(area, settings={**area.settings, port.device: current})
    if wanted.get("enabled") is not None and wanted["enabled"] != service.enabled:
        area = _switch(area, service, wanted["enabled"], differences)
    return area


def _plan_absent(area: Area, service: Service | None, differences: list[Difference]) -> Area:
    """Remove a service; macOS refuses that for the only one of a port."""
    if service is None:
        return area
    steps = _steps([["-removenetworkservice", service.name]])
    differences.append(Difference(service.name, "state", "absent", "present", steps, service.device))
    return replace(area, services=[one for one in area.services if one != service])


def _plan_order(area: Area, order: list[str], differences: list[Difference]) -> Area:
    """Put the services of the named devices or ports first; the others follow in the order they have."""
    devices = [_device(area, name) for name in order]
    first = [service for device in devices for service in area.services if service.device == device]
    wanted = [*first, *(service for service in area.services if service not in first)]
    if wanted != area.services:
        names = [service.name for service in wanted]
        got = [service.name for service in area.services]
        differences.append(Difference("", "order", names, got, _steps([["-ordernetworkservices", *names]])))
    return replace(area, services=wanted)


def _device(area: Area, name: str) -> str:
    """Return the device that a device's or port's name stands for."""
    known = [port.device for port in area.ports if name in {port.device, port.name}]
    return known[0] if known else find_port(area.ports, name, None).device


def _refuse_jumbo(port: Port, mtu: int | None) -> None:
    """Refuse what breaks Thunderbolt links."""
    if mtu is not None and mtu > STANDARD_MTU and port.is_thunderbolt:
        raise NetworkError(
            f"An MTU of {mtu} on {port.name} is refused: jumbo frames are not reliable over Thunderbolt; the largest is"
            f" {STANDARD_MTU}."
        )


def _steps(commands: list[list[str]]) -> list[list[str] | bridges.Edit]:
    return [[NETWORKSETUP, *words] for words in commands]
