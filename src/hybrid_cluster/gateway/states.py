# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""When hosts that serve together wake, serve and sleep: decisions only, by a clock that is given.

A group is what sleeps and wakes as one: a host, or all members of an instance that spans several. Each event returns
the actions that follow from it; whoever carries them out reports back by another event. Nothing here waits.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway.actions import (
    Action,
    AskVetoes,
    Drain,
    DropConnections,
    Enable,
    Forward,
    Probe,
    Prove,
    Refuse,
    StopWaking,
    Suspend,
    Wake,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# What a client is told where no wake was measured yet.
_FIRST_GUESS = 60.0
_LONGEST_GUESS = 60.0
_COUNTS = ("wakes", "woken", "wakes_failed", "sleeps", "sleeps_failed")


class State(StrEnum):
    """What is known of a group."""

    UNKNOWN = "unknown"
    """It has not been asked since the gateway started or since it stopped answering."""
    ASLEEP = "asleep"
    WAKING = "waking"
    READY = "ready"
    """Every member is awake; whether a model answers is another question, which each model's own proof answers."""
    DRAINING = "draining"
    """It is idle and its members are asked whether they may sleep."""
    SUSPENDING = "suspending"
    """It was told to sleep and has not gone yet: a packet that reaches it now is lost."""


@dataclass(frozen=True)
class Rules:
    """When a group sleeps, and how long each step may take; all in seconds."""

    idle_after: float | None = None
    """How long nothing must have happened, since the end of the last request; None never puts it to sleep."""
    awake_at_least: float = 300.0
    wake_within: float = 180.0
    model_within: float = 600.0
    """How long a model may take until it answers a token, once its hosts are awake."""
    veto_within: float = 20.0
    gone_within: float = 60.0
    """How long a member may take to go, once it was told to: longer than its services may take to stop."""
    again_after: float = 60.0
    """How long a veto, or a wake that failed, keeps from the next try."""
    ask_every: float = 5.0
    """How often it is asked whether it is there while that is unknown."""


class CannotSleep(Exception):  # noqa: N818 - its message is the answer to who asked
    """A group that was told to sleep stays awake."""


@dataclass
class _Waiting:
    model: str
    since: float


@dataclass
class Group:
    """The hosts that sleep and wake as one."""

    name: str
    members: tuple[str, ...]
    rules: Rules
    clock: Callable[[], float]
    """A monotonic one."""
    state: State = State.UNKNOWN
    since: float = field(init=False)
    vetoes: tuple[str, ...] = ()
    """What spoke against sleep the last time."""
    proved: bool | None = None
    """Whether every member says that it was seen to wake: until then it is never put to sleep. None is not known."""
    quiet: bool = False
    """Whether requests do not wake it at this time of the day; people do."""
    sent_to_sleep: bool = False
    """Whether it was told to sleep and neither woke nor failed to wake since; whoever is asleep else is missed."""
    wakes: int = 0
    woken: int = 0
    wakes_failed: int = 0
    sleeps: int = 0
    sleeps_failed: int = 0

    def __post_init__(self) -> None:
        """Begin with nothing known."""
        self.since = self.clock()
        self._waiting: dict[int, _Waiting] = {}
        self._running: set[int] = set()
        self._elsewhere: int | None = 0
        self._last_end = self.since
        self._held_until = self.since
        self._awake_since = self.since
        self._no_sleep_before = self.since
        self._no_wake_before = self.since
        self._wanted = False
        self._reached: dict[str, bool] = {}
        self._answering: set[str] = set()
        self._proving: set[str] = set()
        self._asked: float | None = None
        self._put_to_sleep = False
        self._durations: deque[float] = deque(maxlen=20)
        self._history: deque[tuple[float, float | None]] = deque(maxlen=20)
        self._asleep_before = 0.0
        self._woken_at: float | None = None
        self._idle_configured = self.rules.idle_after
        self.idle_chosen = False

    # What is known.

    @property
    def in_flight(self) -> int:
        """Return how many requests run, those that go past the gateway included."""
        return len(self._running) + (self._elsewhere or 0)

    @property
    def waiting(self) -> int:
        """Return how many requests are held."""
        return len(self._waiting)

    @property
    def busy(self) -> bool:
        """Return whether something runs or waits, or may: not to know is no reason to sleep."""
        return bool(self._running or self._waiting or self._elsewhere is None or self._elsewhere)

    @property
    def idle_for(self) -> float:
        """Return for how long nothing has happened."""
        return 0.0 if self.busy else self.clock() - max(self._last_end, self._held_until)

    @property
    def held_for(self) -> float:
        """Return for how long it is kept awake still, whatever happens."""
        return max(0.0, self._held_until - self.clock())

    @property
    def asleep_for(self) -> float:
        """Return for how long it has slept, all in all."""
        return self._asleep_before + (self.clock() - self.since if self.state is State.ASLEEP else 0.0)

    @property
    def last_wake(self) -> float | None:
        """Return how long the last wake took; None where there was none."""
        return self._durations[-1] if self._durations else None

    @property
    def woken_ago(self) -> float | None:
        """Return how long ago it woke the last time; None where that was not seen."""
        return None if self._woken_at is None else self.clock() - self._woken_at

    @property
    def history(self) -> list[tuple[float, float | None]]:
        """Return how long ago each of the last wakes ended, the oldest first, and what it took: None if it failed."""
        return [(self.clock() - at, took) for at, took in self._history]

    @property
    def sleeps_in(self) -> float | None:
        """Return after how many seconds it sleeps if nothing happens until then; None where it will not, or now."""
        if self.state is not State.READY or not self.proved or self.rules.idle_after is None or self.busy:
            return None
        now = self.clock()
        idle = self.rules.idle_after - (now - max(self._last_end, self._held_until))
        return max(0.0, idle, self._no_sleep_before - now, self.rules.awake_at_least - (now - self._awake_since))

    def answers(self, model: str) -> bool:
        """Return whether a model was seen to answer since its hosts woke."""
        return self.state in {State.READY, State.DRAINING} and model in self._answering

    def retry_after(self) -> float:
        """Return when another try is likely to find the group awake, from its own history."""
        now = self.clock()
        if now < self._no_wake_before and self.state is State.ASLEEP:
            return min(_LONGEST_GUESS, max(1.0, self._no_wake_before - now))
        usual = median(self._durations) if self._durations else _FIRST_GUESS
        elapsed = now - self.since if self.state is State.WAKING else 0.0
        return min(_LONGEST_GUESS, max(1.0, usual - elapsed))

    # Requests.

    def ask(self, request: int, model: str) -> list[Action]:
        """Take a request that is authenticated and whole; its number is used once."""
        if self.state is State.DRAINING:
            # It was not told to sleep yet.
            return [*self._enter_ready(), *self._take(request, model)]
        if self.state is State.READY:
            return self._take(request, model)
        if self.state is State.ASLEEP and self.clock() < self._no_wake_before:
            return [Refuse(request, f"{self.name} did not wake a moment ago.", self.retry_after())]
        self._waiting[request] = _Waiting(model, self.clock())
        if self.state is State.ASLEEP:
            return self._wake_or_refuse()
        if self.state is State.UNKNOWN:
            return self._probe()
        return []

    def end(self, request: int) -> list[Action]:
        """Take the end of a request, answered or left by its client, in any state and once or twice."""
        if request in self._running:
            self._running.discard(request)
            self._last_end = self.clock()
        elif self._waiting.pop(request, None):
            # The wake goes on: the client often comes back.
            self._last_end = self.clock()
        return []

    def elsewhere(self, count: int | None, *, used: bool = False) -> list[Action]:
        """Take how many requests go past the gateway, or None where that is not known.

        `used` tells whether any did since the last count.
        """
        # The end of the last of them was after the last count.
        used = used or count != 0 or self._elsewhere != 0
        if used:
            self._last_end = self.clock()
        self._elsewhere = count
        return self._enter_ready() if self.state is State.DRAINING and (self.busy or used) else []

    # Reports.

    def reached(self, member: str, there: bool) -> list[Action]:
        """Take whether a member answered; a program that is down on a host that answers is not a sleep."""
        if member not in self.members:
            raise ValueError(member)
        self._reached[member] = there
        everybody = len(self._reached) == len(self.members)
        present = everybody and all(self._reached.values())
        if self.state is State.UNKNOWN and everybody:
            return self._known(present=present)
        if self.state in {State.WAKING, State.ASLEEP} and present:
            return self._woken()
        if self.state in {State.READY, State.DRAINING} and not there:
            return self._lost()
        if self.state is State.SUSPENDING and everybody and not any(self._reached.values()):
            return [DropConnections(), *self._gone()]
        return []

    def answered(self, model: str) -> list[Action]:
        """Take that a model answered a token."""
        self._proving.discard(model)
        if self.state not in {State.READY, State.DRAINING}:
            return []
        self._answering.add(model)
        ready = [request for request, waiting in self._waiting.items() if waiting.model == model]
        for request in ready:
            del self._waiting[request]
            self._running.add(request)
        return [Forward(request) for request in ready]

    def silent(self, model: str) -> list[Action]:
        """Take that a model that answered does so no more: it has to prove itself anew."""
        self._answering.discard(model)
        return []

    def proven(self, proved: bool | None) -> list[Action]:
        """Take whether its members were seen to wake; None where one does not say."""
        self.proved = proved
        return []

    def stayed(self, reasons: Iterable[str]) -> list[Action]:
        """Take that members that were to sleep did not go, or were kept from it."""
        if self.state is not State.SUSPENDING:
            return []
        self.vetoes = tuple(reasons)
        self._enter(State.UNKNOWN)
        return [DropConnections(), *self._probe()]

    def vetoed(self, reasons: Iterable[str] | None) -> list[Action]:
        """Take what speaks against sleep; None where a member did not say, which speaks against it too."""
        if self.state is not State.DRAINING:
            # A request or a hold came first, each of which ends this state.
            return []
        self.vetoes = ("a member did not answer",) if reasons is None else tuple(reasons)
        if not self.vetoes and not self.proved:
            never = self.proved is False
            self.vetoes = ("it was never seen to wake" if never else "it does not say whether it was seen to wake",)
        if self.vetoes:
            self._no_sleep_before = self.clock() + self.rules.again_after
            return self._enter_ready()
        self._reached.clear()
        self._answering.clear()
        self._proving.clear()
        self._put_to_sleep = self.sent_to_sleep = True
        self._enter(State.SUSPENDING)
        return [Suspend()]

    # People.

    def hold(self, until: float) -> list[Action]:
        """Keep it awake until a time of the clock; it is not woken for that."""
        self._held_until = until
        return self._enter_ready() if self.state is State.DRAINING and self._held() else []

    def release(self) -> list[Action]:
        """Keep it awake no longer than it is used; who held it has used it until now."""
        if self._held():
            self._held_until = self.clock()
        return []

    def idle(self, seconds: float | None) -> list[Action]:
        """Choose after how long without use it sleeps, instead of what is configured; None is never."""
        self.rules, self.idle_chosen = replace(self.rules, idle_after=seconds), True
        return self._enter_ready() if self.state is State.DRAINING and seconds is None else []

    def idle_as_configured(self) -> list[Action]:
        """End such a choice."""
        found = self.idle(self._idle_configured)
        self.idle_chosen = False
        return found

    def wake(self) -> list[Action]:
        """Wake it without a request, which counts as one that has ended now."""
        self._last_end = self.clock()
        if self.state is State.ASLEEP:
            return self._wake()
        if self.state is State.DRAINING:
            return self._enter_ready()
        self._wanted = self.state in {State.SUSPENDING, State.UNKNOWN}
        return self._probe() if self.state is State.UNKNOWN else []

    def warm(self, models: Iterable[str]) -> list[Action]:
        """Have models answer before anybody asks them."""
        return self._prove(set(models) - self._answering) if self.state is State.READY else []

    def sleep(self) -> list[Action]:
        """Put it to sleep now, unless something speaks against it."""
        if self.proved is None and self.state is State.READY:
            raise CannotSleep(f"{self.name} has not said yet whether it was seen to wake; try again in a moment.")
        if self.proved is False:
            raise CannotSleep(f"{self.name} was never seen to wake, so it is not put to sleep.")
        if self.state is not State.READY:
            raise CannotSleep(f"{self.name} is {self.state}.")
        if self.busy:
            raise CannotSleep(f"{self.name} is busy.")
        if self._held():
            raise CannotSleep(f"{self.name} is held awake.")
        self.vetoes = ()
        return self._drain()

    def tick(self) -> list[Action]:
        """Take that time has passed; once a second is often enough."""
        now = self.clock()
        taken = now - self.since
        if self.state is State.WAKING and taken >= self.rules.wake_within:
            return self._failed_to_wake()
        if self.state is State.UNKNOWN:
            return [*self._give_up(self.rules.wake_within, "did not answer"), *self._probe()]
        if self.state is State.DRAINING and taken >= self.rules.veto_within:
            return self.vetoed(None)
        if self.state is State.SUSPENDING and taken >= self.rules.gone_within:
            return self.stayed(())
        if self.state is State.READY:
            given_up = self._give_up(self.rules.model_within, "is awake, but the model does not answer")
            return given_up or (self._drain() if self._may_sleep() else [])
        return []

    # State that outlives the gateway.

    def snapshot(self) -> dict[str, Any]:
        """Return what has to outlive a restart; the state is asked of the members instead."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        chosen = {"idle_after": self.rules.idle_after} if self.idle_chosen else {}
        times = {"held_for": self.held_for, "asleep_for": self.asleep_for, "woken_ago": self.woken_ago}
        lists = {"durations": list(self._durations), "history": self.history}
        return {**times, **lists, "sent_to_sleep": self.sent_to_sleep, **counts, **chosen}

    def restore(self, saved: Mapping[str, Any], ago: float = 0.0) -> None:
        """Take up what was before a restart, some seconds ago; what is not understood is left out."""
        held, durations = saved.get("held_for"), saved.get("durations")
        if isinstance(held, int | float):
            self._held_until = self.clock() + max(0.0, held - ago)
        if isinstance(saved.get("woken_ago"), int | float):
            self._woken_at = self.clock() - saved["woken_ago"] - ago
        chosen = saved.get("idle_after")
        if "idle_after" in saved and (chosen is None or (isinstance(chosen, int | float) and chosen >= 0)):
            self.idle(chosen)
        if isinstance(durations, list):
            self._durations.extend(value for value in durations if isinstance(value, int | float) and value >= 0)
        for past, took in _wakes(saved.get("history")):
            self._history.append((self.clock() - past - ago, took))
        for name in _COUNTS:
            if isinstance(saved.get(name), int):
                setattr(self, name, saved[name])
        self.sent_to_sleep = saved.get("sent_to_sleep") is True
        if isinstance(saved.get("asleep_for"), int | float):
            self._asleep_before = float(saved["asleep_for"])

    # Steps.

    def _enter(self, state: State) -> None:
        self._asleep_before = self.asleep_for
        self.state = state
        self.since = self.clock()
        self._asked = None

    def _take(self, request: int, model: str) -> list[Action]:
        if model in self._answering:
            self._running.add(request)
            return [Forward(request)]
        self._waiting[request] = _Waiting(model, self.clock())
        return self._prove([model])

    def _prove(self, models: Iterable[str]) -> list[Action]:
        new = sorted(set(models) - self._proving)
        self._proving.update(new)
        return [Prove(model) for model in new]

    def _probe(self) -> list[Action]:
        now = self.clock()
        if self._asked is not None and now - self._asked < self.rules.ask_every:
            return []
        self._asked = now
        self._reached.clear()
        return [Probe()]

    def _known(self, *, present: bool) -> list[Action]:
        if present:
            if self._put_to_sleep:
                self.sleeps_failed += 1
                self._no_sleep_before = self.clock() + self.rules.again_after
            return self._woken()
        return self._gone()

    def _gone(self) -> list[Action]:
        self.sleeps += self._put_to_sleep
        self._put_to_sleep = False
        self._enter(State.ASLEEP)
        if self._wanted:
            return self._wake()
        return self._wake_or_refuse() if self._waiting else []

    def _wake_or_refuse(self) -> list[Action]:
        if not self.quiet:
            return self._wake()
        refused = [
            Refuse(request, f"{self.name} sleeps at this time.", _LONGEST_GUESS, True) for request in self._waiting
        ]
        self._waiting.clear()
        return list(refused)

    def _wake(self) -> list[Action]:
        missing = tuple(member for member in self.members if not self._reached.get(member))
        self._enter(State.WAKING)
        self.wakes += 1
        self._reached = {member: True for member in self.members if member not in missing}
        return [Wake(missing)]

    def _woken(self) -> list[Action]:
        waking = self.state is State.WAKING
        if waking or self.state is State.ASLEEP:
            self._woken_at = self.clock()
        if waking:
            self._durations.append(self.clock() - self.since)
            self._history.append((self.clock(), self._durations[-1]))
            self.woken += 1
        self._last_end = self._awake_since = self.clock()
        return [*([StopWaking()] if waking else []), DropConnections(), *self._enter_ready()]

    def _failed_to_wake(self) -> list[Action]:
        self.wakes_failed += 1
        self._history.append((self.clock(), None))
        self.sent_to_sleep = False
        self._enter(State.ASLEEP)
        self._wanted = False
        self._reached.clear()
        self._no_wake_before = self.clock() + self.rules.again_after
        refused = [Refuse(request, f"{self.name} did not wake.", self.retry_after()) for request in self._waiting]
        self._waiting.clear()
        return [StopWaking(), *refused]

    def _lost(self) -> list[Action]:
        self._answering.clear()
        self._proving.clear()
        self._put_to_sleep = False
        self._enter(State.UNKNOWN)
        return [Drain(), DropConnections(), *self._probe()]

    def _enter_ready(self) -> list[Action]:
        """Serve, from any state: what waits is proved, and requests may go past the gateway again."""
        if self.state is not State.DRAINING:
            self._answering.clear()
            self._proving.clear()
        self._put_to_sleep = self.sent_to_sleep = False
        self._wanted = False
        self._enter(State.READY)
        return [Enable(), *self._prove(waiting.model for waiting in self._waiting.values())]

    def _drain(self) -> list[Action]:
        self._enter(State.DRAINING)
        return [Drain(), AskVetoes()]

    def _held(self) -> bool:
        return self.clock() < self._held_until

    def _may_sleep(self) -> bool:
        now, rules = self.clock(), self.rules
        if not self.proved or rules.idle_after is None or self.busy or self._held():
            return False
        if now < self._no_sleep_before or now - self._awake_since < rules.awake_at_least:
            return False
        return self.idle_for >= rules.idle_after

    def _give_up(self, within: float, sentence: str) -> list[Action]:
        now = self.clock()
        late = [request for request, waiting in self._waiting.items() if now - max(waiting.since, self.since) >= within]
        for request in late:
            del self._waiting[request]
        return [Refuse(request, f"{self.name} {sentence}.", self.retry_after()) for request in late]


def _wakes(saved: object) -> list[tuple[float, float | None]]:
    """Return the wakes of a saved history that are understood."""
    if not isinstance(saved, list):
        return []
    pairs = [one for one in saved if isinstance(one, list | tuple) and len(one) == 2]
    return [
        (float(past), None if took is None else float(took))
        for past, took in pairs
        if isinstance(past, int | float) and (took is None or isinstance(took, int | float))
    ]
