# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Verbs for locations: sets of services of which one is in use."""

from __future__ import annotations

from .. import bridge
from .call import PARAMETERS_TEXT, Refused, getter, setter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..services import Location
    from .call import Call


def _list(call: Call) -> None:
    for location in call.preferences.locations():
        call.out(location.name)


def _current(call: Call) -> None:
    call.out(call.location.name)


def _create(call: Call) -> None:
    """Add an empty location; populated it has new default services, which copy nothing from the one in use."""
    name = call.arguments[0]
    if call.preferences.location(name):
        raise Refused(f"{name} is already a network location.", PARAMETERS_TEXT)
    location = call.preferences.create_location(name)
    if call.arguments[1:] == ["populate"]:
        if call.preferences.gather(location, call.ports()):
            bridge.restore(call.context, call.preferences)
        call.preferences.populate(location, call.ports())
        call.out("populated")


def _switch(call: Call) -> None:
    call.preferences.switch(_location(call))
    call.out("found it!")


def _delete(call: Call) -> None:
    location = _location(call)
    if location.identifier == call.location.identifier:
        raise Refused(f"{location.name} is the current network location and can not be deleted.", PARAMETERS_TEXT)
    call.preferences.delete_location(location)


def _location(call: Call) -> Location:
    name = call.arguments[0]
    location = call.preferences.location(name)
    if location is None:
        raise Refused(f"{name} is not a recognized network location.", PARAMETERS_TEXT)
    return location


VERBS = {
    "-listlocations": getter(_list),
    "-getcurrentlocation": getter(_current),
    "-createlocation": setter(_create, "<location name> [populate]"),
    "-switchtolocation": setter(_switch, "<location name>"),
    "-deletelocation": setter(_delete, "<location name>"),
}
