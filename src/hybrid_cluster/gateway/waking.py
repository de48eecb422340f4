# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Carries out what groups of hosts decide, reports what comes of it, and holds requests until their hosts answer."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway import actions
from hybrid_cluster.gateway.agents import AgentError
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.states import Group, State
from hybrid_cluster.shared._problem import numbered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping

    from hybrid_cluster.gateway.actions import Action
    from hybrid_cluster.gateway.fleet import Host, Sleepers
    from hybrid_cluster.gateway.metrics import Metrics
    from hybrid_cluster.gateway.outside import Outside
    from hybrid_cluster.gateway.routes import Configuration, Member, Model

_TICK = 1.0
_AGAIN = 0.5
_GOING = 1.0
_RESTART = 5.0
_HELD = 5.0
_WATCH = 10.0
"""How often it is seen whether hosts are still there, or were woken by somebody else."""
_KEPT_AWAKE = 900
"""For how many seconds hosts are told to stay awake, which a host does by itself when the gateway is gone."""
_KEPT_AGAIN = 300.0
_WARMED_AGAIN = 300.0
_CAME = ("a request came",)
# What a member fails with whose host went to sleep, or whose model is gone, since it answered last.
_LOST = {"backend_unreachable", "model_not_ready"}
VERSION = 1
NOT_ASKED = {"host_not_awake", "host_drained", "gateway_stops"}
"""The words for a failure of a member that was not asked."""


class _Hosts:
    """A group with what is being done to it."""

    def __init__(self, sleepers: Sleepers, group: Group) -> None:
        self.sleepers = sleepers
        self.group = group
        self.host = {host.name: host for host in sleepers.hosts}
        self.models: dict[str, tuple[Member, Model]] = {}
        self.running: dict[str, asyncio.Task[None]] = {}
        self.warmed = float("-inf")
        self.told = group.state
        """The state that the log has."""

    @property
    def serving(self) -> bool:
        return self.group.state in {State.READY, State.DRAINING}


class Waking:
    """All groups."""

    def __init__(
        self,
        configuration: Configuration,
        outside: Outside,
        log: Callable[[str], None],
        *,
        wall: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._outside = outside
        self._log = log
        self._wall = wall
        self._clock = asyncio.get_running_loop().time
        self._numbers = itertools.count(1)
        self._held: dict[int, asyncio.Future[None]] = {}
        self._all: dict[str, _Hosts] = {}
        self._metrics: Metrics | None = None
        self.stays_awake: Callable[[Iterable[str]], bool] = lambda _hosts: False
        """Is asked whether somebody works at one of some hosts, which keeps them awake."""
        self._left: Callable[[str], Awaitable[int | None]] = _nothing
        self.changed: Callable[[], None] = lambda: None
        """Is called when a state has changed, and with it what has to outlive a restart."""
        for sleepers in configuration.groups:
            group = Group(sleepers.name, tuple(host.name for host in sleepers.hosts), sleepers.rules, self._clock)
            self._all[sleepers.name] = _Hosts(sleepers, group)
        for model in configuration.models:
            for member in model.members:
                if member.group is not None:
                    self._all[member.group].models[member.key_of_model] = (member, model)

    # Requests.

    def rank(self, member: Member) -> int:
        """Return 0 for a member that answers at once, 1 for one that has to prove itself, and 2 for one that sleeps."""
        if member.group is None:
            return 0
        group = self._all[member.group].group
        if group.answers(member.key_of_model):
            return 0
        return 1 if group.state in {State.READY, State.DRAINING} else 2

    @contextlib.asynccontextmanager
    async def awake(self, member: Member) -> AsyncIterator[None]:
        """Keep a member's hosts awake, once they are and the member has proved that it answers."""
        if member.group is None:
            yield
            return
        hosts, number = self._all[member.group], next(self._numbers)
        self._held[number] = future = asyncio.get_running_loop().create_future()
        try:
            self._take(hosts, hosts.group.ask(number, member.key_of_model))
            await future
            yield
        finally:
            del self._held[number]
            self._take(hosts, hosts.group.end(number))

    def lost(self, member: Member, failure: Failure) -> bool:
        """Return whether a member that failed may only have to be woken; its hosts are asked."""
        if member.group is None or failure.code not in _LOST:
            return False
        hosts = self._all[member.group]
        self._take(hosts, hosts.group.silent(member.key_of_model))
        self._look_once(hosts)
        return True

    def refuse_all(self) -> None:
        """Answer everybody who waits; the next gateway takes up the wake."""
        for future in self._held.values():
            _set(future, Failure(503, "The gateway starts anew.", code="gateway_stops", retry_after=_RESTART))

    def passes(self, member: Member) -> bool:
        """Return whether requests for a member may go past the gateway."""
        if member.group is None:
            return True
        group = self._all[member.group].group
        return group.state is State.READY and group.answers(member.key_of_model)

    def passing(self, name: str, count: int | None, *, used: bool) -> None:
        """Take how many requests of a group go past the gateway, and whether any did since the last time."""
        hosts = self._all[name]
        self._take(hosts, hosts.group.elsewhere(count, used=used))

    def passed_by(self, left: Callable[[str], Awaitable[int | None]]) -> None:
        """Ask this how many requests of a group go past the gateway still, before its hosts are told to sleep."""
        self._left = left

    def serves(self, member: Member) -> bool:
        """Return whether a member's hosts are awake, as far as is known."""
        return member.group is None or self._all[member.group].serving

    # People.

    @property
    def groups(self) -> dict[str, Group]:
        """Return what is known of each group."""
        return {name: hosts.group for name, hosts in self._all.items()}

    @property
    def may_sleep(self) -> bool:
        """Return whether hosts can be asked whether they may sleep, without which none does."""
        return self._outside.may_sleep

    def told(self, name: str, found: Iterable[Action]) -> None:
        """Carry out what a group decides for people, and have it kept."""
        self._take(self._all[name], found)
        self.changed()

    def sleeps_in(self, name: str) -> float | None:
        """Return after how many seconds a group sleeps if nothing happens until then; None where it will not."""
        hosts, now = self._all[name], self._wall()
        found, idle_after = hosts.group.sleeps_in, hosts.group.rules.idle_after
        warm = max((warm.hours.left(now) or 0.0 for warm in hosts.sleepers.warm), default=0.0)
        if found is None or idle_after is None or not self._outside.may_sleep:
            return None
        return max(found, warm + idle_after) if warm else found

    # Running.

    async def run(self) -> None:
        """Let time pass for all groups until cancelled, and end what is being done then."""
        try:
            for hosts in self._all.values():
                self._start(hosts, "watch", self._watch(hosts))
            while True:
                for hosts in self._all.values():
                    try:
                        self._tick(hosts)
                    except Exception as error:
                        # The others go on.
                        self._say(hosts, f"the tick ended with {type(error).__name__}: {error}")
                await asyncio.sleep(_TICK)
        finally:
            tasks = [task for hosts in self._all.values() for task in hosts.running.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _tick(self, hosts: _Hosts) -> None:
        now, group = self._wall(), hosts.group
        group.quiet = any(hours.left(now) is not None for hours in hosts.sleepers.quiet)
        if group.held_for < _HELD and self.stays_awake(hosts.host):
            self._take(hosts, group.hold(self._clock() + _HELD))
        for warm in hosts.sleepers.warm:
            left = warm.hours.left(now)
            if left is None:
                continue
            # For a moment and then again, because somebody may set the clock.
            if group.held_for < min(left, _HELD):
                self._take(hosts, group.hold(self._clock() + min(left, _HELD)))
            if group.state is State.ASLEEP and self._clock() - hosts.warmed >= _WARMED_AGAIN:
                hosts.warmed = self._clock()
                self._take(hosts, group.wake())
            if hosts.serving:
                wanted = (
                    key for key, (_, model) in hosts.models.items() if model.name in (warm.models or {model.name})
                )
                self._take(hosts, group.warm(wanted))
        self._take(hosts, group.tick())

    def _start(self, hosts: _Hosts, name: str, doing: Coroutine[Any, Any, None]) -> None:
        """Do something in place of what was done under this name."""
        before = hosts.running.get(name)
        if before is not None:
            before.cancel()
        hosts.running[name] = asyncio.create_task(self._safely(hosts, name, doing))

    def _stop(self, hosts: _Hosts, *names: str) -> None:
        for name in names:
            task = hosts.running.pop(name, None)
            # What reports the end of something may be that something.
            if task is not None and task is not asyncio.current_task():
                task.cancel()

    async def _safely(self, hosts: _Hosts, name: str, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except Exception as error:
            # A group goes on without it: time makes it try again or give up.
            self._say(hosts, f"{name} ended with {type(error).__name__}: {error}")
        finally:
            if hosts.running.get(name) is asyncio.current_task():
                del hosts.running[name]

    # What groups decide.

    def _take(self, hosts: _Hosts, found: Iterable[Action]) -> None:
        for action in found:
            self._carry_out(hosts, action)
        if hosts.group.state is not hosts.told:
            self._say(hosts, f"{hosts.told} to {hosts.group.state}", state=str(hosts.group.state))
            hosts.told = hosts.group.state
            self.changed()

    def _carry_out(self, hosts: _Hosts, action: Action) -> None:  # noqa: PLR0912 - one line for each
        match action:
            case actions.Probe():
                self._look_once(hosts)
            case actions.Wake(members):
                for name in members:
                    self._start(hosts, f"packets {name}", self._outside.send(hosts.host[name]))
                    self._start(hosts, f"wait {name}", self._wait(hosts, hosts.host[name]))
            case actions.StopWaking():
                self._stop(hosts, *(name for name in tuple(hosts.running) if name.startswith(("packets ", "wait "))))
                if self._metrics is not None and hosts.group.state is State.READY and hosts.group.last_wake is not None:
                    self._metrics.observe("wake_seconds", hosts.group.name, value=hosts.group.last_wake)
            case actions.Prove(model):
                self._start(hosts, f"prove {model}", self._prove(hosts, model))
            case actions.DropConnections():
                # Each request to a backend has a connection of its own; what is asked of it was on one of before.
                self._stop(hosts, *(name for name in tuple(hosts.running) if name.startswith("prove ")))
            case actions.Enable():
                if self._outside.may_sleep:
                    self._start(hosts, "awake", self._keep_awake(hosts))
            case actions.AskVetoes():
                self._start(hosts, "vetoes", self._ask_vetoes(hosts))
            case actions.Suspend():
                self._stop(hosts, "awake")
                self._start(hosts, "suspend", self._suspend(hosts))
            case actions.Forward(request):
                _set(self._held.get(request), None)
            case actions.Refuse(request, sentence, retry_after, intended):
                code = "host_not_awake"
                failure = Failure(503, sentence, code=code, retry_after=retry_after, intended=intended)
                _set(self._held.get(request), failure)
            case actions.Drain():
                # A group that is not ready is open to nobody, which HAProxy is told before its hosts are asked.
                pass

    def _look_once(self, hosts: _Hosts) -> None:
        # One that says nothing has longer for its answer than it takes until it is asked again.
        if "look" not in hosts.running:
            self._start(hosts, "look", self._look(hosts))

    async def _reach(self, hosts: _Hosts, host: Host) -> None:
        there = await self._outside.is_there(host)
        self._take(hosts, hosts.group.reached(host.name, there))

    async def _look(self, hosts: _Hosts) -> None:
        await asyncio.gather(*(self._reach(hosts, host) for host in hosts.host.values()))

    async def _watch(self, hosts: _Hosts) -> None:
        while True:
            await asyncio.sleep(_WATCH)
            if hosts.group.state in {State.READY, State.ASLEEP}:
                await self._look(hosts)

    async def _wait(self, hosts: _Hosts, host: Host) -> None:
        while not await self._outside.is_there(host):
            await asyncio.sleep(_AGAIN)
        self._take(hosts, hosts.group.reached(host.name, there=True))

    async def _prove(self, hosts: _Hosts, key: str) -> None:
        member, model = hosts.models[key]
        said = ""
        while hosts.serving:
            within = hosts.sleepers.rules.model_within
            complaint = await self._outside.complaint(member, model, len(hosts.host), within)
            if not complaint:
                self._take(hosts, hosts.group.answered(key))
                return
            if complaint != said:
                said = complaint
                self._say(hosts, f"{member.name} does not answer {model.name} yet: {complaint}")
            await asyncio.sleep(_AGAIN if hosts.group.waiting else _WATCH)

    async def _keep_awake(self, hosts: _Hosts) -> None:
        while hosts.serving:
            found = await asyncio.gather(
                *(self._asked(hosts, self._outside.awake(host, _KEPT_AWAKE)) for host in hosts.host.values())
            )
            self._take(hosts, hosts.group.proven(_proved(found)))
            for answer in found:
                for problem in answer.get("problems", ()) if answer else ():
                    self._say(hosts, str(problem))
            await asyncio.sleep(_KEPT_AGAIN if all(found) else _WATCH)

    async def _ask_vetoes(self, hosts: _Hosts) -> None:
        self._take(hosts, hosts.group.elsewhere(await self._left(hosts.group.name)))
        if hosts.group.state is not State.DRAINING:
            return
        members = [member for member, _ in hosts.models.values()]
        found, counts = await asyncio.gather(
            asyncio.gather(*(self._asked(hosts, self._outside.status(host)) for host in hosts.host.values())),
            asyncio.gather(*(self._outside.busy(member) for member in members)),
        )
        if not all(found):
            self._take(hosts, hosts.group.vetoed(None))
            return
        reasons = [reason for answer, host in zip(found, hosts.host, strict=True) for reason in _vetoes(answer, host)]
        for member, count in zip(members, counts, strict=True):
            if count:
                reasons.append(f"{member.name} answers {numbered(count, 'request')} that did not come from here")
        self._take(hosts, hosts.group.proven(_proved(found)))
        self._take(hosts, hosts.group.vetoed(reasons))
        if reasons:
            self._say(hosts, f"stays awake: {'; '.join(reasons)}")

    async def _suspend(self, hosts: _Hosts) -> None:
        """Send hosts to sleep, all or none: at once, because each looks at itself again for some seconds before."""
        if hosts.group.waiting:
            self._take(hosts, hosts.group.stayed(_CAME))
            return
        found = await asyncio.gather(*(self._asked(hosts, self._outside.suspend(host)) for host in hosts.host.values()))
        # One that did not answer may have heard the order; in doubt it goes.
        stay = [
            (answer, host) for answer, host in zip(found, hosts.host, strict=True) if answer and not answer.get("going")
        ]
        reasons = [reason for answer, host in stay for reason in _vetoes(answer, host)]
        if stay:
            self._say(hosts, f"stays awake: {'; '.join(reasons)}")
            await self._call_back(hosts, reasons)
        called_back = bool(stay)
        while hosts.group.state is State.SUSPENDING:
            if hosts.group.waiting and not called_back:
                called_back = True
                await self._call_back(hosts, _CAME)
            else:
                # No faster: sshd shuts out who connects again and again without logging in.
                await asyncio.sleep(_GOING)
                await self._look(hosts)

    async def _call_back(self, hosts: _Hosts, reasons: Iterable[str]) -> None:
        """Tell hosts to stay; where one has gone already, the group wakes it when all are gone or time is up."""
        found = await asyncio.gather(*(self._asked(hosts, self._outside.stay(host)) for host in hosts.host.values()))
        if all(answer is not None and answer.get("stayed") for answer in found):
            self._take(hosts, hosts.group.stayed(reasons))

    async def _asked(self, hosts: _Hosts, question: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any] | None:
        try:
            return await question
        except AgentError as error:
            self._say(hosts, str(error))
            return None

    def _say(self, hosts: _Hosts, sentence: str, **more: str) -> None:
        self._log(json.dumps({"group": hosts.group.name, "event": sentence, **more}))

    # What outlives the gateway, and figures.

    def snapshot(self) -> dict[str, Any]:
        """Return what has to outlive a restart."""
        groups = {
            name: {**hosts.group.snapshot(), "state": str(hosts.group.state)} for name, hosts in self._all.items()
        }
        return {"version": VERSION, "time": self._wall().timestamp(), "groups": groups}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up what was before a restart; hosts are asked for the rest."""
        groups, time = saved.get("groups"), saved.get("time")
        ago = max(0.0, self._wall().timestamp() - time) if isinstance(time, int | float) else 0.0
        for name, hosts in self._all.items():
            before = groups.get(name) if isinstance(groups, dict) else None
            if isinstance(before, dict):
                hosts.group.restore(before, ago)

    def watched_by(self, metrics: Metrics) -> None:
        """Tell figures as they come."""
        self._metrics = metrics

    def figures(self, metrics: Metrics) -> None:
        """Set the figures that are so at this moment."""
        for name, hosts in self._all.items():
            group = hosts.group
            for state in State:
                metrics.set("group_state", name, str(state), value=group.state is state)
            for host in hosts.host:
                metrics.set("asleep", host, value=group.sent_to_sleep)
            metrics.set("held", name, value=group.waiting)
            metrics.set("wakes_total", name, "woken", value=group.woken)
            metrics.set("wakes_total", name, "failed", value=group.wakes_failed)
            metrics.set("sleeps_total", name, "asleep", value=group.sleeps)
            metrics.set("sleeps_total", name, "failed", value=group.sleeps_failed)
            metrics.set("asleep_seconds_total", name, value=group.asleep_for)
            metrics.set("seen_to_wake", name, value=bool(group.proved))


async def _nothing(_group: str) -> int:
    return 0


def _set(future: asyncio.Future[None] | None, failure: Failure | None) -> None:
    if future is None or future.done():
        return
    if failure is None:
        future.set_result(None)
    else:
        future.set_exception(failure)


def _vetoes(answer: dict[str, Any] | None, host: str) -> list[str]:
    found = answer.get("vetoes") if answer else None
    return [f"{host}: {reason}" for reason in found] if isinstance(found, list) else [f"{host} did not say"]


def _proved(found: Iterable[dict[str, Any] | None]) -> bool | None:
    said = [None if answer is None else answer.get("proved") is True for answer in found]
    return False if False in said else None if None in said else True
