# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Verbs for addresses: IPv4, IPv6, additional routes, DNS servers and search domains."""

from __future__ import annotations

from ..addresses import is_address, prefix_length
from ..apply import leases
from ..links import default_routes
from ..plan import active_ipv4
from .call import PARAMETERS_TEXT, Refused, entity_list, getter, setter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..services import Service
    from .call import Call

_IPV4_METHODS = {"INFORM": "Manually Using DHCP Router"}
_IPV6_METHODS = {"LinkLocal": "Link Local"}


def _get_info(call: Call) -> None:
    service = call.service()
    method = service.method("IPv4")
    if method != "Off":
        call.out(f"{_IPV4_METHODS.get(method, method)} Configuration")
        _print_ipv4(call, service)
    if method == "DHCP":
        call.out(f"Client ID: {service.entity('IPv4').get('DHCPClientID', '')}")
    ipv6 = service.method("IPv6")
    call.out(f"IPv6: {_IPV6_METHODS.get(ipv6, ipv6)}")
    if ipv6 != "Off":
        _print_ipv6(call, service)
    port = next((port for port in call.ports() if port.device == service.device), None)
    label = "Wi-Fi ID" if service.port_name == "Wi-Fi" else "Ethernet Address"
    call.out(f"{label}: {port.address if port else '(null)'}")


def _print_ipv4(call: Call, service: Service) -> None:
    if service.method("IPv4") == "Manual":
        found = active_ipv4(service, "", {})
    elif service.method("IPv4") == "INFORM":
        found = active_ipv4(service, "", leases(call.context))
    else:
        link = call.links().get(service.device)
        active = link is not None and link.carrier and not link.bridge and service.enabled
        found = active_ipv4(service, link.address, leases(call.context)) if link and active else None
    if found is None:
        return
    address, netmask, router = found
    call.out(f"IP address: {address}")
    call.out(f"Subnet mask: {netmask}")
    call.out(f"Router: {router or 'none'}")


def _print_ipv6(call: Call, service: Service) -> None:
    link = call.links().get(service.device)
    settings = service.entity("IPv6")
    found = settings.get("Addresses") or [cidr.partition("/")[0] for cidr in link.inet6] if link else []
    routed = [address for address in found if not address.startswith("fe80")]
    routers = [gateway for gateway, device in default_routes(call.context, "-6") if device == service.device]
    call.out(f"IPv6 IP address: {routed[0] if routed else 'none'}")
    if "PrefixLength" in settings:
        call.out(f"IPv6 Prefix Length: {settings['PrefixLength'][0]}")
    call.out(f"IPv6 Router: {settings.get('Router') or (routers[0] if routers else 'none')}")


def _set_manual(call: Call) -> None:
    service = call.service()
    address, netmask, *rest = call.arguments[1:]
    router = rest[0] if rest else ""
    if not is_address(address) or (router and not is_address(router)):
        raise Refused(PARAMETERS_TEXT)
    try:
        prefix_length(netmask)
    except ValueError:
        raise Refused(PARAMETERS_TEXT) from None
    settings: dict[str, object] = {"Addresses": [address], "SubnetMasks": [netmask]}
    service.configure("IPv4", "Manual", **settings, **({"Router": router} if router else {}))


def _set_dhcp(call: Call) -> None:
    client = call.arguments[1] if len(call.arguments) > 1 else ""
    client = "" if client.lower() == "empty" else client
    call.service().configure("IPv4", "DHCP", **({"DHCPClientID": client} if client else {}))


def _set_manual_with_dhcp_router(call: Call) -> None:
    address = call.arguments[1]
    if not is_address(address):
        raise Refused(PARAMETERS_TEXT)
    call.service().configure("IPv4", "INFORM", Addresses=[address])


def _set_bootp(call: Call) -> None:
    call.service().configure("IPv4", "BOOTP")


def _set_v4_off(call: Call) -> None:
    call.service().configure("IPv4", "Off")


def _set_v6_off(call: Call) -> None:
    call.service().configure("IPv6", "Off")


def _set_v6_automatic(call: Call) -> None:
    call.service().configure("IPv6", "Automatic")


def _set_v6_link_local(call: Call) -> None:
    call.service().configure("IPv6", "LinkLocal")


def _set_v6_manual(call: Call) -> None:
    address, length, router = (*call.arguments[1:3], (call.arguments[3:] or [""])[0])
    if ":" not in address or not length.isdigit() or int(length) > 128:
        raise Refused(PARAMETERS_TEXT)
    settings: dict[str, object] = {"Addresses": [address], "PrefixLength": [int(length)]}
    call.service().configure("IPv6", "Manual", **settings, **({"Router": router} if router else {}))


def _get_routes(call: Call) -> None:
    service = call.service()
    routes = service.entity("IPv4").get("AdditionalRoutes", [])
    for route in routes:
        call.out(f"{route['DestinationAddress']} {route['SubnetMask']} {route['GatewayAddress']}")
    if not routes:
        call.out(f"There are no additional IPv4 routes on {service.name}.")


def _set_routes(call: Call) -> None:
    settings = call.service().entity("IPv4")
    values = call.arguments[1:]
    if len(values) % 3 or not all(is_address(value) for value in values):
        raise Refused(PARAMETERS_TEXT)
    settings.pop("AdditionalRoutes", None)
    rows = zip(values[0::3], values[1::3], values[2::3], strict=True)
    routes = [
        {"DestinationAddress": destination, "SubnetMask": netmask, "GatewayAddress": gateway}
        for destination, netmask, gateway in rows
    ]
    if routes:
        settings["AdditionalRoutes"] = routes


def _get_list(call: Call, key: str, title: str) -> None:
    service = call.service()
    for value in service.entity("DNS").get(key) or [f"There aren't any {title} set on {service.name}."]:
        call.out(value)


def _get_dns(call: Call) -> None:
    _get_list(call, "ServerAddresses", "DNS Servers")


def _set_dns(call: Call) -> None:
    values = call.arguments[1:]
    service = call.service()
    if not all(is_address(value) or ":" in value or value.lower() == "empty" for value in values):
        raise Refused(PARAMETERS_TEXT)
    entity_list(service.entity("DNS"), "ServerAddresses", values)


def _get_search(call: Call) -> None:
    _get_list(call, "SearchDomains", "Search Domains")


def _set_search(call: Call) -> None:
    entity_list(call.service().entity("DNS"), "SearchDomains", call.arguments[1:])


VERBS = {
    "-getinfo": getter(_get_info, "<networkservice>"),
    "-setmanual": setter(_set_manual, "<networkservice> <ip> <subnet> <router>", needs=3),
    "-setdhcp": setter(_set_dhcp, "<networkservice> [clientid]"),
    "-setmanualwithdhcprouter": setter(_set_manual_with_dhcp_router, "<networkservice> <ip>"),
    "-setbootp": setter(_set_bootp, "<networkservice>"),
    "-setv4off": setter(_set_v4_off, "<networkservice>"),
    "-setv6off": setter(_set_v6_off, "<networkservice>"),
    "-setv6automatic": setter(_set_v6_automatic, "<networkservice>"),
    "-setv6LinkLocal": setter(_set_v6_link_local, "<networkservice>"),
    "-setv6manual": setter(_set_v6_manual, "<networkservice> <address> <prefixLength> <router>", needs=3),
    "-getadditionalroutes": getter(_get_routes, "<networkservice>"),
    "-setadditionalroutes": setter(_set_routes, "<networkservice> [ <dest> <mask> <gateway> ]*", needs=1),
    "-getdnsservers": getter(_get_dns, "<networkservice>"),
    "-setdnsservers": setter(_set_dns, "<networkservice> <dns1> [dns2] [...] "),
    "-getsearchdomains": getter(_get_search, "<networkservice>"),
    "-setsearchdomains": setter(_set_search, "<networkservice> <domain1> [domain2] [...]"),
}
