# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which name servers a host asks, and which domains it tries for a short name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._linux_resolver import RESOLV_CONF
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    settled,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

SCUTIL = "/usr/sbin/scutil"
# What systemd-resolved really asks, also where resolv.conf names itself.
UPLINK = "/run/systemd/resolve/resolv.conf"

_SERVER = re.compile(r"^\s+nameserver\[\d+\] : (\S+)$", re.MULTILINE)
_DOMAIN = re.compile(r"^\s+search domain\[\d+\] : (\S+)$", re.MULTILINE)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the servers in their order, and that every domain of `search` is tried."""
    wanted, domains = arguments.texts("expected"), arguments.texts("search")
    if context.is_macos:
        return settled(lambda commands: _compared(*_macos(commands), wanted, domains), context)
    return _compared(*_linux(), wanted, domains)


def _compared(servers: list[str], search: list[str], wanted: list[str], domains: list[str]) -> Measurement:
    missing = [domain for domain in domains if domain not in search]
    measured = f"{', '.join(servers) or 'none'}; search {' '.join(search) or 'nothing'}"
    expected = f"{', '.join(wanted)}; search {' '.join(domains) or 'anything'}"
    ok = servers[: len(wanted)] == wanted and not missing
    return Measurement(ok, measured, expected, "Repeat site.yml with --tags dns_client.")


def _macos(commands: Commands) -> tuple[list[str], list[str]]:
    """Read the first resolver, the one for all names; those below it are for single domains or interfaces."""
    text = commands.check_output([SCUTIL, "--dns"])
    first = re.search(r"^resolver #1\n((?:\s+.*\n?)*)", text, re.MULTILINE)
    lines = first[1].partition("\n\n")[0] if first else ""
    return _SERVER.findall(lines), _DOMAIN.findall(lines)


def _linux() -> tuple[list[str], list[str]]:
    is_resolved = "systemd/resolve" in str(_files.real(RESOLV_CONF).resolve()) and _files.exists(UPLINK)
    content = _files.read(UPLINK if is_resolved else RESOLV_CONF) or b""
    servers: list[str] = []
    search: list[str] = []
    for line in content.decode("utf-8", "replace").splitlines():
        words = line.split()
        if words[:1] == ["nameserver"]:
            servers += words[1:2]
        elif words[:1] == ["search"]:
            search = words[1:]
    return servers, search


KIND = Kind("name servers", measure)
