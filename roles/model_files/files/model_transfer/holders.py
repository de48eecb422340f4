# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which holder a host asks: the one before it, and another one when that one is dead.

One at a time, so that the first holder sends one copy: a host that asked two of them would take half from each.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .job import Holder

FIRST_SECONDS = 20.0
"""How long a holder that has never answered is waited for: hosts do not start at the same moment."""
LOST_SECONDS = 4.0
"""How long one that answered before is waited for: what supervises it may start it again."""

_PROTOCOL = b"\x13BitTorrent protocol" + bytes(8)
_PEER = b"-HA0001-" + bytes(12)


class Answer(Enum):
    """What somebody says who is asked for a folder."""

    NOTHING = "does not answer"
    BUSY = "does not have it yet"
    READY = "has it"


def ask(address: str, port: int, info_hash: bytes, seconds: float = 2.0) -> Answer:
    """Ask a host for a folder the way peers do, and say what it answered.

    A host that is frozen accepts connections as well, so only a word of the program counts.
    """
    try:
        with socket.create_connection((address, port), timeout=seconds) as connection:
            connection.sendall(_PROTOCOL + info_hash + _PEER)
            return Answer.READY if connection.recv(1) else Answer.BUSY
    except ConnectionResetError:
        return Answer.BUSY
    except OSError:
        return Answer.NOTHING


@dataclass
class Choice:
    """The holder that is asked at present. Times are seconds of a clock that only goes forward."""

    holders: Sequence[Holder]
    since: float
    """Since when this one is asked."""
    busy_seconds: float = FIRST_SECONDS
    """How long one is waited for that runs and does not have the folder yet: it may still read what it has."""
    place: int = 0
    met: bool = False
    """Whether it has been connected since then."""
    answer: Answer = Answer.NOTHING
    """What it said last."""
    heard: float = 0.0
    """When any of them was last connected, or said anything."""

    @property
    def holder(self) -> Holder:
        """Whom to ask."""
        return self.holders[self.place]

    def connected(self, now: float) -> None:
        """Note that there is a connection to it."""
        self.met, self.answer, self.since, self.heard = True, Answer.READY, now, now

    def apart(self, now: float, answer: Answer) -> bool:
        """Note that there is none, and what it says; tell whether it is the next one's turn."""
        self.answer = answer
        if answer is not Answer.NOTHING:
            self.heard = now
        lost = LOST_SECONDS if self.met else FIRST_SECONDS
        patience = self.busy_seconds if answer is Answer.BUSY else lost
        if now - self.since < patience or len(self.holders) == 1:
            return False
        self.place = (self.place + 1) % len(self.holders)
        self.since, self.met = now, False
        return True

    def silent_seconds(self, now: float) -> float:
        """Return for how long nobody has answered at all."""
        return now - self.heard

    def sentence(self, folder: str, here: str, port: int) -> str:
        """Say that none of them answers, in the order in which they were asked."""
        one = self.holders[0]
        others = [holder.host for holder in self.holders[1:]]
        named = f"{one.host} ({' and '.join(one.addresses)}), the one before it,"
        rest = f" and neither do the others that have it: {', '.join(others)}" if others else ""
        return (
            f"{here} gets nothing of {folder}: {named} does not answer at port {port}{rest}. Look whether the service "
            f"hybrid-ai-model-files runs on {one.host} and whether a firewall or a cable keeps the two apart, and run "
            "models.yml again: what has come is kept."
        )
