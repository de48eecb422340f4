# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Hosts that sleep: frozen, with a link that is silent, until a magic packet for their card arrives.

Connections stay half open, for nobody says goodbye. While a host goes down its card does not listen yet, and what comes
then is lost. A card that its host has not armed listens to nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lab import arming, cgroups, names, network, process, sleep_state, state, wiring

if TYPE_CHECKING:
    from lab.topology import Host


def sleep(lab: str, host: Host, *, going_down: float, waking: float) -> bool:
    """Send a host to sleep and leave its card to a process of its own; return whether its card may wake it."""
    armed = arming.is_armed(lab, host)
    sleep_state.write(lab, host.name, sleep_state.GOING_DOWN)
    cgroups.freeze(lab, host.name, frozen=True)
    _link(lab, host, up=False)
    wiring.refresh(lab, state.load(lab).topology)
    _start_card(lab, host.name, going_down, waking, armed=armed)
    return armed


def wake(lab: str, host: Host) -> None:
    """Let a host go on where it stopped."""
    sleep_state.clear(lab, host.name)
    # The link first: what the host does as soon as it wakes finds it.
    _link(lab, host, up=True)
    cgroups.freeze(lab, host.name, frozen=False)
    wiring.refresh(lab, state.load(lab).topology)


def forget(lab: str, host: Host) -> None:
    """Forget the sleep of a host that is off."""
    if sleep_state.phase(lab, host.name) is None:
        return
    cgroups.kill(lab, names.CARDS_CGROUP, host.name)
    sleep_state.clear(lab, host.name)
    _link(lab, host, up=True)


def interrupt(lab: str, host: Host) -> None:
    """Wake a host without its card, if it sleeps, as its power button does."""
    if sleep_state.phase(lab, host.name) is not None and cgroups.is_frozen(lab, host.name):
        cgroups.kill(lab, names.CARDS_CGROUP, host.name)
        wake(lab, host)


def _link(lab: str, host: Host, *, up: bool) -> None:
    process.batch(["ip", "-n", names.fabric_namespace(lab), "-batch", "-"], [network.link_command(host, up=up)])


def _start_card(lab: str, host: str, going_down: float, waking: float, *, armed: bool) -> None:
    groups = cgroups.create(lab, names.CARDS_CGROUP, host)
    log = names.runtime(lab) / "log" / f"{host}.card.log"
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(Path(__file__).parents[1])}
    words = [lab, host, str(going_down), str(waking), str(int(armed))]
    argv = cgroups.wrap(groups, [sys.executable, "-S", "-m", "lab.card", *words])
    with log.open("ab") as file:
        subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment, start_new_session=True, cwd="/"
        )
