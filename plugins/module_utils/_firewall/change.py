# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bringing a host's packet filter to wanted rules so that a mistake takes itself back.

New rules are loaded first and become permanent only when they are confirmed over a new connection: until then a timer
on the host waits to load what was confirmed before.
"""

from __future__ import annotations

import pwd
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import OUT, Rule, addresses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DIRECTORY = f"{_names.CLUSTER_DIRECTORY}/firewall"
NAME = "firewall"
UNDO_NAME = "firewall-undo"


class FirewallError(ClusterError):
    """The packet filter did not come to what was asked for."""


@dataclass(frozen=True)
class Wanted:
    """Tables of addresses by name, and the rules that use them, in the order they are asked."""

    tables: Mapping[str, Sequence[str]]
    rules: Sequence[Rule]


def wanted_from(tables: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> Wanted:
    """Read what a task says; every table a rule names must exist, or the rule would silently match nobody."""
    known = {name: addresses(found, f"the table {name}") for name, found in tables.items()}
    made = [Rule(**{key: value for key, value in rule.items() if value}) for rule in rules]
    empty = sorted(name for name, found in known.items() if not found)
    if empty:
        raise FirewallError(f"The table {empty[0]} has no address: leave it out, together with the rules that name it.")
    for rule in made:
        _check(rule, known)
    return Wanted(known, [replace(rule, user=_number(rule.user)) if rule.user else rule for rule in made])


def unknown_users(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the users that rules name and this host does not have."""
    return sorted({rule["user"] for rule in rules if rule.get("user") and _known_number(rule["user"]) is None})


def _check(rule: Rule, tables: Mapping[str, Any]) -> None:
    missing = [name for name in (rule.source, rule.destination) if name and name not in tables]
    if missing:
        raise FirewallError(f"A rule names the table {missing[0]}, which is not in tables.")
    if rule.port and not rule.protocol:
        raise FirewallError(f"The rule for port {rule.port} has no protocol: write tcp or udp.")
    if rule.direction == OUT:
        if not rule.user or not rule.protocol:
            raise FirewallError("A rule for what goes out has no user or no protocol: write both.")
        if rule.source or rule.interface:
            raise FirewallError("A rule for what goes out has a source or an interface: write a destination instead.")
    elif rule.user or rule.destination:
        raise FirewallError("A rule for what comes in has a user or a destination: write direction out.")


def _number(user: str) -> str:
    number = _known_number(user)
    if number is None:
        raise FirewallError(
            f"A rule is about the user {user}, whom this host does not have: create the user first, or write a number."
        )
    return number


def _known_number(user: str) -> str | None:
    """Return a user's number: rules are loaded at boot, when nobody may be there yet to ask for a name."""
    if user.isdigit():
        return user
    try:
        return str(pwd.getpwnam(user).pw_uid)
    except KeyError:
        return None


def compared(found: str | bytes | None, wanted: str | bytes, *, stale: bool = False) -> str:
    """Say in a word what a file of ours is."""
    if found is None:
        return "none"
    return "current" if found == wanted and not stale else "another"


@dataclass(frozen=True)
class Found:
    """A host's packet filter as it is."""

    live: Mapping[str, Any]
    """What the kernel does now, in the terms of a difference."""
    durable: Mapping[str, Any]
    """What will load the rules again after a restart or a flush."""
    confirmed: str | None
    """The rules that were confirmed last, in the words of their file."""
    pending: bool = False
    """Whether a change waits for its confirmation."""

    @property
    def state(self) -> dict[str, Any]:
        """Return everything, as a difference shows it."""
        return {**self.live, **self.durable}


class Backend(Protocol):
    """What a platform's packet filter can do."""

    def read(self) -> Found:
        """Read everything that decides."""

    def wanted(self) -> Found:
        """Return what it has to be like; the rules are read by the platform's own parser, which refuses bad ones."""

    def gone(self, found: Found) -> Found:
        """Return what is left when nothing of ours is there any more."""

    def load(self, before: Found) -> None:
        """Put the wanted rules into effect, in one step."""

    def persist(self) -> None:
        """Keep the wanted rules, and what loads them again."""

    def arm(self, seconds: int) -> None:
        """Load what was confirmed before after some seconds, also when this process and its connection are gone."""

    def disarm(self) -> None:
        """Let that be."""

    def remove(self) -> None:
        """Leave nothing of ours."""

    def text(self) -> str:
        """Return the wanted rules in the words of their file."""


@dataclass
class Outcome:
    """What one call found and did."""

    before: dict[str, Any]
    after: dict[str, Any]
    undo_pending: bool = False
    confirmed: bool = False
    warnings: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Tell whether anything became different."""
        return self.before != self.after


def apply(backend: Backend, undo_after: int | None, *, check_mode: bool) -> Outcome:
    """Bring the packet filter to the wanted rules; those that were never confirmed wait for it, if they are to."""
    found, wanted = backend.read(), backend.wanted()
    outcome = Outcome(found.state, wanted.state)
    if (not outcome.changed and not found.pending) or check_mode:
        return outcome
    risky = undo_after is not None and found.confirmed != backend.text()
    if risky:
        backend.arm(undo_after or 0)
        outcome.undo_pending = True
        outcome.warnings.append(
            f"The rules are taken back in {undo_after} seconds unless a call with confirm comes through."
        )
    if found.live != wanted.live:
        backend.load(found)
    if risky:
        _expect(wanted.live, backend.read().live)
        return outcome
    _keep(backend, wanted, pending=found.pending)
    return outcome


def confirm(backend: Backend, *, check_mode: bool) -> Outcome:
    """Make the loaded rules permanent: that this call came through proves that they let one in."""
    found, wanted = backend.read(), backend.wanted()
    outcome = Outcome(found.state, found.state, confirmed=True)
    if check_mode:
        return outcome
    if not found.pending:
        raise FirewallError("There is nothing to confirm: the rules were taken back in the meantime. Repeat the run.")
    _expect(wanted.live, found.live)
    _keep(backend, wanted, pending=True)
    return outcome


def remove(backend: Backend, *, check_mode: bool) -> Outcome:
    """Leave nothing of ours; without our rules everything may enter that others let in."""
    found = backend.read()
    gone = backend.gone(found)
    outcome = Outcome(found.state, gone.state)
    if (not outcome.changed and not found.pending) or check_mode:
        return outcome
    backend.disarm()
    backend.remove()
    _expect(gone.state, backend.read().state)
    return outcome


def problems(backend: Backend) -> list[str]:
    """Say what is not as it has to be."""
    found = backend.read()
    wrong = differences(backend.wanted().state, found.state)
    return [*wrong, *(["a change of the rules was not confirmed yet"] if found.pending else [])]


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Say, thing by thing, what is different; of rules and tables only how."""
    said = []
    for key, value in wanted.items():
        got = found.get(key)
        if got == value:
            continue
        if isinstance(value, dict) and isinstance(got, dict):
            names = sorted(name for name in {*value, *got} if value.get(name) != got.get(name))
            said.append(f"{key}: {', '.join(names)} differ")
        elif isinstance(value, list) and isinstance(got, list):
            said.append(
                f"{key}: {len([one for one in value if one not in got])} missing, "
                f"{len([one for one in got if one not in value])} too many"
            )
        else:
            said.append(f"{key} is {got} instead of {value}")
    return said


def _keep(backend: Backend, wanted: Found, *, pending: bool) -> None:
    """Write first and end the timer then: if this run dies between the two, the timer loads what was written."""
    backend.persist()
    if pending:
        backend.disarm()
    _expect(wanted.state, backend.read().state)


def _expect(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    wrong = differences(wanted, found)
    if wrong:
        raise FirewallError(f"The packet filter was changed but is not as asked for: {'; '.join(wrong)}.")
