# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the gateway asks of a host that sleeps, and what people say on it.

`door` is the forced command of the gateway's key: it passes what SSH_ORIGINAL_COMMAND asks to this program as root.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from typing import Any

from hybrid_cluster.host import door, leases, order, vetoes, wakefulness
from hybrid_cluster.shared import _files, _names
from hybrid_cluster.shared._command import ClusterError, Commands, require_root
from hybrid_cluster.shared._wake import packet, proof

POWER_STATES = "/sys/power/state"


class Program:
    """The words that can be said to it, on a system of this name; each returns its answer."""

    def __init__(self, commands: Commands, system: str, window: float = vetoes.WINDOW_SECONDS) -> None:
        self._commands = commands
        self._system = system
        self._window = window
        self._state = _names.STATE_DIRECTORY if system == "Darwin" else _names.LINUX_STATE_DIRECTORY

    @property
    def _folder(self) -> str:
        return f"{self._state}/sleep"

    @property
    def _leases(self) -> str:
        return f"{self._state}/leases"

    def status(self, mac_address: str) -> dict[str, Any]:
        """Return what speaks against sleep, and whether the host was seen to wake by this card."""
        missing = self._missing(mac_address)
        return {"vetoes": self._vetoes(), "proved": missing is None, "missing": missing}

    def suspend(self, mac_address: str) -> dict[str, Any]:
        """Go to sleep in a moment, unless something speaks against it."""
        found = self.status(mac_address)
        reasons = list(found["vetoes"])
        if found["missing"]:
            reasons.append(found["missing"])
        if self._system == "Linux" and b"mem" not in (_files.read(POWER_STATES) or b"").split():
            reasons.append(f"it cannot suspend to memory: {POWER_STATES} does not offer mem")
        if reasons:
            return {"going": False, "vetoes": reasons, "proved": found["proved"]}
        if self._system == "Darwin":
            wakefulness.let_go(self._folder, self._commands)
        order.give(self._folder)
        order.leave_behind(self._folder, self._commands, self._system)
        return {"going": True, "seconds": order.SECONDS}

    def stay(self) -> dict[str, Any]:
        """Take an order to sleep back, if that is possible still."""
        return {"stayed": order.take_back(self._folder)}

    def awake(self, seconds: int, mac_address: str) -> dict[str, Any]:
        """Be awake for a while, with everything that runs on an awake host."""
        order.ended(self._folder)
        problems = []
        if self._system == "Darwin":
            wakefulness.keep(self._folder, self._commands, seconds)
        else:
            problems = order.start_again(self._folder, self._commands)
        missing = self._missing(mac_address)
        return {"proved": missing is None, "missing": missing, "problems": problems}

    def lease(self, name: str, seconds: float, why: str) -> dict[str, Any]:
        """Keep the host from being sent to sleep for a while."""
        leases.take(self._leases, name, seconds, why)
        return {"leases": leases.current(self._leases)}

    def release(self, name: str) -> dict[str, Any]:
        """End a lease."""
        leases.give_back(self._leases, name)
        return {"leases": leases.current(self._leases)}

    def _missing(self, mac_address: str) -> str | None:
        packet.hardware_address(mac_address)
        return proof.missing(self._system, mac_address)

    def _vetoes(self) -> list[str]:
        keepers = wakefulness.keepers(self._folder, self._commands) if self._system == "Darwin" else ()
        # Who came through the door is no reason to stay awake.
        ours = frozenset(filter(None, [os.environ.get("SUDO_USER")]))
        host = vetoes.Host(self._commands, self._system, self._leases, ours, keepers, window=self._window)
        return vetoes.find(host)


def main(arguments: list[str] | None = None) -> int:
    """Run the command: its answer is one line of JSON, its failure one sentence on standard error."""
    options = _parser().parse_args(arguments)
    try:
        if options.word == "door":
            return _enter()
        require_root("What is asked of this host")
        program = Program(Commands(), platform.system())
        given = {name: value for name, value in vars(options).items() if name != "word"}
        print(json.dumps(getattr(program, options.word)(**given)))
    except ClusterError as error:
        print(f"host: {error}", file=sys.stderr)
        return 1
    return 0


def _enter() -> int:
    found = door.words(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    if found is None:
        print("host: that is nothing that can be asked here", file=sys.stderr)
        return 2
    command = ["/usr/bin/sudo", "-n", os.path.realpath(sys.argv[0]), *found]
    try:
        os.execv(command[0], command)  # noqa: S606  Of words that were looked at.
    except OSError as error:
        print(f"host: {command[0]} cannot be run: {error.strerror}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hybrid-host", description=__doc__)
    commands = parser.add_subparsers(dest="word", required=True)
    commands.add_parser("door", help="the forced command of the gateway's key")
    for word in ("status", "suspend"):
        commands.add_parser(word).add_argument("mac_address")
    commands.add_parser("stay")
    awake = commands.add_parser("awake")
    awake.add_argument("seconds", type=int)
    awake.add_argument("mac_address")
    lease = commands.add_parser("lease", help="keep this host awake for a while")
    lease.add_argument("name")
    lease.add_argument("seconds", type=float)
    lease.add_argument("why")
    commands.add_parser("release", help="end a lease").add_argument("name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
