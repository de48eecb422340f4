# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""pf on macOS: rules as text, and what `pfctl` prints.

`pfctl` exits with 0 where it could not read something and prints noise on standard error where all went well, so both
streams are looked at. One program that closes its standard error early kills it before it acts: nothing is piped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import DIRECTORY, FirewallError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import LOOPBACK, OUT, addresses

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import Wanted
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import Rule

PFCTL = "/sbin/pfctl"
RULES = f"{DIRECTORY}/pf.anchor"
"""The rules that were confirmed last."""

ANCHOR = "com.apple/100.hybrid-ai"
"""Below com.apple/ the main rules of every Mac call it, before those of AirDrop (200) and the Application Firewall
(250); a name that began like one of theirs would count as theirs."""

ANCHOR_POINT = 'anchor "com.apple/*" all'
_LOOPBACK_DEVICE = "lo0"
SESSION = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]

_NOISE = {
    "No ALTQ support in kernel",
    "ALTQ related functions disabled",
    "pfctl: Use of -f option, could result in flushing of rules",
    "present in the main ruleset added by the system at startup.",
    "See /etc/pf.conf for further details.",
    "",
}


def text(wanted: Wanted) -> str:
    """Return the anchor's file: tables and rules are loaded together, in one transaction."""
    lines = ["# Written by hybrid_ai.cluster; changes are taken back within a minute."]
    lines += [f"table <{name}> {{ {', '.join(found)} }}" for name, found in sorted(wanted.tables.items())]
    lines += [rule_text(rule) for rule in wanted.rules]
    return "\n".join(lines) + "\n"


def rule_text(rule: Rule) -> str:
    """Return one rule.

    A connection that was there before the rules has no state: `flags any` lets its packets make one, or loading the
    rules would cut the very session that loads them.
    """
    if rule.direction == OUT:
        return _outgoing_text(rule)
    words = ["pass" if rule.action == "pass" else "block return-rst" if rule.protocol == "tcp" else "block drop"]
    words += ["quick", "on", _LOOPBACK_DEVICE] if rule.interface == LOOPBACK else ["in", "quick"]
    words += ["proto", rule.protocol] if rule.protocol else []
    source = f"<{rule.source}>" if rule.source else "any"
    words += ["from", source, "to", "any"] if rule.source or rule.port else ["all"]
    words += ["port", str(rule.port)] if rule.port else []
    if rule.action == "pass":
        words += ["keep state"] if rule.protocol == "udp" else ["flags any keep state"]
    return " ".join(words)


def _outgoing_text(rule: Rule) -> str:
    """Return a rule for what a user's processes send.

    To know the user of a packet the kernel looks its socket up, which has stopped Macs for good where it was done for
    every packet: a thread that answers a TCP packet holds the lock of a socket whose removal holds the list of all.
    Only the packet that opens a connection is asked about (`S/SA`, which is compared before the user), never an
    answer; no state is made, so that everything after it is as if there were no rule.

    A packet that is blocked on its way out is an error for the process at once ("No route to host"); a reset would be
    sent in vain on interfaces that complete checksums themselves.
    """
    words = ["pass" if rule.action == "pass" else "block drop", "out", "quick", "proto", rule.protocol]
    destination = f"<{rule.destination}>" if rule.destination else "any"
    words += ["from", "any", "to", destination] if rule.destination or rule.port else ["all"]
    words += ["port", str(rule.port)] if rule.port else []
    words += ["user", rule.user]
    words += ["flags S/SA"] if rule.protocol == "tcp" else []
    words += ["no state"] if rule.action == "pass" else []
    return " ".join(words)


def complaints(result: Result) -> list[str]:
    """Return what standard error holds beyond the noise of every call."""
    return [line for line in result.err.splitlines() if line.strip() not in _NOISE]


def parse_rules(printed: str) -> list[str]:
    """Return the filter rules of `-s rules` or `-n -v`, which use the same words but not the same blanks."""
    squeezed = [" ".join(line.split()) for line in printed.splitlines()]
    return [line for line in squeezed if line.startswith(("pass ", "block "))]


def is_enabled(printed: str) -> bool:
    """Read `-s info`."""
    return printed.startswith("Status: Enabled")


def parse_token(said: str) -> str | None:
    """Read the token that `-E` prints."""
    found = re.search(r"^Token : (\d+)\s*$", said, re.MULTILINE)
    return found.group(1) if found else None


def parse_references(printed: str) -> list[str]:
    """Read the tokens that `-s References` lists: the long numbers before the age of each."""
    return re.findall(r"\s(\d{6,})\s+\d+ days ", printed)


def tightened(wanted: Wanted, before: dict[str, Any]) -> list[str]:
    """Return the addresses that could reach something before and shall not any more: their states must end."""
    ends: set[str] = set()
    for rule in wanted.rules:
        if rule.source:
            new, old = set(wanted.tables[rule.source]), set(before.get(rule.source) or ())
            ends |= old - new if rule.action == "pass" else new - old
    return addresses(ends, "nothing")


class Pfctl:
    """The program, with results that can be trusted."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def show(self, *words: str) -> str:
        """Print something that is always there."""
        result = self._commands.run([PFCTL, *words])
        said = complaints(result)
        if result.rc != 0 or said:
            raise FirewallError(f"`pfctl {' '.join(words)}` failed: {' '.join(said) or f'status {result.rc}'}")
        return result.out

    def rules(self) -> list[str]:
        """Return the rules of our anchor, or none where it does not exist."""
        result = self._commands.run([PFCTL, "-a", ANCHOR, "-s", "rules"])
        return [] if complaints(result) else parse_rules(result.out)

    def table(self, name: str) -> list[str] | None:
        """Return the addresses in a table of our anchor, or None where it does not exist."""
        result = self._commands.run([PFCTL, "-a", ANCHOR, "-t", name, "-T", "show"])
        if result.rc != 0:
            return None
        return addresses(result.out.split(), f"the table {name}")

    def understand(self, rules: str) -> list[str]:
        """Return rules in the words of pf's own parser, without loading them."""
        result = self._commands.run([PFCTL, "-a", ANCHOR, "-n", "-v", "-f", "-"], stdin=rules)
        if result.rc != 0:
            raise FirewallError(f"pf does not understand the rules: {' '.join(complaints(result)) or result.text}")
        return parse_rules(result.out)

    def load(self, rules: str) -> None:
        """Replace the rules and tables of our anchor at once; with an error the old ones stay."""
        result = self._commands.run([PFCTL, "-a", ANCHOR, "-f", "-"], stdin=rules)
        if result.rc != 0:
            raise FirewallError(f"pf did not load the rules: {' '.join(complaints(result)) or result.text}")

    def flush(self) -> None:
        """Empty our anchor."""
        self._commands.run([PFCTL, "-a", ANCHOR, "-F", "all"])

    def enable(self) -> str:
        """Start pf, or have it stay; return the token that releases it."""
        result = self._commands.run([PFCTL, "-E"])
        token = parse_token(f"{result.err}\n{result.out}")
        if token is None:
            raise FirewallError(f"`pfctl -E` gave no token: {' '.join(complaints(result)) or result.text}")
        return token

    def release(self, token: str) -> None:
        """Give a token back; pf stops when it was the last one."""
        self._commands.run([PFCTL, "-X", token])

    def kill_states(self, addresses: list[str]) -> None:
        """End the connections that addresses have made."""
        for address in addresses:
            self._commands.run([PFCTL, "-k", address])
