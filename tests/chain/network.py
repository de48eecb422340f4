# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Hosts that are network namespaces, joined by one switch, each with folders of models of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUBNET = "10.67.9"
BURST_KILOBYTES = 256


class Network:
    """A switch and the hosts at its ports."""

    def __init__(self, name: str, megabits: int | None = None) -> None:
        self.name, self._megabits = name, megabits
        self.hosts: dict[str, str] = {}

    def start(self, hosts: Sequence[str]) -> None:
        """Make the namespaces; the hosts have the addresses 1, 2, 3 … of one network."""
        _run("ip", "netns", "add", self.hub)
        _run("ip", "-n", self.hub, "link", "add", "switch", "type", "bridge")
        _run("ip", "-n", self.hub, "link", "set", "switch", "up")
        for number, host in enumerate(hosts, 1):
            self._join(host, number)

    def _join(self, host: str, number: int) -> None:
        space, port = self.space(host), f"port{number}"
        _run("ip", "netns", "add", space)
        _run("ip", "-n", space, "link", "set", "lo", "up")
        _run("ip", "-n", self.hub, "link", "add", port, "type", "veth", "peer", "name", "lan", "netns", space)
        _run("ip", "-n", self.hub, "link", "set", port, "master", "switch", "up")
        _run("ip", "-n", space, "address", "add", f"{SUBNET}.{number}/24", "dev", "lan")
        _run("ip", "-n", space, "link", "set", "lan", "up")
        if self._megabits:
            for where, device in ((self.hub, port), (space, "lan")):
                shape = ("rate", f"{self._megabits}mbit", "burst", f"{BURST_KILOBYTES}kb", "latency", "50ms")
                _run("tc", "-n", where, "qdisc", "add", "dev", device, "root", "tbf", *shape)
        self.hosts[host] = f"{SUBNET}.{number}"

    def space(self, host: str) -> str:
        """Return the namespace of a host."""
        return f"{self.name}-{host}"

    @property
    def hub(self) -> str:
        return f"{self.name}-hub"

    def argv(self, host: str, *words: str) -> list[str]:
        """Return a command as it is run on a host."""
        return ["ip", "netns", "exec", self.space(host), *words]

    def cut(self, host: str) -> None:
        """Pull the cable of a host."""
        _run("ip", "-n", self.space(host), "link", "set", "lan", "down")

    def sent(self, host: str) -> int:
        """Return how many bytes a host has sent, with all headers."""
        path = "/sys/class/net/lan/statistics/tx_bytes"
        answer = subprocess.run(self.argv(host, "cat", path), capture_output=True, text=True, check=True)
        return int(answer.stdout)

    def stop(self) -> None:
        """Leave nothing."""
        for space in (*map(self.space, self.hosts), self.hub):
            subprocess.run(["ip", "netns", "delete", space], check=False, capture_output=True)
        self.hosts = {}


@contextlib.contextmanager
def network(name: str, hosts: Sequence[str], megabits: int | None = None) -> Iterator[Network]:
    """Have hosts for a while; the name is this process's, for several may run at once."""
    made = Network(f"{name}{os.getpid()}", megabits)
    try:
        made.start(hosts)
        yield made
    finally:
        made.stop()


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True)
