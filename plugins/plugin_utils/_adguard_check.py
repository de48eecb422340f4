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
_LABELS = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABELS}(?:\.{_LABELS})*\.?")
_UPSTREAM = re.compile(r"(?:\[/(?P<domains>[^\]]*)/\])?(?:(?P<scheme>[a-z0-9]+)://)?(?P<rest>\S+)")
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
    found.append(_port_problem(configuration))
    for entry in (configuration.get("filtering") or {}).get("rewrites") or []:
        found.append(_rewrite_problem(entry))
    found += [_filter_problem(entry) for entry in configuration.get("filters") or []]
    return [sentence for sentence in found if sentence]


def _upstream_problem(key: str, text: str) -> str | None:
    if text.startswith("#"):
        return None
    matched = _UPSTREAM.fullmatch(text)
    if not matched or (matched["scheme"] and matched["scheme"] not in _SCHEMES):
        return f"dns.{key} has {text!r}, which is not a valid DNS server; {_EXAMPLES}"
    if matched["scheme"] == "sdns" or (matched["rest"] == "#" and matched["domains"]):
        return None
    if _host(matched["rest"].partition("/")[0]) is None:
        return f"dns.{key} has {text!r}, which is not a valid DNS server; {_EXAMPLES}"
    return None


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
    # A name made of digits and dots is a mistyped address.
    return host if _NAME.fullmatch(host) and not re.fullmatch(r"[\d.]+", host) else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _bootstrap_problem(text: str) -> str | None:
    host = _host(text.partition("://")[2] or text)
    if host is None or not _is_address(host):
        return f"dns.bootstrap_dns has {text!r}; it is asked for names of servers, so write an address such as 9.9.9.9."
    return None


def _loop_problem(dns: Mapping[str, Any]) -> str | None:
    own = {str(host) for host in dns.get("bind_hosts") or []} - _NOWHERE
    for key in ("upstream_dns", "fallback_dns"):
        for text in dns.get(key) or []:
            host = _host(str(text).rpartition("//")[2].partition("/")[0])
            if host in own:
                return f"dns.{key} has {text!r}, where AdGuard Home itself answers: it would ask itself for ever."
    return None


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
    if not _NAME.fullmatch(domain[2:] if domain.startswith("*.") else domain):
        return f"the rewrite of {domain!r} is for no name that DNS could know."
    if not _is_address(answer) and (not _NAME.fullmatch(answer) or re.fullmatch(r"[\d.]+", answer)):
        return f"the rewrite of {domain} answers {answer!r}, which is neither an address nor a name."
    return None


def _filter_problem(entry: Mapping[str, Any]) -> str | None:
    url = str(entry.get("url") or "")
    if re.fullmatch(r"https?://[^/\s]+/\S*", url) or (url.startswith("/") and " " not in url):
        return None
    return f"the filter {entry.get('name')} is at {url!r}; write an address such as https://example.com/list.txt."
