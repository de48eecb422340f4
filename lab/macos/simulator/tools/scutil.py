# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``scutil``: the Mac's names, and what the resolver and the proxies are set to."""

from __future__ import annotations

from ..network.apply import plan_now
from ..network.lag import look
from ..network.links import observe
from ..network.names import NAMES, is_local_name, names, set_name
from .scutil_texts import dns_lines, proxy_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/scutil",)
EX_USAGE = 64
USAGE = """\
usage: scutil
   or: scutil --dns
   or: scutil --proxy
   or: scutil --get pref
   or: scutil --set pref [newval]"""


def main(context: Context) -> int:
    """Run one command; the interactive mode is not simulated."""
    argv = context.argv
    if argv[:1] == ["--get"] and len(argv) == 2:
        return _get(context, argv[1])
    if argv[:1] == ["--set"] and len(argv) in (2, 3):
        return _set(context, argv[1], argv[2] if len(argv) == 3 else None)
    if argv == ["--dns"]:
        look(context)
        return _dns(context)
    if argv == ["--proxy"]:
        return _proxy(context)
    context.err(USAGE)
    return EX_USAGE


def _get(context: Context, name: str) -> int:
    if name not in NAMES:
        return 0
    value = names(context).get(name)
    if not value:
        context.err(f"{name}: not set")
        return 1
    context.out(value)
    return 0


def _set(context: Context, name: str, value: str | None) -> int:
    if name not in NAMES:
        return 0
    if value is None:
        value = context.stdin.readline().rstrip("\n")
    if not context.is_root:
        context.err("Permission denied.")
        return 1
    if name == "LocalHostName" and value and not is_local_name(value):
        context.err("SCPreferencesSetLocalHostName() failed: Invalid argument")
        return 1
    set_name(context, name, value)
    return 0


def _dns(context: Context) -> int:
    link = observe(context).get(plan_now(context).resolver.device)
    for line in dns_lines(context, plan_now(context).resolver, link.index if link else 0):
        context.out(line)
    return 0


def _proxy(context: Context) -> int:
    primary = plan_now(context).primary
    for line in proxy_lines(primary.entity("Proxies") if primary else {}):
        context.out(line)
    return 0
