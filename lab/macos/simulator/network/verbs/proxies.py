# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Verbs for proxies."""

from __future__ import annotations

import functools

from .call import PARAMETERS_TEXT, Refused, getter, setter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .call import Call, Verb

_KINDS = {"webproxy": "HTTP", "securewebproxy": "HTTPS", "socksfirewallproxy": "SOCKS"}


def _get(kind: str, call: Call) -> None:
    settings = call.service().entity("Proxies")
    call.out(f"Enabled: {_yes(settings.get(f'{kind}Enable'))}")
    call.out(f"Server: {settings.get(f'{kind}Proxy', '')}")
    call.out(f"Port: {settings.get(f'{kind}Port', 0)}")
    call.out("Authenticated Proxy Enabled: 0")


def _set(kind: str, call: Call) -> None:
    """Store an address. This always switches the proxy on, even with an empty address and port 0."""
    settings = call.service().entity("Proxies")
    server, port = call.arguments[1:3]
    if not port.isdigit():
        raise Refused(PARAMETERS_TEXT)
    settings.update({f"{kind}Enable": 1, f"{kind}Proxy": server, f"{kind}Port": int(port)})


def _set_state(kind: str, call: Call) -> None:
    call.service().entity("Proxies")[f"{kind}Enable"] = int(call.switch(1))


def _get_auto_url(call: Call) -> None:
    settings = call.service().entity("Proxies")
    call.out(f"URL: {settings.get('ProxyAutoConfigURLString', '(null)')}")
    call.out(f"Enabled: {_yes(settings.get('ProxyAutoConfigEnable'))}")


def _set_auto_url(call: Call) -> None:
    settings = call.service().entity("Proxies")
    settings.update({"ProxyAutoConfigEnable": 1, "ProxyAutoConfigURLString": call.arguments[1]})


def _set_auto_state(call: Call) -> None:
    call.service().entity("Proxies")["ProxyAutoConfigEnable"] = int(call.switch(1))


def _get_discovery(call: Call) -> None:
    enabled = call.service().entity("Proxies").get("ProxyAutoDiscoveryEnable")
    call.out(f"Auto Proxy Discovery: {'On' if enabled else 'Off'}")


def _set_discovery(call: Call) -> None:
    call.service().entity("Proxies")["ProxyAutoDiscoveryEnable"] = int(call.switch(1))


def _get_bypass(call: Call) -> None:
    service = call.service()
    domains = service.entity("Proxies").get("ExceptionsList")
    for domain in domains or [f"There aren't any bypass domains set on {service.name}."]:
        call.out(domain)


def _set_bypass(call: Call) -> None:
    settings = call.service().entity("Proxies")
    domains = call.arguments[1:]
    settings["ExceptionsList"] = [] if [domain.lower() for domain in domains] == ["empty"] else domains


def _yes(value: object) -> str:
    return "Yes" if value else "No"


def _verbs() -> dict[str, Verb]:
    verbs = {
        "-getautoproxyurl": getter(_get_auto_url, "<networkservice>"),
        "-setautoproxyurl": setter(_set_auto_url, "<networkservice> <url>"),
        "-setautoproxystate": setter(_set_auto_state, "<networkservice> <on off>"),
        "-getproxyautodiscovery": getter(_get_discovery, "<networkservice>"),
        "-setproxyautodiscovery": setter(_set_discovery, "<networkservice> <on off>"),
        "-getproxybypassdomains": getter(_get_bypass, "<networkservice>"),
        "-setproxybypassdomains": setter(_set_bypass, "<networkservice> <domain1> [domain2] [...]"),
    }
    for name, kind in _KINDS.items():
        usage = "<networkservice> <domain> <port number> <authenticated> <username> <password>"
        verbs[f"-get{name}"] = getter(functools.partial(_get, kind), "<networkservice>")
        verbs[f"-set{name}"] = setter(functools.partial(_set, kind), usage, needs=3)
        verbs[f"-set{name}state"] = setter(functools.partial(_set_state, kind), "<networkservice> <on off>")
    return verbs


VERBS = _verbs()
