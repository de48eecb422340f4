# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Setting the network of a Mac back to what it was before the first change: exactly what is remembered, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._earlier_settings import EarlierSettings
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import bridge as bridges
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import state as network
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.settings import (
    SETTINGS,
    read_settings,
    write_enabled,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import (
    NETWORKSETUP,
    NetworkError,
    NetworkSetup,
    Service,
    find_port,
    find_service,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.hardware_ports_text import Port
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.state import Difference, NetworkState

BRIDGE = "bridge"
ENABLED = "enabled"
STATE = "state"
MAKE_BRIDGE = "System Settings > Network makes it again, where no cables form a loop"


def earlier(record: str) -> EarlierSettings:
    """Return what is remembered under a name."""
    return EarlierSettings(f"network-{record}")


def remember(record: str, differences: list[Difference]) -> None:
    """Remember what is about to change."""
    before = earlier(record)
    for one in differences:
        if one.key in SETTINGS or one.key in {ENABLED, BRIDGE, STATE}:
            before.remember(one.service, {one.key: one.got}, {one.key: one.wanted})
    before.save()


def assume(before: EarlierSettings, tool: NetworkSetup, wanted: network.Wanted) -> None:
    """Take, where nothing is remembered, what is still as wanted for ours: a new service had another value."""
    ports, services = (tool.ports(), tool.services()) if wanted.services else ([], [])
    for one in wanted.services:
        service = _find(ports, services, one)
        for key, setting in SETTINGS.items() if service else ():
            if service and one.get(key) is not None and setting.default is not None:
                ours = setting.complete(one[key], setting.default)
                before.remember(service.name, {key: setting.default}, {key: ours})


def _find(ports: list[Port], services: list[Service], wanted: dict[str, Any]) -> Service | None:
    try:
        port = find_port(ports, wanted.get("device"), wanted.get("port"))
    except NetworkError:
        return None
    return find_service(services, port.device, wanted.get("name"))


class Restoration:
    """What one record wants, and what of it is left as it is, each as a sentence."""

    def __init__(
        self, commands: Commands, tool: NetworkSetup, before: EarlierSettings, keep: Collection[str] = ()
    ) -> None:
        self._commands = commands
        self._tool = tool
        self._earlier = before
        self._is_known = before.exists()
        self._keep = keep
        self._ports: set[str] = set()
        self._services: list[Service] = []
        self.kept: list[str] = []

    @property
    def wanted(self) -> network.Wanted:
        """Return what a difference is shown of: the services of the record, and the bridge."""
        devices = [service.device for service in self._services if service.device in self._ports]
        return network.Wanted(
            services=[{"device": device} for device in devices],
            bridge_device=self._bridge,
            bridge_state="present" if self._bridge_is_wanted else "absent",
        )

    def read(self) -> NetworkState:
        """Read the settings of the record, of the services that are still there."""
        ports, there = self._tool.ports(), self._tool.services()
        self._ports = {port.device for port in ports}
        self._services = [service for service in there if service.name in self._earlier.areas]
        settings = {
            service.device: read_settings(self._tool, service.name, service.device, self._keys(service))
            for service in self._services
        }
        bridge = bridges.read(self._commands, self._bridge) if self._bridge else None
        return network.NetworkState(ports, there, settings, bridge)

    def plan(self, state: NetworkState) -> network.Plan:
        """Return what sets everything back: the settings first, because a service is switched off with what it has."""
        self.kept = [*self._gone(state)]
        differences: list[Difference] = []
        after = state
        for service in self._services:
            after = self._plan_service(after, service, differences)
        made = self._plan_bridge(after)
        differences += made.differences
        after = made.after
        handled = {one.service for one in made.differences if one.key == ENABLED}
        for service in self._services:
            if service.name not in handled:
                after = self._plan_enabled(after, service, differences)
        if differences and not self._is_known:
            names = ", ".join(dict.fromkeys(one.service for one in differences))
            self.kept.append(f"settings of a new service for {names}: what they were before is not remembered")
        return network.Plan(differences, after)

    def check(self) -> None:
        """Read again; what does not show is a failure."""
        kept = self.kept
        left = self.plan(self.read()).differences
        self.kept = kept
        if left:
            raise NetworkError(
                f"The setting {left[0].key} of {left[0].service} was set back but is {left[0].got!r} instead of"
                f" {left[0].wanted!r}."
            )

    def forget(self) -> None:
        """Forget what was before."""
        self._earlier.forget()

    @property
    def _bridge(self) -> str | None:
        return next((name for name, noted in self._earlier.areas.items() if BRIDGE in noted), None)

    @property
    def _bridge_is_wanted(self) -> bool:
        return bool(self._bridge and self._earlier.areas[self._bridge][BRIDGE]["before"]["stored"])

    def _keys(self, service: Service) -> list[str]:
        return [key for key in SETTINGS if key in self._earlier.areas[service.name]]

    def _plan_service(self, state: NetworkState, service: Service, differences: list[Difference]) -> NetworkState:
        current = state.settings[service.device]
        there = {**current, ENABLED: service.enabled, STATE: "present"}
        values, changed = self._earlier.to_restore(service.name, there)
        if STATE in values:
            self.kept.append(f"the network service {service.name}: macOS keeps the only one of a port")
        for key in changed if self._is_known else ():
            self.kept.append(f"{key} of the network service {service.name}: somebody has changed it since")
        settings = {key: values[key] for key in self._keys(service) if key in values}
        for key, before in settings.items():
            if before is None:
                self.kept.append(f"{key} of the network service {service.name}: what it was is not known")
                continue
            steps = _steps(SETTINGS[key].write(service.name, service.device, before))
            differences.append(network.Difference(service.name, key, before, current[key], steps, service.device))
            current = {**current, key: before}
        return replace(state, settings={**state.settings, service.device: current})

    def _plan_bridge(self, state: NetworkState) -> network.Plan:
        """Make or end the bridge as before, where it still is as it was left."""
        if state.bridge is None or self._bridge is None:
            return network.Plan([], state)
        noted = self._earlier.areas[self._bridge][BRIDGE]
        found, before, after = (_core(one) for one in (bridges.describe(state.bridge), noted["before"], noted["after"]))
        if found == before:
            return network.Plan([], state)
        if BRIDGE in self._keep or found != after:
            why = MAKE_BRIDGE if BRIDGE in self._keep else "somebody has changed it since"
            self.kept.append(f"the bridge {self._bridge}: {why}")
            return network.Plan([], state)
        wanted = "present" if self._bridge_is_wanted else "absent"
        return network.plan(state, network.Wanted(bridge_device=self._bridge, bridge_state=wanted))

    def _plan_enabled(self, state: NetworkState, service: Service, differences: list[Difference]) -> NetworkState:
        values, _ = self._earlier.to_restore(service.name, {ENABLED: service.enabled})
        bridgeless = service.device == self._bridge and not (state.bridge and state.bridge.running)
        if ENABLED not in values or (values[ENABLED] and bridgeless):
            return state
        wanted = values[ENABLED]
        steps = _steps(write_enabled(service.name, service.device, wanted))
        differences.append(network.Difference(service.name, ENABLED, wanted, service.enabled, steps, service.device))
        switched = [replace(one, enabled=wanted) if one == service else one for one in state.services]
        return replace(state, services=switched)

    def _gone(self, state: NetworkState) -> list[str]:
        names = {service.name for service in state.services}
        return [
            f"the network service {name}: it is no longer there"
            for name, noted in self._earlier.areas.items()
            if name not in names and BRIDGE not in noted
        ]


def _core(described: dict[str, Any]) -> tuple[bool, bool]:
    """Return what of a bridge is compared: its members come and go with cables."""
    return described["running"], described["stored"]


def _steps(commands: list[list[str]]) -> list[list[str] | bridges.Edit]:
    return [[NETWORKSETUP, *words] for words in commands]
