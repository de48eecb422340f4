# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Hosts that somebody took out of rotation: nothing new goes to them, what runs there ends, and what nobody else can
answer waits until one of them is back.

An order has an owner and an end, and is in a file before it is confirmed, so that a restart forgets none.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway import state_file
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.states import Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from hybrid_cluster.gateway.routes import Member

VERSION = 1
HELD_WITHIN = Rules.model_within
"""How many seconds a request waits for a host that is out, as it does for a model of a host that woke."""
CODE = "host_drained"
_RESTART = 5.0
_RETRY = 60.0
_LONGEST_OWNER = 200


@dataclass(frozen=True)
class Order:
    """Why a host is out of rotation."""

    owner: str
    since: float
    """Seconds of Unix time. So is the next."""
    until: float
    ends: float
    """When it ends by the gateway's own clock, which nobody sets."""


class Drains:
    """The orders, and how many requests each host has."""

    def __init__(self, path: Path, *, wall: Callable[[], float] = time.time) -> None:
        """Take up the orders of a file, if it is there.

        :raises StateError: the file cannot be used
        """
        self._path = path
        self._wall = wall
        self._clock = asyncio.get_running_loop().time
        self._orders: dict[str, Order] = {}
        self._running: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self._stops = False
        if path.exists():
            self._restore(state_file.read(path))

    # Requests.

    def has(self, member: Member) -> bool:
        """Return whether one of the hosts that a member needs is out: nobody is to send it a request then."""
        return self.any_of(member.hosts)

    def any_of(self, hosts: Iterable[str]) -> bool:
        """Return whether one of some hosts is out."""
        return any(self.find(host) is not None for host in hosts)

    @contextlib.contextmanager
    def at(self, member: Member) -> Iterator[None]:
        """Count a request at a member's hosts, from the moment in which the member is chosen.

        Between that it is not out and this nothing may be waited for: then a host that has no request gets none.
        """
        self._running.update(member.hosts)
        try:
            yield
        finally:
            self._running.subtract(member.hosts)

    async def wait(self, members: Iterable[Member], deadline: float) -> None:
        """Return when one of these members is back, by the loop's clock before a deadline.

        :raises Failure: it is late, or the gateway stops
        """
        given = list(members)
        while all(self.has(member) for member in given):
            if self._stops:
                raise Failure(503, "The gateway starts anew.", code="gateway_stops", retry_after=_RESTART)
            now = self._clock()
            if now >= deadline:
                out = ", ".join(sorted({host for member in given for host in member.hosts if self.find(host)}))
                sentence = f"Every host of the model is out of rotation: {out}."
                raise Failure(503, sentence, code=CODE, retry_after=_RETRY)
            next_end = min(order.ends for order in self._orders.values() if order.ends > now)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(deadline, next_end) - now)):
                    await self._changed.wait()

    def refuse_all(self) -> None:
        """Answer everybody who waits; the next gateway knows the orders."""
        self._stops = True
        self._tell()

    # People.

    def find(self, host: str) -> Order | None:
        """Return why a host is out; None where it is not, or is so no more."""
        order = self._orders.get(host)
        return order if order is not None and self._clock() < order.ends else None

    def running(self, host: str) -> int:
        """Return how many requests a host has, those that wait for it to wake included."""
        return self._running[host]

    def order(self, host: str, owner: str, seconds: float) -> None:
        """Take a host out of rotation, or change until when.

        :raises Failure: somebody else did so before, or the order cannot be kept
        """
        if len(owner) > _LONGEST_OWNER or not owner.isprintable():
            raise Failure(
                400, f"'owner' must be {_LONGEST_OWNER} printable characters at most.", code="invalid_request"
            )
        before = self.find(host)
        if before is not None and before.owner != owner:
            sentence = f"{host} is out of rotation by order of {before.owner}."
            raise Failure(409, sentence, code="drained_by_another", final=True)
        now = self._wall()
        since = before.since if before is not None else now
        self._replace(self._orders | {host: Order(owner, since, now + seconds, self._clock() + seconds)})

    def end(self, host: str, owner: str | None = None) -> bool:
        """Put a host back, whoever took it out or only where this owner did, and return whether that was so.

        :raises Failure: that cannot be kept
        """
        order = self.find(host)
        was_out = order is not None and owner in (None, order.owner)
        if was_out:
            self._replace({name: order for name, order in self._orders.items() if name != host})
        return was_out

    def all(self) -> list[dict[str, Any]]:
        """Return the orders there are, for people."""
        return [self.told(host) for host in sorted(self._orders) if self.find(host) is not None]

    def told(self, host: str) -> dict[str, Any]:
        """Return what is known of a host; `owner`, `since` and `until` are None where it is in rotation."""
        order = self.find(host)
        return {
            "host": host,
            "owner": None if order is None else order.owner,
            "since": None if order is None else order.since,
            "until": None if order is None else order.until,
            "in_flight": self.running(host),
        }

    # The file.

    def _replace(self, orders: dict[str, Order]) -> None:
        now = self._clock()
        orders = {host: order for host, order in orders.items() if now < order.ends}
        kept = {host: {"owner": one.owner, "since": one.since, "until": one.until} for host, one in orders.items()}
        try:
            state_file.write(self._path, {"version": VERSION, "drains": kept})
        except OSError as error:
            sentence = f"The gateway cannot keep who is out of rotation: {self._path}: {error.strerror}."
            raise Failure(500, sentence, code="not_kept", final=True) from error
        self._orders = orders
        self._tell()

    def _restore(self, saved: dict[str, Any]) -> None:
        """Take up what is understood of a file; what is not was written by another version."""
        drains = saved.get("drains")
        for host, value in drains.items() if isinstance(drains, dict) else ():
            owner, since, until = (value.get(key) for key in ("owner", "since", "until"))
            if isinstance(owner, str) and isinstance(since, int | float) and isinstance(until, int | float):
                ends = self._clock() + until - self._wall()
                self._orders[host] = Order(owner, since, until, ends)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
