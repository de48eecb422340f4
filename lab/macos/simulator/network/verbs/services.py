# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Verbs for services and hardware ports."""

from __future__ import annotations

from .. import bridge
from .call import PARAMETERS_TEXT, Refused, getter, setter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .call import Call

_NOTE = "An asterisk (*) denotes that a network service is disabled."


def _list_services(call: Call) -> None:
    call.out(_NOTE)
    for service in call.location.services():
        call.out(f"{'' if service.enabled else '*'}{service.name}")


def _list_order(call: Call) -> None:
    call.out(_NOTE)
    number = 0
    for service in call.location.services():
        number += service.enabled
        call.out(f"({number if service.enabled else '*'}) {service.name}")
        call.out(f"(Hardware Port: {service.port_name}, Device: {service.device})\n")


def _list_ports(call: Call) -> None:
    for port in call.ports():
        call.out(f"\nHardware Port: {port.name}\nDevice: {port.device}\nEthernet Address: {port.address}")
    call.out("\nVLAN Configurations\n===================")


def _detect(call: Call) -> None:
    if call.preferences.gather(None, call.ports()):
        bridge.restore(call.context, call.preferences)
    call.preferences.populate(call.location, call.ports())


def _get_enabled(call: Call) -> None:
    call.out("Enabled" if call.service().enabled else "Disabled")


def _set_enabled(call: Call) -> None:
    call.service().enabled = call.switch(1)


def _create(call: Call) -> None:
    name = call.arguments[0]
    if call.location.service(name):
        raise Refused(f"{name} already exists. Please choose a different name.", PARAMETERS_TEXT)
    call.location.create(name, call.port(1))


def _rename(call: Call) -> None:
    service, name = call.service(), call.arguments[1]
    if call.location.service(name):
        raise Refused(f"{name} already exists. Please choose a different name.", PARAMETERS_TEXT)
    service.name = name


def _remove(call: Call) -> None:
    service = call.service()
    others = [other for other in call.location.services() if other.identifier != service.identifier]
    present = service.device in [port.device for port in call.ports()]
    # A service whose hardware is gone (a bridge that was deleted) may always go too.
    if present and service.device not in [other.device for other in others]:
        raise Refused(
            f"{service.name} is the only network service on its hardware port and can not be removed.",
            PARAMETERS_TEXT,
        )
    call.location.remove(service)


def _order(call: Call) -> None:
    wanted = [call.service(position).identifier for position in range(len(call.arguments))]
    if sorted(wanted) != sorted(call.location.order):
        raise Refused(PARAMETERS_TEXT)
    call.location.order = wanted


VERBS = {
    "-listnetworkserviceorder": getter(_list_order),
    "-listallnetworkservices": getter(_list_services),
    "-listallhardwareports": getter(_list_ports),
    "-detectnewhardware": setter(_detect),
    "-getnetworkserviceenabled": getter(_get_enabled, "<networkservice>"),
    "-setnetworkserviceenabled": setter(_set_enabled, "<networkservice> <on off>"),
    "-createnetworkservice": setter(_create, "<newnetworkservicename> <hardwareport>"),
    "-renamenetworkservice": setter(_rename, "<networkservice> <newnetworkservicename>"),
    "-removenetworkservice": setter(_remove, "<networkservice>"),
    "-ordernetworkservices": setter(_order, "<service1> <service2> <service3> <...>", needs=1),
}
