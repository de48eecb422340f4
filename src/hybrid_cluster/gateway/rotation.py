# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which member is asked first: how busy each is and how fast, who has the beginning of a conversation, who is out."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hybrid_cluster.gateway.endpoints import Endpoint
    from hybrid_cluster.gateway.routes import Member, Model

# A member is out after so many failures without an answer between them, or when nobody is there to connect to.
_FAILURES = 3
_OUT_FIRST = 10.0
_OUT_LONGEST = 300.0
# Fewer tokens say more about the prompt than about the speed.
_TOKENS = 16
_NEW = 0.2
"""How much the last answer says about the speed of a member."""
_STICKS = 2.0
"""How much busier than the least busy one a member may be that has a conversation's beginning."""
_REMEMBERED = 10_000
_LENGTH = 2000


@dataclass
class _Out:
    until: float
    lasts: float
    """How long it was out the last time."""


class Rotation:
    """What is known of members: how busy a backend is, and for each of its models how well it answers."""

    def __init__(self, clock: Callable[[], float], roll: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._roll = roll
        self._running: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._out: dict[str, _Out] = {}
        self._speeds: dict[str, float] = {}
        self._sticks: OrderedDict[str, str] = OrderedDict()

    # What happens to members.

    def began(self, member: Member) -> None:
        """Take that a member is asked."""
        self._running[member.name] += 1

    def ended(self, member: Member) -> None:
        """Take that it is asked no more."""
        self._running[member.name] -= 1

    def answered(self, member: Member, conversation: str | None, tokens: int = 0, seconds: float = 0.0) -> None:
        """Take an answer with its tokens, and who has the beginning of a conversation from now on."""
        self.back(member)
        if tokens >= _TOKENS and seconds > 0:
            speed, known = tokens / seconds, self._speeds.get(member.key_of_model)
            self._speeds[member.key_of_model] = speed if known is None else (1 - _NEW) * known + _NEW * speed
        if conversation is not None:
            self._sticks[conversation] = member.name
            self._sticks.move_to_end(conversation)
            while len(self._sticks) > _REMEMBERED:
                self._sticks.popitem(last=False)

    def failed(self, member: Member, *, unreachable: bool = False) -> None:
        """Take that it gave no answer."""
        self._failures[member.key_of_model] += 1
        if unreachable or self._failures[member.key_of_model] >= _FAILURES:
            before = self._out.get(member.key_of_model)
            # Requests that were on their way when it went out say nothing new.
            if before is None or self._clock() >= before.until:
                lasts = _OUT_FIRST if before is None else min(_OUT_LONGEST, 2 * before.lasts)
                self._out[member.key_of_model] = _Out(self._clock() + lasts, lasts)

    def back(self, member: Member) -> None:
        """Take that it answers."""
        self._failures[member.key_of_model] = 0
        self._out.pop(member.key_of_model, None)

    # What is known.

    def is_out(self, member: Member) -> bool:
        """Return whether it is asked only where all others failed; it is until it has answered somebody."""
        return member.key_of_model in self._out

    def due(self, member: Member) -> bool:
        """Return whether it is time to see if it answers again."""
        out = self._out.get(member.key_of_model)
        return out is not None and self._clock() >= out.until

    def running(self, member: Member) -> int:
        """Return how many requests its backend answers, for whatever model."""
        return self._running[member.name]

    def speed(self, member: Member) -> float | None:
        """Return its tokens a second; None where it has said too little."""
        return self._speeds.get(member.key_of_model)

    def load(self, member: Member) -> float:
        """Return how long one more request takes there; one whose speed is not known is taken for an average one."""
        average = sum(self._speeds.values()) / len(self._speeds) if self._speeds else 1.0
        return (self._running[member.name] + 1) / (self._speeds.get(member.key_of_model) or average or 1.0)

    def order(
        self, members: Iterable[Member], conversation: str | None = None, rank: Callable[[Member], int] = lambda _: 0
    ) -> list[Member]:
        """Return members in the order in which they are to be asked; of two alike, those with the lower rank."""
        given = list(members)
        arm = self._arm(given, conversation)

        def kind(member: Member) -> tuple[bool, bool, int, int]:
            full = member.slots is not None and self._running[member.name] >= member.slots
            other_arm = (member.share is not None or arm is not None) and member is not arm
            return self.is_out(member), other_arm, 2 * full + member.overflow, rank(member)

        found = sorted(given, key=lambda member: (*kind(member), self.load(member)))
        sticks = next((one for one in given if one.name == self._sticks.get(conversation or "")), None)
        if sticks is not None and kind(sticks) == kind(found[0]) and self.load(sticks) <= _STICKS * self.load(found[0]):
            found.remove(sticks)
            found.insert(0, sticks)
        return found

    def _arm(self, members: list[Member], conversation: str | None) -> Member | None:
        """Return the member with a share whose turn it is, the same one for all of a conversation."""
        shared = [member for member in members if member.share is not None]
        if not shared:
            return None
        drawn = 100 * (self._roll() if conversation is None else int(conversation[:8], 16) / 16**8)
        for member in shared:
            drawn -= member.share or 0
            if drawn < 0:
                return member
        return None


def conversation(endpoint: Endpoint, model: Model, fields: Mapping[str, Any]) -> str | None:
    """Return what requests have in common that begin alike; None where nothing is kept for the next one."""
    if not model.sticky or endpoint.form is None:
        return None
    begins = [fields.get(key) for key in ("system", "instructions")]
    messages = fields.get("messages", fields.get("input"))
    if isinstance(messages, list):
        begins += messages[: 1 + next((n for n, one in enumerate(messages) if _role(one) == "user"), 0)]
    else:
        begins.append(messages if messages is not None else fields.get("prompt"))
    if not any(begins):
        return None
    text = json.dumps([model.name, *(_beginning(one) for one in begins)])
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _beginning(value: object) -> str:
    """Return how a value begins, without reading the rest of a long one."""
    found, left, further = [], _LENGTH, [value]
    while further and left > 0:
        one = further.pop()
        if isinstance(one, dict):
            inner = [part for pair in itertools.islice(one.items(), left) for part in pair]
        else:
            inner = one[:left] if isinstance(one, list) else []
        further += reversed(inner)
        text = one[:left] if isinstance(one, str) else type(one).__name__ if isinstance(one, dict | list) else repr(one)
        found.append(text)
        left -= 1 + len(text)
    return "\0".join(found)


def _role(message: object) -> object:
    return message.get("role") if isinstance(message, dict) else None
