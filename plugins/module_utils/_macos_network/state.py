# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The services of a Mac's current location: reading what is managed, and planning the way to what is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.hardware_ports_text import Port
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
    Service,
    find_port,
    find_service,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkSetup

STANDARD_MTU = 1500


@dataclass(frozen=True)
class Wanted:
    """What one call wants of the services, their order and the bridge."""

    services: list[dict[str, Any]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    cabled_ports: list[str] = field(default_factory=list)
    bridge_device: str | None = None
    bridge_state: str = "present"


@dataclass(frozen=True)
class NetworkState:
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
    """The differences, and the network as it is once they are gone."""

    differences: list[Difference]
    after: NetworkState


def read(commands: Commands, tool: NetworkSetup, wanted: Wanted) -> NetworkState:
    """Read all of it in as few calls as what is managed needs."""
    bridge = bridges.read(commands, wanted.bridge_device) if wanted.bridge_device else None
    ports = tool.ports()
    _refuse_missing(ports, wanted.cabled_ports)
    state = NetworkState(ports, tool.services(), {}, bridge)
    for entry in wanted.services:
        port = find_port(_ports_with_bridge(state, wanted), entry.get("device"), entry.get("port"))
        service = find_service(state.services, port.device, entry.get("name"))
        if service is None:
            continue
        keys = [key for key in SETTINGS if entry.get(key) is not None and entry["state"] == "present"]
        state.settings[port.device] = read_settings(tool, service.name, service.device, keys)
    return state


def _refuse_missing(ports: list[Port], cabled: list[str]) -> None:
    there = [port.name for port in ports]
    missing = [name for name in cabled if name not in there]
    if missing:
        raise NetworkError(
            f"This host has no hardware port {', '.join(missing)} to put a cable in: it has {', '.join(there)}. "
            f"Correct thunderbolt_links."
        )


def plan(state: NetworkState, wanted: Wanted) -> Plan:
    """Compare what is there with what is wanted; a pure function."""
    differences: list[Difference] = []
    after = state
    if state.bridge is not None:
        after = _plan_bridge(after, state.bridge, wanted, differences)
    for entry in wanted.services:
        port = find_port(after.ports, entry.get("device"), entry.get("port"))
        _refuse_jumbo(port, entry.get("mtu"))
        after = _plan_service(after, port, entry, differences)
    if state.bridge is not None and wanted.bridge_state == "absent":
        after = _plan_guards(after, state.bridge, differences)
    if wanted.order:
        after = _plan_order(after, wanted.order, differences)
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


def describe(state: NetworkState, wanted: Wanted) -> dict[str, Any]:
    """Return the managed part of a state as a difference shows it."""
    managed = {
        find_port(_ports_with_bridge(state, wanted), entry.get("device"), entry.get("port")).device
        for entry in wanted.services
    }
    result: dict[str, Any] = {
        "services": {
            service.device: {
                "name": service.name,
                "enabled": service.enabled,
                **state.settings.get(service.device, {}),
            }
            for service in state.services
            if service.device in managed or (state.bridge and service.device in _bridge_concern(state, state.bridge))
        }
    }
    if wanted.order:
        result["order"] = [service.name for service in state.services]
    if state.bridge:
        result["bridge"] = {state.bridge.device: bridges.describe(state.bridge)}
    return result


def _ports_with_bridge(state: NetworkState, wanted: Wanted) -> list[Port]:
    """Return the ports, with the one of a bridge that is still to be made."""
    if wanted.bridge_device is None or wanted.bridge_state == "absent":
        return state.ports
    if any(port.device == wanted.bridge_device for port in state.ports):
        return state.ports
    return [*state.ports, Port(bridges.PORT_NAME, wanted.bridge_device)]


def _bridge_concern(state: NetworkState, bridge: bridges.Bridge) -> set[str]:
    """Return the devices whose services must give way to a bridge, or with it."""
    return {
        bridge.device,
        *(port.device for port in state.ports if port.is_thunderbolt and port.device != bridge.device),
    }


def _thunderbolt_devices(state: NetworkState, bridge: bridges.Bridge) -> tuple[str, ...]:
    return tuple(port.device for port in state.ports if port.is_thunderbolt and port.device != bridge.device)


def _plan_bridge(
    state: NetworkState, bridge: bridges.Bridge, wanted: Wanted, differences: list[Difference]
) -> NetworkState:
    """Make or end the bridge; whichever services it makes useless are switched off."""
    members = _thunderbolt_devices(state, bridge)
    useless = {bridge.device} if wanted.bridge_state == "absent" else set(members)
    after = state
    for service in state.services:
        if service.device in useless and service.enabled:
            after = _switch(after, service, False, differences)
    steps = bridges.plan(bridge, wanted.bridge_state, members)
    became = bridges.after(bridge, wanted.bridge_state, members)
    if steps:
        got = bridges.describe(bridge)
        differences.append(Difference(bridge.device, "bridge", bridges.describe(became), got, steps, bridge.device))
    return replace(after, bridge=became, ports=_ports_with_bridge(state, wanted))


def _plan_guards(state: NetworkState, bridge: bridges.Bridge, differences: list[Difference]) -> NetworkState:
    """Give every Thunderbolt port that has no service one that is switched off, so that macOS makes no bridge of it.

    It is one difference: what comes into being switched off was never on.
    """
    for port in state.ports:
        if not port.is_thunderbolt or port.device == bridge.device or find_service(state.services, port.device, None):
            continue
        names = {service.name for service in state.services}
        name = next(name for name in (port.name, *(f"{port.name} {n}" for n in range(2, 99))) if name not in names)
        steps = _steps([["-createnetworkservice", name, port.name], *write_enabled(name, port.device, False)])
        differences.append(Difference(name, "state", "present", "absent", steps, port.device))
        state = replace(state, services=[*state.services, Service(name, port.device, False)])
    return state


def other_services(state: NetworkState, device: str, name: str) -> list[Service]:
    """Return the services of a device that are in use beside a managed one: macOS applies all of them."""
    return [one for one in state.services if one.device == device and one.name != name and one.enabled]


def _switch(state: NetworkState, service: Service, enabled: bool, differences: list[Difference]) -> NetworkState:
    """Switch a service on or off."""
    steps = _steps(write_enabled(service.name, service.device, enabled))
    differences.append(Difference(service.name, "enabled", enabled, service.enabled, steps, service.device))
    switched = replace(service, enabled=enabled)
    return replace(state, services=[switched if one == service else one for one in state.services])


def _plan_service(
    state: NetworkState, port: Port, entry: dict[str, Any], differences: list[Difference]
) -> NetworkState:
    """Create, set, switch or remove one service."""
    service = find_service(state.services, port.device, entry.get("name"))
    if entry["state"] == "absent":
        return _plan_absent(state, service, differences)
    current = dict(state.settings.get(port.device, {}))
    if service is None:
        service = Service(entry.get("name") or port.name, port.device, True)
        current = {key: setting.default for key, setting in SETTINGS.items() if not setting.of_device}
        if any(other.name == service.name for other in state.services):
            raise NetworkError(
                f"{port.name} has no network service, and another port has one called {service.name}:"
                " choose another name."
            )
        steps = _steps([["-createnetworkservice", service.name, port.name]])
        differences.append(Difference(service.name, "state", "present", "absent", steps, port.device))
        state = replace(state, services=[*state.services, service])
    for key, setting in SETTINGS.items():
        if entry.get(key) is None:
            continue
        got = current.get(key)
        value = setting.complete(entry[key], got)
        if value != got:
            steps = _steps(setting.write(service.name, port.device, value))
            differences.append(Difference(service.name, key, value, got, steps, port.device))
        current[key] = value
    state = replace(state, settings={**state.settings, port.device: current})
    if entry.get("enabled") is not None and entry["enabled"] != service.enabled:
        state = _switch(state, service, entry["enabled"], differences)
    if port.is_thunderbolt and entry.get("enabled"):
        # The port is ours alone: another service of it would bring another address.
        for other in other_services(state, port.device, service.name):
            state = _switch(state, other, False, differences)
    return state


def _plan_absent(state: NetworkState, service: Service | None, differences: list[Difference]) -> NetworkState:
    """Remove a service; macOS refuses that for the only one of a port."""
    if service is None:
        return state
    steps = _steps([["-removenetworkservice", service.name]])
    differences.append(Difference(service.name, "state", "absent", "present", steps, service.device))
    return replace(state, services=[one for one in state.services if one != service])


def _plan_order(state: NetworkState, order: list[str], differences: list[Difference]) -> NetworkState:
    """Put the services of the named devices or ports first; the others follow in the order they have."""
    devices = [_device(state, name) for name in order]
    first = [service for device in devices for service in state.services if service.device == device]
    wanted = [*first, *(service for service in state.services if service not in first)]
    if wanted != state.services:
        names = [service.name for service in wanted]
        got = [service.name for service in state.services]
        differences.append(Difference("", "order", names, got, _steps([["-ordernetworkservices", *names]])))
    return replace(state, services=wanted)


def _device(state: NetworkState, name: str) -> str:
    """Return the device that a device's or port's name stands for."""
    known = [port.device for port in state.ports if name in {port.device, port.name}]
    return known[0] if known else find_port(state.ports, name, None).device


def _refuse_jumbo(port: Port, mtu: int | None) -> None:
    """Refuse what breaks Thunderbolt links."""
    if mtu is not None and mtu > STANDARD_MTU and port.is_thunderbolt:
        raise NetworkError(
            f"An MTU of {mtu} on {port.name} is refused: jumbo frames are not reliable over Thunderbolt; the largest is"
            f" {STANDARD_MTU}."
        )


def _steps(commands: list[list[str]]) -> list[list[str] | bridges.Edit]:
    return [[NETWORKSETUP, *words] for words in commands]
