# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Say in nftables what the loaded rules of pf mean, so that they really act on the packets of this Mac.

The last matching rule decides unless one is ``quick``: a rule that is not leaves its verdict in the packet's mark.
A ``keep state`` is a mark on the connection, which passes before any rule is looked at.

A packet that is blocked on its way out is an error of the program that sends it (EHOSTUNREACH), at once; a
``return-rst`` makes no difference there.
"""

from __future__ import annotations

from .parse import address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TABLE = "inet simulator_pf"
STATE_MARK = 0x7066
"""On connections that pf has a state for."""
_PASS, _PASS_STATE, _DROP, _RESET = 1, 2, 3, 4
_REJECT = "meta l4proto tcp reject with tcp reset"
_UNREACHABLE = "reject with icmpx type host-unreachable"
_LOOPBACK = {"lo0": "lo"}
_FAMILIES = {"inet": ("ip", "ipv4", 4), "inet6": ("ip6", "ipv6", 6)}
_DEEPEST = 8


def disabled() -> str:
    """Return the script that filters nothing."""
    return f"table {TABLE} {{}}\ndelete table {TABLE}\n"


def enabled(data: dict[str, Any]) -> str:
    """Return the script that replaces everything at once."""
    sets = [line for path in sorted(data["rulesets"]) for line in _sets(path, data)]
    chains = [*_chain("in", "input", "iifname", data), *_chain("out", "output", "oifname", data)]
    body = "\n".join(f"  {line}" for line in [*sets, *chains])
    return f"{disabled()}table {TABLE} {{\n{body}\n}}\n"


def _sets(path: str, data: dict[str, Any]) -> list[str]:
    lines = []
    for name, table in sorted(data["rulesets"][path]["tables"].items()):
        for family, (_, kind, _number) in _FAMILIES.items():
            members = [one for one in table["addresses"] if (":" in one) == (family == "inet6")]
            elements = f" elements = {{ {', '.join(members)} }}" if members else ""
            body = f"type {kind}_addr; flags interval; auto-merge;{elements}"
            lines.append(f"set {_set_name(path, name, family, data)} {{ {body} }}")
    return lines


def _set_name(path: str, name: str, family: str, data: dict[str, Any]) -> str:
    """Name a set by its ruleset's number: names of anchors may hold what names of sets may not."""
    place = sorted(data["rulesets"]).index(path) if path in data["rulesets"] else 0
    return f"t{place}_{name.replace('-', '_').replace('.', '_')}_{_FAMILIES[family][2]}"


def _chain(direction: str, hook: str, interface: str, data: dict[str, Any]) -> list[str]:
    lines = [f"chain {hook} {{ type filter hook {hook} priority 0; policy accept;"]
    lines += [f'{interface} "{_LOOPBACK.get(name, name)}" accept' for name in data["skip"]]
    lines += [f"ct mark {STATE_MARK} accept", "meta mark set 0"]
    lines += _evaluate("", direction, interface, data, 0)
    lines += [
        f"meta mark {_PASS_STATE} ct mark set {STATE_MARK} accept",
    ]
    if direction == "out":
        lines += [f"meta mark {{ {_DROP}, {_RESET} }} {_UNREACHABLE}"]
    else:
        lines += [f"meta mark {_RESET} {_REJECT}", f"meta mark {{ {_DROP}, {_RESET} }} drop"]
    return [*lines, "}"]


def _evaluate(path: str, direction: str, interface: str, data: dict[str, Any], depth: int) -> list[str]:
    """Return the rules of a ruleset in the order in which pf looks at them, anchors in place."""
    lines: list[str] = []
    for rule in data["rulesets"].get(path, {"rules": []})["rules"] if depth < _DEEPEST else ():
        if "anchor" not in rule:
            if rule["direction"] in ("", direction):
                lines += _rule({**rule, "direction": direction}, path, interface, data)
        elif rule["kind"] == "anchor":
            for child in _called(f"{path}/{rule['anchor']}".lstrip("/"), data):
                lines += _evaluate(child, direction, interface, data, depth + 1)
    return lines


def _called(pattern: str, data: dict[str, Any]) -> list[str]:
    """Return the rulesets an anchor line stands for: with ``/*`` the direct children, in the order of their bytes."""
    if not pattern.endswith("/*"):
        return [pattern]
    start = pattern[:-1]
    return sorted(path for path in data["rulesets"] if path.startswith(start) and "/" not in path[len(start) :])


def _rule(rule: dict[str, Any], path: str, interface: str, data: dict[str, Any]) -> list[str]:
    names_table = any(host.lstrip("!").startswith("<") for host, _ in (rule["source"], rule["target"]))
    families = [rule["family"]] if rule["family"] or not names_table else list(_FAMILIES)
    lines = []
    for family in families:
        common = _interface(rule["interface"], interface)
        common += [f"meta nfproto {_FAMILIES[family][1]}"] if family else []
        common += _host(rule["source"][0], "saddr", family, path, data)
        common += _host(rule["target"][0], "daddr", family, path, data)
        common += [f"meta skuid {rule['user']}"] if rule["user"] else []
        lines += [" ".join([*common, *variant]) for variant in _variants(rule)]
    return lines


def _interface(name: str, key: str) -> list[str]:
    if not name:
        return []
    plain = name.lstrip("!")
    return [f'{key} {"!= " if name.startswith("!") else ""}"{_LOOPBACK.get(plain, plain)}"']


def _host(host: str, end: str, family: str, path: str, data: dict[str, Any]) -> list[str]:
    plain = host.lstrip("!")
    if plain == "any":
        return []
    unless = "!= " if host.startswith("!") else ""
    if not plain.startswith("<"):
        return [f"{_FAMILIES[family][0]} {end} {unless}{address(plain)}"]
    known = data["rulesets"].get(path, {"tables": {}})["tables"]
    if plain[1:-1] in known:
        return [f"{_FAMILIES[family][0]} {end} {unless}@{_set_name(path, plain[1:-1], family, data)}"]
    # A table that nobody filled is empty and matches nothing.
    return [] if unless else ["meta mark 65535"]


def _variants(rule: dict[str, Any]) -> list[list[str]]:
    """Return protocol, ports, flags and verdict; without a protocol, flags concern TCP only."""
    protocols = [f"meta l4proto {rule['protocol']}"] if rule["protocol"] else []
    ports = [f"th {key} {port.replace(':', '-')}" for key, (_, port) in _ends(rule) if port]
    if rule["flags"] != "S/SA":
        return [[*protocols, *ports, verdict] for verdict in _verdicts(rule)]
    opening = "tcp flags & (syn | ack) == syn"
    variants = [["meta l4proto tcp", *ports, opening, verdict] for verdict in _verdicts(rule)]
    if not rule["protocol"]:
        variants += [["meta l4proto != tcp", verdict] for verdict in _verdicts(rule)]
    return variants


def _ends(rule: dict[str, Any]) -> list[tuple[str, tuple[str, str]]]:
    return [("sport", rule["source"]), ("dport", rule["target"])]


def _verdicts(rule: dict[str, Any]) -> list[str]:
    if rule["action"] == "pass":
        keeps = rule["state"] == "keep"
        if not rule["quick"]:
            return [f"meta mark set {_PASS_STATE if keeps else _PASS}"]
        return [f"ct mark set {STATE_MARK} accept" if keeps else "accept"]
    resets = rule["answer"] in ("return", "return-rst")
    if not rule["quick"]:
        return [f"meta mark set {_RESET if resets else _DROP}"]
    if rule["direction"] == "out":
        return [_UNREACHABLE]
    return [*([_REJECT] if resets else []), "drop"]
