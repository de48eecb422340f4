# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about texts that their type allows and nothing can use: addresses, names, patterns, times and logins.

No sentence repeats what is secret.
"""

from __future__ import annotations

import ipaddress
import re
import warnings
import zoneinfo
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem, closest, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*")
_DURATION = re.compile(r"(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?")
_LOGIN = re.compile(r"[^\s:/\\\"'\x00-\x1f]+")
_INTERFACE = re.compile(r"[A-Za-z0-9._-]{1,15}")
_SCHEMES = ("http", "https")
_OF_CARRIERS = ipaddress.ip_network("100.64.0.0/10")


def _address(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return "which is not an IP address; write one such as 192.168.1.1."
    return ""


def _own_address(text: str) -> str:
    """Take what a program may listen on: an address of its host, or all of them."""
    if fault := _address(text):
        return fault
    address = ipaddress.ip_address(text)
    if address.is_multicast or not (address.is_private or address.is_unspecified or address in _OF_CARRIERS):
        return "which is not an address of a host here; write 0.0.0.0, or one of the management node's."
    return ""


def _url(text: str) -> str:
    advice = "which is not a valid address; write one such as https://mirror.example/files."
    try:
        parts = urlsplit(text)
        usable = parts.scheme in _SCHEMES and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        return advice
    return "" if usable and not re.search(r"\s", text) else advice


def _source(text: str) -> str:
    """Take what git takes: an address, or one in the form of ssh."""
    return "" if re.fullmatch(r"(ssh|git|file)://\S+|[^\s:/]+@[^\s:/]+:\S+", text) else _url(text)


def _name(text: str) -> str:
    usable = _NAME.fullmatch(text) and len(text) < 254
    return "" if usable else "which is not a name in DNS; write one such as www.example.org."


def _site(text: str) -> str:
    return _name(text.removeprefix("."))


def _name_or_address(text: str) -> str:
    return _name(text) and _address(text) and "which is neither a name in DNS nor an IP address; write one."


def _server(text: str) -> str:
    """Take what AdGuard Home takes as an upstream: far more than an address, but nothing with a blank in it."""
    return "which is not a DNS server; write its address." if not text or re.search(r"\s", text) else ""


def _pattern(text: str) -> str:
    if re.search(r"\s", text):
        return "which has a space, where Squid begins a new one; write %20 instead."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # classes such as [[:digit:]], which Squid knows
            re.compile(text)
    except re.error as error:
        return f"which is not a valid pattern ({error.msg}); correct it."
    return "" if text else "which every address fits; write a pattern."


def _time_zone(text: str) -> str:
    known = _time_zones()
    if text in known or not known:
        return ""
    guess = closest(text, known, 0.7)
    return f"which is not a time zone; {f'did you mean {guess}?' if guess else 'write one such as Europe/Berlin.'}"


@cache
def _time_zones() -> frozenset[str]:
    """Return those that this machine knows; it may know none."""
    return frozenset(zoneinfo.available_timezones())


def _duration(text: str) -> str:
    return "" if _DURATION.fullmatch(text) else "which is not a duration of Prometheus; write one such as 90s or 5m."


def _login(text: str) -> str:
    return "" if _LOGIN.fullmatch(text) else "which is not a valid name of a user; write one such as admin."


def _interface(text: str) -> str:
    return "" if _INTERFACE.fullmatch(text) else "which is not the name of an interface; write one such as en0."


def _text(text: str) -> str:
    return "" if text.strip() else "which is empty; write it, or remove the line."


_FORMS: dict[Callable[[str], str], tuple[str, ...]] = {
    _address: (
        *("adguard_home_bootstrap_servers", "dns_client_fallback_servers", "dns_client_servers"),
        *("power_management_broadcast", "squid_dns_servers"),
    ),
    _own_address: ("adguard_home_bind_addresses",),
    _url: (
        *("adguard_home_filter_lists", "alertmanager_webhooks", "cluster_python_index", "model_store_endpoint"),
        *("nvidia_driver_container_repository", "nvidia_driver_repository"),
    ),
    _source: ("exo_repository",),
    _name: ("dns_client_probes", "dns_client_search"),
    _site: ("squid_passed_through",),
    _name_or_address: ("macos_headless_network_time_server",),
    _server: ("adguard_home_fallback_upstreams", "adguard_home_upstreams"),
    _pattern: ("squid_immutable",),
    _time_zone: ("macos_headless_time_zone",),
    _duration: ("prometheus_alert_delay",),
    _login: ("adguard_home_administrator", "grafana_admin_user", "haproxy_user"),
    _interface: ("power_management_interface",),
    _text: (
        *("dns_client_macos_device", "llama_cpp_web_origins", "macos_headless_name", "proxy_client_macos_device"),
        "squid_ca_name",
    ),
}
_FORM_OF = {name: form for form, names in _FORMS.items() for name in names}
_NEEDED = {
    "adguard_home_bind_addresses": "the DNS server would listen nowhere",
    "adguard_home_upstreams": "no name outside the cluster would be found",
    "dns_client_servers": "hosts would ask nobody for names",
}
"""Lists of which one entry is needed, and what happens without."""
_TABLES_OF_FILES = ("_releases", "_release", "_container_key")
"""How variables end that hold addresses of files to download."""


def forms(inventory: Inventory) -> Iterator[Problem]:
    """Check texts by what their variables hold."""
    options = inventory.specs.options

    def look(name: str, value: Any) -> list[str]:
        return list(_faults(name, value, secret=bool(options[name].get("no_log"))))

    for host, name, faults in inventory.look(look):
        host.forget(name)
        yield from (Problem(host.name, fault) for fault in faults)


def _faults(name: str, value: Any, *, secret: bool) -> Iterator[str]:
    if name in _NEEDED and isinstance(value, (list, tuple)) and not value:
        yield f"{name} is empty, so that {_NEEDED[name]}; write an address, or remove the line."
    if name == "squid_signed_downloads" and isinstance(value, (list, tuple)):
        yield from _pattern_faults(name, value)
    if name.endswith(_TABLES_OF_FILES):
        yield from _file_faults(name, value)
    form = _FORM_OF.get(name)
    for key, member in value.items() if form and isinstance(value, Mapping) else ():
        if not isinstance(member, str):
            yield f"{name}.{key} is {written(member)}; write text; put it in quotes."
    for where, text in _texts(name, value) if form else ():
        fault = form(text) if form else ""
        if fault and secret:
            yield f"{where} has a value {fault}"
        elif fault:
            yield f"{where} is {text!r}, {fault}"


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield each text of a value, and where it stands."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        yield from ((f"{name}.{key}", member) for key, member in value.items() if isinstance(member, str))
    elif isinstance(value, (list, tuple)):
        yield from ((f"{name}[{place}]", member) for place, member in enumerate(value) if isinstance(member, str))


def _pattern_faults(name: str, value: Any) -> Iterator[str]:
    for place, entry in enumerate(value):
        pattern = entry.get("pattern") if isinstance(entry, Mapping) else None
        if isinstance(pattern, str) and (fault := _pattern(pattern)):
            yield f"{name}[{place}].pattern is {pattern!r}, {fault}"


def _file_faults(path: str, value: Any) -> Iterator[str]:
    """Check the addresses of files to download; a file on the controller itself is one too."""
    for key, member in value.items() if isinstance(value, Mapping) else ():
        if isinstance(member, Mapping):
            yield from _file_faults(f"{path}.{key}", member)
        elif key == "url" and isinstance(member, str) and member and not member.startswith("file:///"):
            fault = _url(member)
            if fault:
                yield f"{path}.url is {member!r}, {fault}"
