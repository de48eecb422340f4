# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the project can leave on a host, read past SSH so that it can be read of a host that nobody manages too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.site.cluster import Cluster

# What the lab itself needs on its hosts is called hybrid-lab. A section is a line that begins with two equals signs; a
# tool that is not there says nothing. Files before a change of accounts, such as passwd-, belong to the tools that keep
# them.
BOTH = r"""
section() { echo "== $1"; }
section named
find / \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /System \) -prune -o \
    -iname '*hybrid*' ! -iname '*hybrid-sleep*' ! -iname 'hybrid-lab*' -print
section mentioned; grep -rIil --exclude='*-' hybrid /etc/
section ours; ls -A /opt/hybrid-ai
section hosts; cat /etc/hosts
section running; ps axo args= | grep -i hybrid | grep -v grep
"""
LINUX = r"""
section users; cut -d : -f 1 /etc/passwd
section groups; cut -d : -f 1 /etc/group
section units; systemctl list-units --all --plain --no-legend 'hybrid*' | cut -d ' ' -f 1
section masked; find /etc/systemd/system -lname /dev/null
section rules; nft list tables
section resolver; cat /etc/resolv.conf; ls /etc/systemd/resolved.conf.d
section logins; cat /etc/environment
section apt; ls /etc/apt/apt.conf.d
section trust; ls /usr/local/share/ca-certificates /etc/ssl/certs; grep -c BEGIN /etc/ssl/certs/ca-certificates.crt
"""
# Thunderbolt ports are looked at by themselves.
MACOS = r"""
section users; dscl . -list /Users
section groups; dscl . -list /Groups
section jobs; ls /Library/LaunchDaemons; { launchctl list; launchctl print-disabled system; } | grep -i hybrid
section applications; ls -A /Applications
section rules; pfctl -a com.apple/100.hybrid-ai -s rules; pfctl -s info | awk '/^Status/ {print $2}'
section logins; cat /etc/zshenv /etc/profile; ls /etc/zshenv
section locations; networksetup -listlocations
networksetup -listallnetworkservices | tail -n +2 | grep -v Thunderbolt | tr -d '*' | while read -r service; do
    section "network service $service"
    networksetup -getinfo "$service"
    for verb in -getdnsservers -getsearchdomains -getwebproxy -getsecurewebproxy -getproxybypassdomains; do
        networksetup $verb "$service" | sed "s/^/$verb /"
    done
done
section power; pmset -g custom
section freeze; systemsetup -getrestartfreeze
section clock; systemsetup -getusingnetworktime
section spotlight; mdutil -s /
section updates; defaults read /Library/Preferences/com.apple.SoftwareUpdate | grep -i automatic
section backups; defaults read /Library/Preferences/com.apple.TimeMachine AutoBackup
"""

Traces = dict[str, frozenset[str]]


def read(cluster: Cluster, host: str, *, mac: bool) -> Traces:
    """Return the lines of every section."""
    text = cluster.execute(host, "sh", "-c", f"{{ {BOTH}{MACOS if mac else LINUX} }} 2>/dev/null; true")
    found: dict[str, set[str]] = {}
    lines: set[str] = set()
    for line in text.splitlines():
        if line.startswith("== "):
            lines = found.setdefault(line[3:], set())
        else:
            lines.add(line.strip())
    return {section: frozenset(lines) for section, lines in found.items()}


def differences(before: Traces, after: Traces) -> dict[str, list[str]]:
    """Return by section what there was only before (-) and what there is only after (+)."""
    found = {
        section: [
            *(f"- {line}" for line in sorted(before.get(section, frozenset()) - after.get(section, frozenset()))),
            *(f"+ {line}" for line in sorted(after.get(section, frozenset()) - before.get(section, frozenset()))),
        ]
        for section in sorted({*before, *after})
    }
    return {section: lines for section, lines in found.items() if lines}
