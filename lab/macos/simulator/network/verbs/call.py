# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a verb of ``networksetup`` is given, and the errors they all share."""

from __future__ import annotations

from ..links import observe
from ..ports import find_port, hardware_ports
from ..preferences import Edit, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ...profile import Profile
    from ...tool import Context
    from ..links import Links
    from ..ports import Port
    from ..preferences import Preferences
    from ..services import Location, Service

PARAMETERS = 4
NOT_COMMITTED = 7
NO_WIRELESS = 10
NOT_PRIVILEGED = 14
PARAMETERS_TEXT = "** Error: The parameters were not valid."


class Refused(Exception):  # noqa: N818 - an answer of the tool, not an error of the simulator
    """Lines to print on standard output, and the exit status to leave with."""

    def __init__(self, *lines: str, status: int = PARAMETERS) -> None:
        super().__init__(*lines)
        self.lines = lines
        self.status = status


class Call:
    """One call of one verb."""

    def __init__(self, context: Context, arguments: list[str], preferences: Preferences) -> None:
        self.context = context
        self.arguments = arguments
        self.preferences = preferences

    @property
    def profile(self) -> Profile:
        """The Mac's profile."""
        return self.context.profile

    @property
    def location(self) -> Location:
        """The location in use: every verb works on it alone."""
        return self.preferences.current

    def out(self, text: str) -> None:
        """Print a line."""
        self.context.out(text)

    def ports(self) -> list[Port]:
        """Return the hardware ports."""
        return hardware_ports(self.profile, self.preferences)

    def links(self) -> Links:
        """Return the real interfaces."""
        return observe(self.context)

    def service(self, position: int = 0) -> Service:
        """Return the service an argument names. An asterisk copied from the list is part of no name."""
        name = self.arguments[position]
        service = self.location.service(name)
        if service is None:
            raise Refused(f"{name} is not a recognized network service.", PARAMETERS_TEXT)
        return service

    def port(self, position: int = 0) -> Port:
        """Return the port an argument names, by its own name or by its device."""
        wanted = self.arguments[position]
        port = find_port(self.ports(), wanted)
        if port is None:
            raise Refused(f"Could not find hardware port or device named {wanted}")
        return port

    def switch(self, position: int) -> bool:
        """Return whether an argument says on."""
        state = self.arguments[position].lower()
        if state not in {"on", "off"}:
            raise Refused(PARAMETERS_TEXT)
        return state == "on"


class Verb:
    """A verb: what it does, the usage line, how many arguments it needs, whether it changes anything."""

    def __init__(
        self, action: Callable[[Call], None], usage: str = "", needs: int = 0, *, writes: bool = False
    ) -> None:
        self.action = action
        self.usage = usage
        self.needs = needs
        self.writes = writes


def getter(action: Callable[[Call], None], usage: str = "", needs: int | None = None) -> Verb:
    """Make a verb that reads; it needs each argument its usage shows in angle brackets."""
    return Verb(action, usage, usage.count("<") if needs is None else needs)


def setter(action: Callable[[Call], None], usage: str = "", needs: int | None = None) -> Verb:
    """Make a verb that changes the preferences."""
    return Verb(action, usage, usage.count("<") if needs is None else needs, writes=True)


def open_call(context: Context, arguments: list[str]) -> Call:
    """Prepare a call that only reads."""
    return Call(context, arguments, load(context))


def editing(context: Context) -> Edit:
    """Lock the preferences for a call that writes."""
    return Edit(context)


def entity_list(settings: dict[str, Any], key: str, values: list[str]) -> None:
    """Store a list, or remove it by the word "Empty"."""
    if [value.lower() for value in values] == ["empty"]:
        settings.pop(key, None)
    else:
        settings[key] = list(values)
