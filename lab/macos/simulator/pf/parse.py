# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Read the part of pf.conf(5) that hosts of a cluster use; what is beyond it is a syntax error.

A rule is a dictionary, because rules are kept in the Mac's state: a list in braces becomes one rule per member.
"""

from __future__ import annotations

import itertools

from .words import RulesError, Words, lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Rule = dict[str, Any]
    Ruleset = dict[str, Any]

ANCHORS = {
    "scrub-anchor": ("normalization", " fragment reassemble"),
    "nat-anchor": ("translation", ""),
    "rdr-anchor": ("translation", ""),
    "dummynet-anchor": ("translation", ""),
    "anchor": ("filtering", ""),
}
ORDER = ("options", "normalization", "queueing", "translation", "filtering")
PROTOCOLS = ("tcp", "udp", "icmp", "icmp6", "ipv6-icmp", "esp", "igmp")
RETURNS = ("drop", "return", "return-rst")
_NAMED_PORTS = {"ssh": 22, "domain": 53, "http": 80, "https": 443}


def parse(text: str, name: str) -> Ruleset:
    """Return rules, tables, skipped interfaces and the anchors to load from files."""
    found: Ruleset = {"rules": [], "tables": {}, "skip": [], "load": [], "macros": []}
    reached = 0
    for words in lines(text, name):
        kind = words.take()
        section = "filtering" if kind in ("pass", "block") else ANCHORS.get(kind, ("",))[0]
        section = "options" if kind == "set" else section
        if section:
            if ORDER.index(section) < reached:
                raise RulesError(f"{name}:{words.line}: Rules must be in order: {', '.join(ORDER)}")
            reached = ORDER.index(section)
        _line(kind, words, found)
        words.end()
    return found


def _line(kind: str, words: Words, found: Ruleset) -> None:
    if kind in ("pass", "block"):
        found["rules"] += _rules(kind, words)
    elif kind in ANCHORS:
        found["rules"].append({"anchor": words.text(), "kind": kind})
        words.skip("all")
    elif kind == "table":
        _table(words, found)
    elif kind == "load":
        words.must("anchor")
        anchor = words.text()
        words.must("from")
        found["load"].append([anchor, words.text()])
    elif kind == "set":
        words.must("skip")
        words.must("on")
        found["skip"] += words.some()
    else:
        raise words.error()


def _table(words: Words, found: Ruleset) -> None:
    name = _table_name(words.take())
    if not name:
        raise words.error()
    if name in found["tables"]:
        raise RulesError(f"{words.name}:{words.line}: cannot define table {name}: Resource busy")
    table: dict[str, Any] = {"flags": [], "addresses": [], "line": words.line}
    while words.next in ("persist", "const"):
        table["flags"].append(words.take())
    if words.next == "{":
        try:
            table["addresses"] = [address(word) for word in words.some()]
        except ValueError:
            raise words.error() from None
    found["tables"][name] = table


def _rules(action: str, words: Words) -> list[Rule]:
    rule: Rule = {"action": action}
    if action == "block":
        rule["answer"] = words.skip(*RETURNS) or "drop"
    rule["direction"] = words.skip("in", "out")
    rule["log"] = bool(words.skip("log"))
    rule["quick"] = bool(words.skip("quick"))
    interfaces = words.some() if words.skip("on") else [""]
    rule["family"] = words.skip("inet", "inet6")
    protocols = words.some() if words.skip("proto") else [""]
    if set(protocols) - {*PROTOCOLS, ""}:
        raise words.error()
    sources = targets = [("any", "")]
    if not words.skip("all"):
        sources = _hosts(words) if words.skip("from") else sources
        targets = _hosts(words) if words.skip("to") else targets
    rule.update(_options(action, words, protocols))
    if rule["user"] and rule["direction"] != "out":
        raise words.error()  # whose socket a packet that comes in belongs to is not simulated
    made = [
        {**rule, "interface": interface, "protocol": protocol, "source": source, "target": target}
        for interface, protocol, source, target in itertools.product(interfaces, protocols, sources, targets)
    ]
    for one in made:
        if one["state"] == "keep" and one["protocol"] in ("tcp", ""):
            one["flags"] = one["flags"] or "S/SA"
    return [_with_family(one, words) for one in made]


def _options(action: str, words: Words, protocols: list[str]) -> Rule:
    found: Rule = {"user": "", "flags": "", "state": "keep" if action == "pass" else "", "label": ""}
    while words.next:
        option = words.take()
        if option == "user" and set(protocols) <= {"tcp", "udp"}:
            words.skip("=")
            found["user"] = _user(words)
        elif option == "flags" and set(protocols) <= {"tcp", ""}:
            found["flags"] = words.take()
        elif option in ("keep", "no"):
            words.must("state")
            found["state"] = option
        elif option == "label":
            found["label"] = words.text()
        else:
            raise words.error()
    if found["flags"] not in ("", "any", "S/SA"):
        raise words.error()
    return found


def _user(words: Words) -> str:
    """Return the number of one user; names are asked for while a file is read."""
    import pwd

    word = words.text()
    try:
        return word if word.isdigit() else str(pwd.getpwnam(word).pw_uid)
    except KeyError:
        raise RulesError(f"{words.name}:{words.line}: unknown user {word}") from None


def _hosts(words: Words) -> list[tuple[str, str]]:
    """Return every pair of an address or table and a port."""
    hosts = ["any"] if words.next == "port" else words.some()
    ports = [""]
    if words.skip("port"):
        words.skip("=")
        ports = [_port(word, words) for word in words.some()]
    try:
        return [(_host(host), port) for host in hosts for port in ports]
    except ValueError:
        raise words.error() from None


def _host(word: str) -> str:
    mark, plain = ("!", word[1:]) if word.startswith("!") else ("", word)
    if plain == "any":
        return plain
    return mark + (plain if _table_name(plain) else address(plain))


def _table_name(word: str) -> str:
    return word[1:-1] if word.startswith("<") and word.endswith(">") and len(word) <= 33 else ""


def _port(word: str, words: Words) -> str:
    ends = [str(_NAMED_PORTS.get(end, end)) for end in word.split(":")]
    if len(ends) > 2 or not all(end.isdigit() and int(end) < 65536 for end in ends):
        raise words.error()
    return ":".join(ends)


def _with_family(rule: Rule, words: Words) -> Rule:
    """Give a rule the family of the addresses it names, as the real parser does."""
    named = [host.lstrip("!") for host, _ in (rule["source"], rule["target"])]
    families = {"inet6" if ":" in host else "inet" for host in named if host != "any" and not host.startswith("<")}
    if rule["family"]:
        families.add(rule["family"])
    if len(families) > 1:
        raise words.error()
    return {**rule, "family": next(iter(families), "")}


def address(word: str) -> str:
    """Return an address or network as it is printed: without the prefix length of a single host."""
    import ipaddress

    network = ipaddress.ip_network(word, strict=False)
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
