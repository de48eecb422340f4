# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``route``: looks up, adds and deletes routes of the host's real routing table."""

from __future__ import annotations

import json

from ..network.addresses import is_address, prefix_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tool import Context

PATHS = ("/sbin/route",)
USAGE = "usage: route [-dnqtv] command [[modifiers] args]"
EX_USAGE = 64
EX_NOPERM = 77
NOT_IN_TABLE = "route: writing to routing socket: not in table"
_METRICS = """\
 recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire
       0         0         0         0         0         0      {mtu:4}         0 """


class Request:
    """A parsed command line."""

    def __init__(self, argv: list[str]) -> None:
        words = [word for word in argv if word not in {"-n", "-q", "-v", "-d", "-t"}]
        self.verb = words.pop(0) if words else ""
        self.inet6 = "-inet6" in words
        self.kind = "net"
        self.device = ""
        self.mask = ""
        self.targets: list[str] = []
        while words:
            self._take(words)

    def _take(self, words: list[str]) -> None:
        word = words.pop(0)
        if word in {"-interface", "-ifscope", "-iface"} and words:
            self.device = words.pop(0)
        elif word == "-netmask" and words:
            self.mask = words.pop(0)
        elif word == "-host":
            self.kind = "host"
        elif not word.startswith("-"):
            self.targets.append(word)

    @property
    def destination(self) -> str:
        """The destination in the form of the kernel."""
        target = self.targets[0] if self.targets else "default"
        if target == "default" or "/" in target or not self.mask:
            return target
        return f"{target}/{prefix_length(self.mask)}"


def main(context: Context) -> int:
    """Run one request."""
    request = Request(context.argv)
    if request.verb == "get":
        return _get(context, request)
    if request.verb in {"add", "delete", "change", "flush"}:
        if not context.is_root:
            context.err("route: must be root to alter routing table")
            return EX_NOPERM
        return _flush(context) if request.verb == "flush" else _alter(context, request)
    context.err(USAGE)
    return EX_USAGE


def _get(context: Context, request: Request) -> int:
    family = "-6" if request.inet6 else "-4"
    target = request.targets[0] if request.targets else "default"
    wanted = ("show", "default") if target == "default" else ("get", target.partition("/")[0])
    completed = context.run("ip", "-j", family, "route", *wanted)
    try:
        found: list[dict[str, Any]] = json.loads(completed.stdout or "[]") if not completed.returncode else []
    except ValueError:
        found = []
    if not found:
        context.err(NOT_IN_TABLE)
        return 1
    for line in _lines(target, found[0]):
        context.out(line)
    return 0


def _lines(target: str, route: dict[str, Any]) -> list[str]:
    is_default = target == "default"
    gateway = route.get("gateway", "")
    lines = [f"   route to: {target}", f"destination: {target if not (gateway and not is_default) else 'default'}"]
    if is_default or gateway:
        lines.append("       mask: default")
    if gateway:
        lines.append(f"    gateway: {gateway}")
    flags = "UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL" if gateway else "UP,HOST,DONE,LLINFO,WASCLONED,IFSCOPE,IFREF"
    device = str(route.get("dev", ""))
    lines += [
        f"  interface: {'lo0' if device == 'lo' else device}",
        f"      flags: <{flags}>",
        _METRICS.format(mtu=1500),
    ]
    return lines


def _alter(context: Context, request: Request) -> int:
    if not request.targets:
        context.err(USAGE)
        return EX_USAGE
    gateway = request.targets[1] if len(request.targets) > 1 else ""
    how = [*(["via", gateway] if is_address(gateway) else []), *(["dev", request.device] if request.device else [])]
    action = {"add": "add", "change": "replace", "delete": "delete"}[request.verb]
    completed = context.run("ip", "route", action, request.destination, *how)
    name = request.targets[0].partition("/")[0]
    done = f"{request.verb} {request.kind} {name}" + (f": gateway {gateway or request.device}" if how else "")
    if completed.returncode:
        reason = "File exists" if "exists" in completed.stderr else "not in table"
        context.err(f"route: writing to routing socket: {reason}")
        context.out(f"{done}: {reason}")
        return 1
    context.out(done)
    return 0


def _flush(context: Context) -> int:
    for family in ("-4", "-6"):
        routes = json.loads(context.run("ip", "-j", family, "route", "show").stdout or "[]")
        for route in routes:
            gateway = route.get("gateway")
            if gateway:
                context.run("ip", family, "route", "delete", route["dst"], "via", gateway, "dev", route["dev"])
                context.out(f"{route['dst']:20} {gateway:20} done")
    return 0
