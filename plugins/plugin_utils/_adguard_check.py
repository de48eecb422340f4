# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What AdGuard Home's own check of its file does not notice."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMES = ("udp", "tcp", "tls", "https", "h3", "quic", "sdns")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_REWRITTEN = re.compile(r"\*|[^\s*.]+")
"""A part of a name that is rewritten; an asterisk stands for any."""
_FOR_DOMAINS = re.compile(r"\[/(?P<domains>[^\]]*)/\](?P<servers>.+)")
_SERVER = re.compile(r"(?:(?P<scheme>[a-z0-9]+)://)?(?P<rest>\S+)")
_AS_THE_SERVER_SAYS = {"A", "AAAA"}
"""Answers of a rewrite that stand for what an upstream says."""
_EXAMPLES = "write an address such as 9.9.9.9, tls://dns.quad9.net or https://dns.quad9.net/dns-query."
_NOWHERE = {"0.0.0.0", "::"}  # noqa: S104 - what stands for every address


def problems(configuration: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each mistake."""
    dns = configuration.get("dns") or {}
    found = []
    for key in ("upstream_dns", "fallback_dns", "local_ptr_upstreams"):
        found += [_upstream_problem(key, str(text)) for text in dns.get(key) or []]
    found += [_bootstrap_problem(str(text)) for text in dns.get("bootstrap_dns") or []]
    found.append(_loop_problem(dns))
    found.append(_page_problem(configuration) or _port_problem(configuration))
    for entry in (configuration.get("filtering") or {}).get("rewrites") or []:
        found.append(_rewrite_problem(entry))
    found += [_filter_problem(entry) for entry in configuration.get("filters") or []]
    return [sentence for sentence in found if sentence]


def _upstream_problem(key: str, text: str) -> str | None:
    if text.startswith("#"):
        return None
    matched = _FOR_DOMAINS.fullmatch(text)
    servers = matched["servers"].split() if matched else [text]
    if all(_is_server(one) or (matched and one == "#") for one in servers):
        return None
    return f"dns.{key} has {text!r}, which is not a valid DNS server; {_EXAMPLES}"


def _is_server(text: str) -> bool:
    matched = _SERVER.fullmatch(text)
    if not matched or (matched["scheme"] and matched["scheme"] not in _SCHEMES):
        return False
    return matched["scheme"] == "sdns" or _host(_authority(text)) is not None


def _authority(text: str) -> str:
    """Return host and port of a server, without the way to it and who asks."""
    scheme, separated, rest = text.rpartition("://")
    authority = rest.partition("/")[0]
    return authority.rpartition("@")[2] if separated and scheme in {"https", "h3"} else authority


def _host(text: str) -> str | None:
    """Return the address or name of a text like host:port, or None where it is neither."""
    bracketed = re.fullmatch(r"\[([0-9A-Fa-f:]+)\](?::(\d+))?", text)
    if bracketed:
        host, port = bracketed[1], bracketed[2]
    elif text.count(":") > 1:
        host, port = text, None
    else:
        host, _, port = text.partition(":")
        if ":" in text and not port:
            return None
    if port is not None and port != "" and not (port.isdigit() and 0 < int(port) < 65536):
        return None
    if _is_address(host):
        return host
    return host if _is_host_name(host) else None


def _is_host_name(text: str) -> bool:
    """Tell whether it names a host: no underscore, no dot at its end, and no number as its last part.

    A name of digits alone is a mistyped address.
    """
    try:
        labels = text.encode("idna").decode().split(".")
    except UnicodeError:
        return False
    return all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _bootstrap_problem(text: str) -> str | None:
    if text.startswith("#"):
        return None
    host = _host(_authority(text))
    if host is None or not _is_address(host):
        return f"dns.bootstrap_dns has {text!r}; it is asked for names of servers, so write an address such as 9.9.9.9."
    return None


def _loop_problem(dns: Mapping[str, Any]) -> str | None:
    own = {str(host) for host in dns.get("bind_hosts") or []} - _NOWHERE
    for key in ("upstream_dns", "fallback_dns"):
        for text in dns.get(key) or []:
            host = _host(_authority(str(text)))
            if host in own:
                return f"dns.{key} has {text!r}, where AdGuard Home itself answers: it would ask itself for ever."
    return None


def _page_problem(configuration: Mapping[str, Any]) -> str | None:
    if "address" not in (configuration.get("http") or {}):
        return None
    address = str(configuration["http"]["address"])
    host, _, port = address.rpartition(":")
    if _is_address(host.strip("[]")) and _host(address) is not None and port.isdigit():
        return None
    return f"http.address is {address!r}; write address and port, such as 0.0.0.0:3000."


def _port_problem(configuration: Mapping[str, Any]) -> str | None:
    dns = configuration.get("dns") or {}
    address = str((configuration.get("http") or {}).get("address", ""))
    host, _, port = address.rpartition(":")
    hosts = {str(item) for item in dns.get("bind_hosts") or []}
    overlaps = host in {"", *_NOWHERE} or host in hosts or bool(hosts & _NOWHERE)
    if port == str(dns.get("port")) and overlaps:
        return f"the web page at {address} and DNS want the same port {port}; choose another one for the page."
    return None


def _rewrite_problem(entry: Mapping[str, Any]) -> str | None:
    domain, answer = str(entry.get("domain") or ""), str(entry.get("answer") or "")
    if not domain:
        return f"a rewrite to {answer!r} has no name; write the name it is for."
    if not answer:
        return f"the rewrite of {domain} has no answer; write an address or a name."
    if not all(_REWRITTEN.fullmatch(label) for label in domain.removesuffix(".").split(".")):
        return f"the rewrite of {domain!r} is for no name that DNS could know."
    if not (_is_address(answer) or answer in _AS_THE_SERVER_SAYS or _is_host_name(answer)):
        return f"the rewrite of {domain} answers {answer!r}, which is neither an address nor a name."
    return None


def _filter_problem(entry: Mapping[str, Any]) -> str | None:
    url = str(entry.get("url") or "")
    if re.fullmatch(r"https?://[^/\s]+/\S*", url) or (url.startswith("/") and " " not in url):
        return None
    return f"the filter {entry.get('name')} is at {url!r}; write an address such as https://example.com/list.txt."
