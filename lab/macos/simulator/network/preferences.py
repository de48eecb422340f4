# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The network preferences, kept where macOS keeps them and in its form.

The property list is the only store, so that a program that edits it behind the tools' back (exo's helper deletes the
bridge from it by PlistBuddy) changes what they see, as on a Mac.
"""

from __future__ import annotations

import os
import plistlib

from .ports import BRIDGE_PORT, hardware_ports, physical_ports
from .services import Location, new_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from ..tool import Context
    from .ports import Port
    from .services import Service

FILE = "/Library/Preferences/SystemConfiguration/preferences.plist"
DEFAULT_LOCATION = "Automatic"
BRIDGE = "bridge0"
AUTOMATIC = {"__AUTO__": "thunderbolt-bridge"}


class Preferences:
    """The stored state of the network: locations, their services in order, virtual interfaces."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def bridges(self) -> dict[str, Any]:
        """Return the stored bridges by device: macOS makes them again whenever it starts."""
        bridges: dict[str, Any] = self.data.get("VirtualNetworkInterfaces", {}).get("Bridge", {})
        return bridges

    def locations(self) -> list[Location]:
        """Return every location."""
        return [Location(self.data, identifier) for identifier in self.data["Sets"]]

    def location(self, name: str) -> Location | None:
        """Find a location by its name."""
        return next((location for location in self.locations() if location.name == name), None)

    @property
    def current(self) -> Location:
        """The location in use."""
        return Location(self.data, self.data["CurrentSet"].removeprefix("/Sets/"))

    def switch(self, location: Location) -> None:
        """Make another location the one in use."""
        self.data["CurrentSet"] = f"/Sets/{location.identifier}"

    def create_location(self, name: str) -> Location:
        """Add a location without any service."""
        identifier = new_id()
        network: dict[str, Any] = {"Global": {"IPv4": {"ServiceOrder": []}}, "Interface": {}, "Service": {}}
        self.data["Sets"][identifier] = {"UserDefinedName": name, "Network": network}
        return Location(self.data, identifier)

    def delete_location(self, location: Location) -> None:
        """Remove a location with its services."""
        for service in location.services():
            location.remove(service)
        del self.data["Sets"][location.identifier]

    def populate(self, location: Location, ports: list[Port]) -> list[Service]:
        """Add a default service for each port that has none: DHCP, automatic IPv6, nothing else.

        A Thunderbolt port gets none: it is served by the bridge, or by hand.
        """
        taken = {service.device for service in location.services()}
        return [
            location.create(port.name, port)
            for port in ports
            if port.device not in taken and not port.is_thunderbolt and not port.is_adapter
        ]

    def gather(self, location: Location | None, ports: list[Port]) -> bool:
        """Put Thunderbolt ports that nobody serves into macOS's own bridge, and tell whether there were any.

        A service that is switched off serves a port too; it is looked for in one location, or in all of them.
        """
        bridged = {member for settings in self.bridges().values() for member in settings.get("Interfaces", [])}
        places = self.locations() if location is None else [location]
        served = {service.device for place in places for service in place.services()}
        free = [port.device for port in ports if port.is_thunderbolt and port.device not in bridged | served]
        if not free:
            return False
        stored = self.data.setdefault("VirtualNetworkInterfaces", {}).setdefault("Bridge", {})
        settings = next((one for one in stored.values() if one.get("Options") == AUTOMATIC), None)
        if settings is None:
            device = next(name for number in range(100) if (name := f"bridge{number}") not in stored)
            settings = {"Interfaces": [], "Options": dict(AUTOMATIC), "UserDefinedName": BRIDGE_PORT}
            stored[device] = settings
        settings["Interfaces"] = [*settings["Interfaces"], *free]
        return True


def load(context: Context) -> Preferences:
    """Read the preferences; a Mac that was never started has the defaults of its model."""
    try:
        with open(context.path(FILE), "rb") as file:
            data = plistlib.load(file)
    except FileNotFoundError:
        return default_preferences(context)
    return Preferences(data)


def save(context: Context, preferences: Preferences) -> None:
    """Replace the property list at once."""
    path = context.path(FILE)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    scratch = f"{path}.{os.getpid()}"
    with open(scratch, "wb") as file:
        plistlib.dump(preferences.data, file)
        os.fchmod(file.fileno(), 0o644)
    os.replace(scratch, path)


class FileLock:
    """The lock file of SCPreferences: locked while preferences change, and removed afterwards."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> None:
        """Wait for whoever holds it."""
        import fcntl

        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        while self._descriptor < 0:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                self._descriptor = descriptor
            else:
                # Its holder before has removed it.
                os.close(descriptor)

    def __exit__(self, *_: object) -> None:
        """Remove it."""
        os.unlink(self._path)
        os.close(self._descriptor)
        self._descriptor = -1


class Edit:
    """An exclusive change of the preferences, stored unless the body raises."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = context.state.edit("network")
        self._file_lock = FileLock(context.path(FILE) + "-lock")
        self._preferences = Preferences({})

    def __enter__(self) -> Preferences:
        """Lock and read."""
        self._lock.__enter__()
        # Whoever is not of the simulator keeps out by the lock that macOS's programs hold.
        self._file_lock.__enter__()
        self._preferences = load(self._context)
        return self._preferences

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Store and unlock."""
        try:
            if kind is None:
                save(self._context, self._preferences)
        finally:
            self._file_lock.__exit__(kind, error, trace)
            self._lock.__exit__(kind, error, trace)


def default_preferences(context: Context) -> Preferences:
    """Make what Setup Assistant leaves behind: one location, all Thunderbolt ports in one bridge."""
    members = [port.device for port in physical_ports(context.profile) if port.is_thunderbolt]
    bridge = {
        "Interfaces": members,
        "Options": dict(AUTOMATIC),
        "UserDefinedName": BRIDGE_PORT,
    }
    preferences = Preferences(
        {
            "Model": context.profile.model,
            "NetworkServices": {},
            "Sets": {},
            "VirtualNetworkInterfaces": {"Bridge": {BRIDGE: bridge} if members else {}},
        }
    )
    location = preferences.create_location(DEFAULT_LOCATION)
    preferences.switch(location)
    preferences.populate(location, hardware_ports(context.profile, preferences))
    return preferences
