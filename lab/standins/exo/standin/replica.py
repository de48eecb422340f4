# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One node's part in a session: its own events go to the master, the master's numbered ones make the state."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, Any

from . import clock
from .election import Session
from .event_log import EventLog
from .identity import new_id
from .state import State, tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from .network import Network
    from .paths import Paths
    from .state import Event

_RESEND = 1.0


class Replica:
    """The state of the current session, and the way of events to the master and back."""

    def __init__(self, node_id: str, paths: Paths, network: Network, applied: Callable[[Event], None]) -> None:
        self._node_id, self._paths, self._network, self._applied = node_id, paths, network, applied
        self.session = Session(node_id, 0)
        self.state = State()
        self.api_log: EventLog | None = None
        self._master_log: EventLog | None = None
        self._origin = new_id()
        self._outbox: dict[int, Event] = {}
        self._sequence = 0
        self._taken: dict[str, int] = {}
        self._early: dict[str, dict[int, Event]] = {}
        self._pending: dict[int, dict[str, Any]] = {}
        self._asked = 0.0

    @property
    def is_master(self) -> bool:
        """Return whether this node numbers the events."""
        return self.session.master == self._node_id

    def reset(self, session: Session) -> None:
        """Begin a session with an empty state: everything an earlier master knew is lost."""
        self.close()
        self.session, self.state = session, State()
        # A node may come back to a session it was in before: its numbers begin again under another name.
        self._origin, self._outbox, self._sequence = new_id(), {}, 0
        self._taken, self._early, self._pending = {}, {}, {}
        self.api_log = EventLog(self._paths.data / "event_log" / "api")
        if self.is_master:
            self._master_log = EventLog(self._paths.data / "event_log" / "master")

    def close(self) -> None:
        """Finish the event logs."""
        for log in (self.api_log, self._master_log):
            if log is not None:
                log.close()
        self.api_log = self._master_log = None

    def emit(self, event: Event) -> None:
        """Give an event to the master; it is kept until the master has numbered it."""
        number = self._sequence
        self._sequence += 1
        if self.is_master:
            self._number(self._origin, number, event)
            return
        self._outbox[number] = event
        self._network.publish("local", self._envelope(number, event))

    def resend(self) -> None:
        """Send again what the master has not numbered; it may not have been master yet when it came."""
        for number, event in list(self._outbox.items()):
            self._network.publish("local", self._envelope(number, event))

    def _envelope(self, number: int, event: Event) -> dict[str, Any]:
        return {"session": list(self.session), "origin": self._origin, "number": number, "event": event}

    def on_local(self, message: dict[str, Any]) -> None:
        """Take another node's event and number it when its turn has come."""
        if not self.is_master or tuple(message["session"]) != self.session:
            return
        origin, number = message["origin"], message["number"]
        early = self._early.setdefault(origin, {})
        if number < self._taken.get(origin, 0):
            return
        early[number] = message["event"]
        while (number := self._taken.get(origin, 0)) in early:
            self._taken[origin] = number + 1
            self._number(origin, number, early.pop(number))

    def _number(self, origin: str, number: int, event: Event) -> None:
        """Make an event part of the history and tell everybody."""
        tag(event)[1].setdefault("eventId", new_id())
        if "NodeGatheredInfo" in event:
            event["NodeGatheredInfo"]["when"] = clock.timestamp()
        index = self.state.index + 1
        if self._master_log is not None:
            self._master_log.append(event)
        self._network.publish(
            "global",
            {"session": list(self.session), "index": index, "origin": origin, "number": number, "event": event},
        )
        self._apply(index, copy.deepcopy(event))

    def _apply(self, index: int, event: Event) -> None:
        if self.api_log is not None:
            self.api_log.append(event)
        self.state.apply(index, event)
        self._applied(event)

    def on_global(self, message: dict[str, Any]) -> None:
        """Apply the master's event, or ask for the state when some were missed."""
        if self.is_master or tuple(message["session"]) != self.session:
            return
        self._pending[message["index"]] = message
        self._drain()
        if self._pending and time.monotonic() - self._asked > clock.scaled(_RESEND):
            self._asked = time.monotonic()
            self._network.publish("ask", {"session": list(self.session), "origin": self._origin})

    def _drain(self) -> None:
        """Apply what follows the last applied event."""
        for index in [index for index in self._pending if index <= self.state.index]:
            self._acknowledge(self._pending.pop(index))
        while (message := self._pending.pop(self.state.index + 1, None)) is not None:
            self._acknowledge(message)
            self._apply(message["index"], message["event"])

    def _acknowledge(self, message: dict[str, Any]) -> None:
        if message["origin"] == self._origin:
            self._outbox.pop(message["number"], None)

    def on_ask(self, message: dict[str, Any]) -> None:
        """Send the whole state to a node that came late."""
        if self.is_master and tuple(message["session"]) == self.session:
            self._network.publish(
                "snapshot",
                {
                    "session": list(self.session),
                    "origin": message["origin"],
                    "taken": self._taken.get(message["origin"], 0),
                    "state": self.state.data,
                },
            )

    def on_snapshot(self, message: dict[str, Any]) -> None:
        """Take the state over."""
        if message["origin"] != self._origin or tuple(message["session"]) != self.session:
            return
        if message["state"]["lastEventAppliedIdx"] > self.state.index:
            self.state = State(message["state"])
            for number in [number for number in self._outbox if number < message["taken"]]:
                del self._outbox[number]
            self._drain()
            self._applied({"StateReplaced": {}})
