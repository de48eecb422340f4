# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One call of the network module: location first, since services belong to one, then everything else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _connection
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import bridge as bridges
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import carrier, undo
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import location as locations
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import restoration as restorations
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import state as network
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import (
    NETWORKSETUP,
    NetworkError,
    NetworkSetup,
    find_port,
    find_service,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.hardware_ports_text import Port


@dataclass(frozen=True)
class Call:
    """What one call asks for."""

    wanted: network.Wanted
    location: str | None = None
    location_absent: str | None = None
    undo_after: int | None = None
    connection_address: str | None = None
    record: str | None = None
    """The name under which is remembered what was before."""
    restored: bool = False
    """Whether that is set back; where nothing is remembered, what is wanted tells what is ours."""
    keep: tuple[str, ...] = ()


class Change:
    """First `plan`, then `apply` unless in check mode, then `result`."""

    def __init__(self, commands: Commands, call: Call) -> None:
        self._commands = commands
        self._call = call
        self._tool = NetworkSetup(commands)
        self._launchd = Launchd(commands)
        self._location_before: locations.Locations | None = None
        self._location_plan: locations.LocationPlan | None = None
        self._state: network.NetworkState | None = None
        self._plan: network.Plan | None = None
        self._connection: _connection.Connection | None = None
        self._restoration: restorations.Restoration | None = None
        self._armed = False
        self.warnings: list[str] = []

    def confirm(self, check_mode: bool) -> bool:
        """Keep what would be taken back; tell whether there was anything."""
        if check_mode:
            return undo.JOB.is_pending()
        there = undo.JOB.disarm(self._launchd)
        if there and self._call.restored and self._call.record:
            restorations.earlier(self._call.record).forget()
        return there

    def plan(self) -> None:
        """Read and plan; the services of a location that is not in use yet cannot be read before the switch."""
        call = self._call
        if call.restored and call.record:
            self._plan_restoration(call.record)
            return
        if call.location or call.location_absent:
            self._location_before = locations.read(self._tool)
            self._location_plan = locations.plan(
                self._location_before, call.location, call.location_absent, undone=call.undo_after is not None
            )
            self.warnings += self._location_plan.warnings
            self._refuse_switch()
        if not self._switches():
            self._plan_services()
        elif self._manages_services():
            self.warnings.append("The services of the other location can only be looked at after the switch to it.")

    def apply(self) -> None:
        """Make it so and read it back."""
        if self._restoration:
            self._restore(self._restoration)
            return
        if self._location_plan and self._location_plan.commands:
            self._guard_location()
            locations.apply(self._tool, self._location_plan)
            if self._switches():
                self._plan_services()
        if self._plan and self._plan.differences:
            self._change()
            self._read_back()

    def result(self) -> dict[str, Any]:
        """Return what the module reports."""
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        changes: list[dict[str, Any]] = []
        if self._location_before and self._location_plan:
            was, becomes = self._location_before, self._location_plan.after
            before |= {"location": was.current, "locations": list(was.names)}
            after |= {"location": becomes.current, "locations": list(becomes.names)}
            if self._location_plan.commands:
                changes.append({"service": "", "setting": "location", "before": dict(before), "after": dict(after)})
        if self._state and self._plan:
            before |= network.describe(self._state, self._call.wanted)
            after |= network.describe(self._plan.after, self._call.wanted)
            changes += [
                {"service": one.service, "setting": one.key, "before": one.got, "after": one.wanted}
                for one in self._plan.differences
            ]
        return {
            "changed": bool(changes),
            "changes": changes,
            "undo_pending": self._armed,
            "kept": self._restoration.kept if self._restoration else [],
            "diff": {"before": before, "after": after},
        }

    def _plan_restoration(self, record: str) -> None:
        """Plan what sets back what is remembered."""
        earlier = restorations.earlier(record)
        if not earlier.exists():
            self._resolve_carrier()
            restorations.assume(earlier, self._tool, self._call.wanted)
        self._restoration = restorations.Restoration(self._commands, self._tool, earlier, self._call.keep)
        self._state = self._restoration.read()
        self._call = replace(self._call, wanted=self._restoration.wanted)
        self._plan = self._restoration.plan(self._state)
        self._refuse_dangers(self._state, self._plan.differences)

    def _restore(self, restoration: restorations.Restoration) -> None:
        """Set it back and read it; what waits for its confirmation is remembered until then."""
        if self._plan and self._plan.differences:
            self._change()
            restoration.check()
        if not self._armed:
            restoration.forget()

    def _change(self) -> None:
        """Make the changes, those that may cut the connection last."""
        if self._plan is None or self._state is None:
            return
        differences = self._plan.differences
        endangering = self._guard_services(self._state, differences)
        if self._call.record and not self._call.restored:
            restorations.remember(self._call.record, differences)
        for difference in sorted(differences, key=lambda one: one in endangering):
            for step in difference.steps:
                self._step(step)

    def _manages_services(self) -> bool:
        wanted = self._call.wanted
        return bool(wanted.services or wanted.order or wanted.cabled_ports or wanted.bridge_device)

    def _switches(self) -> bool:
        if self._location_plan is None or self._location_before is None:
            return False
        return self._location_plan.switches(self._location_before)

    def _plan_services(self) -> None:
        if not self._manages_services():
            return
        self._resolve_carrier()
        self._state = network.read(self._commands, self._tool, self._call.wanted)
        self._plan = network.plan(self._state, self._call.wanted)
        self._refuse_dangers(self._state, self._plan.differences)
        self._warn_of_other_services(self._plan.after)

    def _warn_of_other_services(self, state: network.NetworkState) -> None:
        """Name what macOS applies beside a service that is managed."""
        for entry in self._call.wanted.services:
            port = find_port(state.ports, entry.get("device"), entry.get("port"))
            service = find_service(state.services, port.device, entry.get("name"))
            others = network.other_services(state, port.device, service.name) if service else []
            if service and others and entry["state"] == "present":
                names = " and ".join(one.name for one in others)
                sentence = (
                    f"{port.name} ({port.device}) has {len(others) + 1} network services in use: {service.name}, which "
                    f"is managed, and {names}, which is not. Switch off what nobody needs in System Settings > Network."
                )
                if sentence not in self.warnings:
                    self.warnings.append(sentence)

    def _refuse_dangers(self, state: network.NetworkState, differences: list[network.Difference]) -> None:
        """Refuse what nobody could set back, and what cuts the connection."""
        network.refuse_irreversible(differences)
        undone = self._call.undo_after is not None
        if differences and (undone or self._call.connection_address):
            connection = self._find_connection(state.ports)
            carrier.refuse_cut(differences, state, connection, undone=undone)

    def _resolve_carrier(self) -> None:
        """Put the service that carries the connection in the place of `auto`."""
        if carrier.is_needed(self._call.wanted):
            wanted = carrier.resolve(self._tool, self._call.wanted, self._find_connection(self._tool.ports()))
            self._call = replace(self._call, wanted=wanted)

    def _find_connection(self, ports: list[Port]) -> _connection.Connection:
        """Find what carries the connection, once and before anything is changed."""
        if self._connection is None:
            devices = [port.device for port in ports]
            self._connection = _connection.read(self._commands, self._call.connection_address, devices)
        return self._connection

    def _refuse_switch(self) -> None:
        """Refuse a switch of the location that may cut the connection, unless it is taken back by itself."""
        if self._switches() and self._call.connection_address and self._call.undo_after is None:
            raise NetworkError(
                f"The network location stays as it is, because every address may change with it, also "
                f"{self._call.connection_address}, which carries the connection: give undo_after, so that it is "
                "taken back unless it is confirmed."
            )

    def _guard_location(self) -> None:
        """Have a switch of the location taken back by itself."""
        if self._location_before and self._switches() and self._call.undo_after is not None:
            command = [NETWORKSETUP, "-switchtolocation", self._location_before.current]
            self._arm([command])

    def _guard_services(
        self, state: network.NetworkState, differences: list[network.Difference]
    ) -> list[network.Difference]:
        """Have changes that may cut the connection taken back by themselves; return them, to be made last."""
        connection = self._connection or _connection.Connection()
        endangering = [one for one in differences if carrier.endangers(one, state, connection)]
        if endangering and self._call.undo_after is not None and not self._armed:
            self._arm(undo.restore_commands(self._tool, endangering))
        return endangering

    def _arm(self, commands: list[list[str]]) -> None:
        undo.arm(self._launchd, self._call.undo_after or 0, commands)
        self._armed = True
        self.warnings.append(
            f"The change is taken back in {self._call.undo_after} seconds unless a call with confirm comes through."
        )

    def _step(self, step: list[str] | bridges.Edit) -> None:
        if isinstance(step, bridges.Edit):
            bridges.apply_edit(step)
        elif step[0] == NETWORKSETUP:
            self._tool.run(*step[1:])
        else:
            self._commands.check_output(step)

    def _read_back(self) -> None:
        """Fail on the first thing that was written and does not show."""
        state = network.read(self._commands, self._tool, self._call.wanted)
        left = network.plan(state, self._call.wanted).differences
        if left:
            one = left[0]
            what = f"the network service {one.service}" if one.service else "the network services"
            raise NetworkError(
                f"The setting {one.key} of {what} was written but is {one.got!r} instead of {one.wanted!r}."
            )
