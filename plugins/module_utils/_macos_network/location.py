# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Network locations: a location is a whole set of services, so a switch changes every address of the Mac."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkSetup


@dataclass(frozen=True)
class Locations:
    """The locations there are, and the one in use."""

    names: tuple[str, ...]
    current: str


@dataclass(frozen=True)
class LocationPlan:
    """The verbs to run, what they lead to, and what a person should know about it."""

    commands: list[list[str]]
    after: Locations
    warnings: list[str]

    def switches(self, before: Locations) -> bool:
        """Tell whether every address of the host may change."""
        return self.after.current != before.current


def read(tool: NetworkSetup) -> Locations:
    """Read the locations."""
    names = [line.strip() for line in tool.run("-listlocations").splitlines() if line.strip()]
    current = tool.run("-getcurrentlocation").strip()
    if current not in names:
        raise UnknownStateError("networksetup", f"{' '.join(names)}; {current}", "which network location is in use")
    return Locations(tuple(names), current)


def plan(before: Locations, wanted: str | None, absent: str | None, *, undone: bool = False) -> LocationPlan:
    """Create and switch to the wanted location; remove the unwanted one, leaving it first if it is in use.

    A switch that is taken back unless it is confirmed leaves the location in use before where it is, because nothing
    could bring it back.
    """
    commands, warnings, names, target = [], [], list(before.names), wanted or before.current
    if wanted and wanted not in names:
        commands.append(["-createlocation", wanted, "populate"])
        names.append(wanted)
        warnings.append(f"The network location {wanted} is new: all its services start with DHCP until they are set.")
    if absent and absent == target:
        others = [name for name in names if name != absent]
        if wanted or not others:
            raise NetworkError(f"The network location {absent} cannot be removed: it is the one to be used.")
        target = others[0]
    if target != before.current:
        commands.append(["-switchtolocation", target])
        warnings.append(
            f"The network location changes from {before.current} to {target}: every address of this host may change."
        )
    if absent and absent in names and undone and absent == before.current:
        warnings.append(f"The network location {absent} is removed by the next call, once the switch is confirmed.")
    elif absent and absent in names:
        commands.append(["-deletelocation", absent])
        names.remove(absent)
    return LocationPlan(commands, Locations(tuple(names), target), warnings)


def apply(tool: NetworkSetup, wanted: LocationPlan) -> None:
    """Run the verbs and read back: what they print is not worth reading."""
    for words in wanted.commands:
        tool.run(*words)
    found = read(tool)
    if found.current != wanted.after.current or set(found.names) != set(wanted.after.names):
        raise NetworkError(
            f"The network locations should be {', '.join(wanted.after.names)} with {wanted.after.current} in use, but"
            f" are {', '.join(found.names)} with {found.current} in use."
        )
