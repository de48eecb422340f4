# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""nftables on Linux: one table of ours as JSON, in exactly the form in which `nft` lists it.

Other tables (Docker's, ufw's) are evaluated as well: what ours lets through they may still refuse.
"""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import DIRECTORY, FirewallError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import (
    IN,
    LOOPBACK,
    OUT,
    FirewallRulesError,
    addresses,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Result
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import Wanted
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import Rule

NFT = "/usr/sbin/nft"
RULES = f"{DIRECTORY}/nftables.json"
"""The rules that were confirmed last."""

FAMILY = "inet"
TABLE = "hybrid_ai"
CHAINS = {IN: "input", OUT: "output"}
PRIORITY = -10
"""Before the tables of others, which have 0."""

LIST = [NFT, "-j", "list", "table", FAMILY, TABLE]
DELETE = [NFT, "delete", "table", FAMILY, TABLE]
_LOOPBACK_DEVICE = "lo"
_ADDRESS = {4: ("ip", "ipv4_addr", ""), 6: ("ip6", "ipv6_addr", "_6")}
_HERE = {"family": FAMILY, "table": TABLE}

# Answers to what this host asked pass whatever its own port is; each further packet of somebody else's connection is
# judged like its first, so that rules that become tighter end it.
ANSWERS: list[dict[str, Any]] = [
    {"match": {"op": "==", "left": {"ct": {"key": "direction"}}, "right": "reply"}},
    {"accept": None},
]


def document(wanted: Wanted) -> str:
    """Return the file that replaces the table in one step."""
    table = {"family": FAMILY, "name": TABLE}
    commands: list[dict[str, Any]] = [
        {"add": {"table": table}},
        {"delete": {"table": table}},
        {"add": {"table": table}},
    ]
    commands += [{"add": {"set": {**_HERE, **found}}} for found in sets(wanted)]
    for direction, found in expressions(wanted).items():
        name = CHAINS[direction]
        chain = {**_HERE, "name": name, "type": "filter", "hook": name, "prio": PRIORITY, "policy": "accept"}
        commands += [{"add": {"chain": chain}}]
        commands += [{"add": {"rule": {**_HERE, "chain": name, "expr": expression}}} for expression in found]
    return json.dumps({"nftables": commands}, indent=1) + "\n"


def sets(wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Yield one set for each IP version of each table."""
    for name, found in sorted(wanted.tables.items()):
        for version, (_, kind, suffix) in _ADDRESS.items():
            elements = [_element(address) for address in found if _version(address) == version]
            if elements:
                yield {"name": f"{name}{suffix}", "type": kind, "flags": ["interval"], "elem": elements}


def expressions(wanted: Wanted) -> dict[str, list[list[dict[str, Any]]]]:
    """Return what every rule says by direction; one that names a table becomes one for each IP version in it.

    Nothing is asked of what goes out where no rule is about it.
    """
    used = [way for way in CHAINS if way == IN or any(rule.direction == way for rule in wanted.rules)]
    return {
        way: [
            ANSWERS,
            *(
                expression
                for rule in wanted.rules
                if rule.direction == way or rule.interface
                for expression in _rule(rule, way, wanted)
            ),
        ]
        for way in used
    }


def _rule(rule: Rule, way: str, wanted: Wanted) -> Iterator[list[dict[str, Any]]]:
    verdict: dict[str, Any] = {"accept": None}
    if rule.action != "pass":
        verdict = {"reject": {"type": "tcp reset"}} if rule.protocol == "tcp" else {"drop": None}
    incoming = way == IN
    common = [_match({"meta": {"key": "skuid"}}, int(rule.user))] if rule.user else []
    if rule.interface == LOOPBACK:
        common += [_match({"meta": {"key": "iifname" if incoming else "oifname"}}, _LOOPBACK_DEVICE)]
    port = [_match({"meta": {"key": "l4proto"}}, rule.protocol)] if rule.protocol else []
    if rule.port:
        port = [_match(_payload(rule.protocol, "dport"), rule.port)]
    table = rule.source if incoming else rule.destination
    if not table:
        yield [*common, *port, verdict]
        return
    for version, (protocol, _, suffix) in _ADDRESS.items():
        if any(_version(address) == version for address in wanted.tables[table]):
            other = _match(_payload(protocol, "saddr" if incoming else "daddr"), f"@{table}{suffix}")
            yield [*common, other, *port, verdict]


def _match(left: dict[str, Any], right: str | int) -> dict[str, Any]:
    return {"match": {"op": "==", "left": left, "right": right}}


def _payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def _version(address: str) -> int:
    return ipaddress.ip_network(address).version


def _element(address: str) -> Any:
    network = ipaddress.ip_network(address)
    if network.prefixlen == network.max_prefixlen:
        return address
    return {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}}


def parse(result: Result) -> tuple[list[str], dict[str, list[str]]]:
    """Return rules and sets of our table in the kernel, none where it does not exist."""
    if result.rc != 0:
        if "No such file or directory" in result.err:
            return [], {}
        raise FirewallError(f"`{' '.join(LIST)}` failed: {result.text}")
    return _read(result.out, " ".join(LIST))


def parse_document(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the same of what `document` has written."""
    try:
        added = [command["add"] for command in json.loads(text)["nftables"] if "add" in command]
    except (ValueError, KeyError, TypeError) as error:
        raise FirewallError(f"{RULES} is damaged: {error!r}; repeat site.yml with --tags firewall.") from error
    return _read(json.dumps({"nftables": added}), RULES)


def _read(text: str, source: str) -> tuple[list[str], dict[str, list[str]]]:
    try:
        listed = json.loads(text)["nftables"]
        rules = [_line(entry["rule"]["chain"], entry["rule"]["expr"]) for entry in listed if "rule" in entry]
        found = {entry["set"]["name"]: _elements(entry["set"].get("elem", [])) for entry in listed if "set" in entry}
    except (ValueError, KeyError, TypeError) as error:
        raise FirewallError(f"`{source}` printed something unknown: {error!r}") from error
    return rules, found


def wanted_state(wanted: Wanted) -> tuple[list[str], dict[str, list[str]]]:
    """Return the same for what is wanted."""
    rules = [_line(CHAINS[way], expression) for way, found in expressions(wanted).items() for expression in found]
    return rules, {found["name"]: _elements(found["elem"]) for found in sets(wanted)}


def _line(chain: str, expression: list[dict[str, Any]]) -> str:
    return as_text(expression) if chain == CHAINS[IN] else f"{chain}: {as_text(expression)}"


def as_text(expression: list[dict[str, Any]]) -> str:
    """Write what a rule says on one line, the way a person reads it where it is of our kind."""
    return " ".join(_word(statement) for statement in expression if "counter" not in statement)


def _word(statement: dict[str, Any]) -> str:
    match = statement.get("match", {})
    kind, left = next(iter(match.get("left", {"": {}}).items()))
    if match.get("op") == "==" and kind in ("meta", "ct"):
        return f"{left['key']} {match['right']}"
    if match.get("op") == "==" and kind == "payload":
        return f"{left.get('protocol')} {left.get('field')} {match['right']}"
    if statement == {"reject": {"type": "tcp reset"}}:
        return "reset"
    return next(iter(statement)) if list(statement.values()) == [None] else json.dumps(statement, sort_keys=True)


def _elements(listed: list[Any]) -> list[str]:
    """Return a set's addresses; a range that is not a network is shown as it is, and equals nothing of ours."""
    found = []
    for element in listed:
        prefix = element.get("prefix") if isinstance(element, dict) else None
        found.append(f"{prefix['addr']}/{prefix['len']}" if prefix else element)
    try:
        return addresses(found, "a set")
    except FirewallRulesError:
        return [json.dumps(element) for element in listed]
