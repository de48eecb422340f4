# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""All that speaks against the sleep of this host, each as half a sentence; what cannot be found out does too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hybrid_cluster.host import assertions, cards, leases, sessions
from hybrid_cluster.shared import _wait
from hybrid_cluster.shared._command import CommandError
from hybrid_cluster.shared._nvidia import busy

if TYPE_CHECKING:
    from collections.abc import Collection

    from hybrid_cluster.shared._command import Commands

WINDOW_SECONDS = busy.WINDOW_SECONDS
# The users of services on a Mac.
_UIDS = range(450, 500)


@dataclass(frozen=True)
class Host:
    """What is asked."""

    commands: Commands
    system: str
    """As Python names it: Darwin or Linux."""
    leases: str
    """The folder of leases."""
    ours: frozenset[str] = frozenset()
    """The users whose sessions do not count: who asks."""
    keepers: Collection[int] = ()
    """The processes by which this program keeps the host awake."""
    window: float = WINDOW_SECONDS
    """For how many seconds it is watched."""


def find(host: Host) -> list[str]:
    """Ask for all of it; it takes the time of the window."""
    before, lost = _processes(host)
    found = [*lost, *leases.current(host.leases)]
    if host.system == "Darwin":
        _wait.sleep(host.window)
        after, _ = _processes(host)
        found += sessions.used_by_services(before, after, _UIDS, host.window)
    else:
        # It waits for the window by itself, where there are services.
        found += busy.reasons(host.window)
        after = before
    found += sessions.logged_in(after, os.getpid(), host.ours)
    found += sessions.jobs(after)
    return [*found, *_assertions(host), *_cards(host)]


def _processes(host: Host) -> tuple[list[sessions.Process], list[str]]:
    said = _said(host, sessions.PROCESSES)
    found = sessions.parse(said or "")
    return found, [] if found else ["ps does not say what runs"]


def _assertions(host: Host) -> list[str]:
    if host.system == "Darwin":
        said = _said(host, assertions.MACOS)
        found = None if said is None else assertions.of_macos(said, host.keepers)
    else:
        said = _said(host, assertions.LINUX)
        found = None if said is None else assertions.of_linux(said)
    return ["nobody says who keeps the host awake"] if found is None else found


def _cards(host: Host) -> list[str]:
    if host.system == "Darwin":
        said = _said(host, cards.APPLE)
        return ["ioreg does not say what the GPU does"] if said is None else cards.of_apple(said)
    try:
        result = host.commands.run(cards.NVIDIA, timeout=10)
    except CommandError as error:
        # A host without the program has no such card.
        return [] if "is not installed" in str(error) else ["nvidia-smi does not say what the cards do"]
    return cards.of_nvidia(result.out) if result.rc == 0 else ["nvidia-smi does not say what the cards do"]


def _said(host: Host, argv: list[str]) -> str | None:
    try:
        return host.commands.check_output(argv, timeout=10)
    except CommandError:
        return None
