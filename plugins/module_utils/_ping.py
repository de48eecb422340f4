# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Round trips to neighbours: a warm-up until the first answer, then a measurement, all neighbours at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

INTERVAL = 0.2
REPLY_SECONDS = 1
PAUSE_SECONDS = 0.5

_SENT = re.compile(r"(\d+) packets transmitted, (\d+) (?:packets )?received")
_TIME = re.compile(r" time=([\d.]+) ms")
_ROUND_TRIP = re.compile(r"(?:round-trip|rtt) min/avg/max(?:/\w+)? = ([\d.]+)/([\d.]+)/([\d.]+)")


class PingError(ClusterError):
    """A link could not be measured."""


@dataclass(frozen=True)
class Neighbour:
    """Somebody at the other end of a link, with what a person needs to find the cable."""

    name: str
    address: str
    host: str | None = None
    cable: str | None = None
    receptacle: int | None = None
    required: bool = True
    """Whether silence is a fault; a host that is not in this run may not be set up yet."""

    @property
    def place(self) -> str:
        """Say where to look when the link is dead."""
        words = [f"host {self.host}" if self.host else ""]
        words.append(f"this host's Thunderbolt port {self.receptacle}" if self.receptacle else "")
        words.append(f"cable {self.cable}" if self.cable else "")
        return ", ".join(word for word in words if word)


@dataclass(frozen=True)
class RoundTrip:
    """What was measured; the times are milliseconds, None when nothing came back."""

    sent: int
    received: int
    minimum: float | None = None
    average: float | None = None
    maximum: float | None = None
    times: tuple[float, ...] = ()
    """Each of them, in their order."""

    @property
    def lost(self) -> int:
        """Packets without an answer."""
        return self.sent - self.received

    @property
    def alive(self) -> bool:
        """Tell whether anything came back."""
        return self.received > 0


def argv(system: str, address: str, count: int) -> list[str]:
    """Return the ping of this system; a Mac counts the time to wait for a reply in milliseconds, Linux in seconds."""
    if system == "Darwin":
        wait = ["/sbin/ping", "-n", "-c", str(count), "-W", str(REPLY_SECONDS * 1000)]
    else:
        wait = ["ping", "-n", "-c", str(count), "-W", str(REPLY_SECONDS)]
    return [*wait, "-i", str(INTERVAL), address] if count > 1 else [*wait, address]


def parse(text: str) -> RoundTrip:
    """Read the summary of a Mac's ("round-trip … stddev") or Linux's ("rtt … mdev") ping."""
    sent = _SENT.search(text)
    if not sent:
        raise PingError(f"ping printed no summary: {' '.join(text.split()) or 'it printed nothing'}")
    times = _ROUND_TRIP.search(text)
    minimum, average, maximum = (float(part) for part in times.groups()) if times else (None, None, None)
    each = tuple(float(time) for time in _TIME.findall(text))
    return RoundTrip(int(sent.group(1)), int(sent.group(2)), minimum, average, maximum, each)


def measure(commands: Commands, system: str, address: str, count: int, warm_up_seconds: float) -> RoundTrip:
    """Measure one link; the first packets after a link comes up are lost, so they are not counted."""
    first = RoundTrip(0, 0)

    def answers() -> bool:
        nonlocal first
        first = _ping(commands, system, address, 1)
        return first.alive

    if not _wait.wait_until(answers, warm_up_seconds, PAUSE_SECONDS):
        return first
    return _ping(commands, system, address, count)


def measure_all(
    commands: Commands, system: str, neighbours: Sequence[Neighbour], count: int, warm_up_seconds: float
) -> dict[str, RoundTrip]:
    """Measure all links at once, so that dead ones cost their waiting time only once."""
    if not neighbours:
        return {}
    with ThreadPoolExecutor(max_workers=min(16, len(neighbours))) as pool:
        tasks = {
            neighbour.name: pool.submit(measure, commands, system, neighbour.address, count, warm_up_seconds)
            for neighbour in neighbours
        }
        return {name: task.result() for name, task in tasks.items()}


def not_set_up(neighbour: Neighbour) -> str:
    """Return the sentence about a silent neighbour that need not answer."""
    host = neighbour.host or "its host"
    return (
        f"{neighbour.name} ({neighbour.address}) does not answer; {host} is not in this run, or was left out, and may "
        "not be set up yet."
    )


def dead_link(neighbour: Neighbour, trip: RoundTrip) -> str | None:
    """Return the sentence about a link that does not answer, or None."""
    if trip.alive:
        return None
    where = f" Check {neighbour.place}." if neighbour.place else " Check its cable and its address."
    return f"{neighbour.name} ({neighbour.address}) does not answer.{where}"


def _ping(commands: Commands, system: str, address: str, count: int) -> RoundTrip:
    result = commands.run(argv(system, address, count), timeout=count + 10)
    if _SENT.search(result.out):
        return parse(result.out)
    if result.rc == 0:
        return parse(result.text)
    return RoundTrip(count, 0)
