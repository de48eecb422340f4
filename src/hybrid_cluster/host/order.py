# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The order to sleep, which can be taken back until it is carried out.

It is a file. Who carries it out gives it another name first, and who takes it back removes it: one of them wins.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

from hybrid_cluster.shared import _files, _wait
from hybrid_cluster.shared._command import ClusterError, CommandError
from hybrid_cluster.shared._nvidia import resume

if TYPE_CHECKING:
    from hybrid_cluster.shared._command import Commands

SECONDS = 3.0
"""Long enough for the answer to leave, and for a request that comes now to be noticed."""
SUSPEND = {"Darwin": ["/usr/bin/pmset", "sleepnow"], "Linux": ["systemctl", "suspend"]}
_STOP_SECONDS = 45
"""The gateway waits a minute for the host to go."""


def give(folder: str) -> None:
    """Leave the order."""
    _files.make_directory(folder, 0o755)
    _files.write(f"{folder}/sleep-order", b"sleep\n")
    _files.remove(f"{folder}/sleep-begun")


def take_back(folder: str) -> bool:
    """Return whether the host stays: there is no order any more, and none is being carried out."""
    try:
        _files.real(f"{folder}/sleep-order").unlink()
    except FileNotFoundError:
        return not _files.exists(f"{folder}/sleep-begun")
    return True


def carry_out(folder: str, commands: Commands, system: str) -> bool:
    """Sleep, once it was not taken back for a while; return whether it came to that.

    Cards lose what they hold: services that use them are stopped, and started when the host is told to be awake.
    """
    _wait.sleep(SECONDS)
    try:
        _files.rename(f"{folder}/sleep-order", f"{folder}/sleep-begun")
    except FileNotFoundError:
        return False
    try:
        if system == "Linux":
            _stop(folder, commands)
        commands.run(SUSPEND[system])
    except CommandError:
        # The gateway sees it stay, and has what was stopped started.
        _files.remove(f"{folder}/sleep-begun")
        return False
    return True


def ended(folder: str) -> None:
    """Forget an order: the host is to be awake."""
    for name in ("sleep-order", "sleep-begun"):
        _files.remove(f"{folder}/{name}")


def start_again(folder: str, commands: Commands) -> list[str]:
    """Start what was stopped for the sleep, with the cards' memory set up anew; return what went wrong."""
    path = f"{folder}/stopped.json"
    content = _files.read(path)
    if content is None:
        return []
    problems = []
    try:
        units = [str(unit) for unit in json.loads(content)]
    except (ValueError, TypeError):
        return [f"{path} cannot be read; start the services of the cards by hand, and remove it"]
    try:
        # Nobody has it open, so this is the moment.
        resume.reload(commands, ())
    except ClusterError as error:
        problems.append(str(error))
    failed = []
    for unit in units:
        result = commands.run(["systemctl", "start", "--no-block", unit])
        if result.rc != 0:
            failed.append(f"{unit} does not start: {result.text}")
    if not failed:
        _files.remove(path)
    return problems + failed


def _stop(folder: str, commands: Commands) -> None:
    units = list(resume.users().units)
    if not units:
        return
    before = _files.read(f"{folder}/stopped.json")
    with contextlib.suppress(ValueError, TypeError):
        # Those of a sleep that nobody ended.
        units += [unit for unit in json.loads(before or b"[]") if unit not in units]
    _files.write(f"{folder}/stopped.json", f"{json.dumps(units)}\n".encode())
    commands.check_output(["systemctl", "stop", *units], timeout=_STOP_SECONDS)


def leave_behind(folder: str, commands: Commands, system: str) -> None:
    """Have a process of its own carry the order out, which the end of the connection does not end."""
    if os.fork():
        return
    status = 1
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        carry_out(folder, commands, system)
        status = 0
    finally:
        os._exit(status)
