# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ``ping`` says on macOS for what it says on Linux."""

from __future__ import annotations

import re

USAGE = """\
usage: ping [-AaDdfnoQqRrv] [-c count] [-G sweepmaxsize]
            [-g sweepminsize] [-h sweepincrsize] [-i wait]
            [-l preload] [-M mask | time] [-m ttl] [-p pattern]
            [-S src_addr] [-s packetsize] [-t timeout][-W waittime]
            [-z tos] host"""
COUNTS = re.compile(r"(\d+) packets transmitted, (\d+) received")
TIMES = re.compile(r"min/avg/max/mdev = ([\d./]+) ms")
REPLY = re.compile(r"(\d+) bytes from ([^:]+): icmp_seq=(\d+) ttl=(\d+) time=([\d.]+) ms")
NO_ANSWER = re.compile(r"no answer yet for icmp_seq=(\d+)")
UNREACHABLE = re.compile(r"icmp_seq=(\d+) Destination (?:Host|Net|Port) Unreachable")


def translate(line: str) -> str:
    """Return macOS's line for a line of Linux, or nothing; macOS counts packets from 0."""
    if found := REPLY.search(line):
        size, source, number, ttl, milliseconds = found.groups()
        return f"{size} bytes from {source}: icmp_seq={int(number) - 1} ttl={ttl} time={float(milliseconds):.3f} ms"
    if found := NO_ANSWER.search(line):
        return f"Request timeout for icmp_seq {int(found[1]) - 1}"
    if UNREACHABLE.search(line):
        return "ping: sendto: Host is down"
    if "Network is unreachable" in line:
        return "ping: sendto: No route to host"
    return ""
