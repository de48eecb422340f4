# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The first process: boot, run jobs, reap, serve launchctl, go down."""

from __future__ import annotations

import os
import signal
import time

from ..state import State
from . import boot, preboot
from .control import Server, wait
from .supervisor import Supervisor

LOG = "/private/var/log/com.apple.xpc.launchd/launchd.log"
PREBOOT_POLL_SECONDS = 0.2
# Jobs that do not end in time are killed with everything else.
SHUTDOWN_SECONDS = 20.0


class Launchd:
    """PID 1 of a simulated Mac."""

    def __init__(self) -> None:
        self.state = State("")
        self.supervisor = Supervisor(self.state, log=self.log)
        self.action: str | None = None
        self._wakeup, self._wakeup_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def log(self, text: str) -> None:
        """Write a line to launchd's own log."""
        os.makedirs(os.path.dirname(LOG), exist_ok=True)
        with open(LOG, "a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    def power(self, action: str) -> None:
        """Begin to go down: ``restart`` or ``off``."""
        self.action = action

    def run(self) -> None:
        """Live until the Mac goes down."""
        self._catch_signals()
        boot.prepare(self.state)
        is_connected = boot.is_locked(self.state) and self._wait_for_unlock()
        if self.action is None:
            if not is_connected:
                boot.start_network(self.state, self.log)
            server = Server(self.supervisor, self.power)
            self.supervisor.load_daemons()
            boot.announce(self.state, "booted")
            self._serve(server)
        self._go_down()

    def _catch_signals(self) -> None:
        signal.set_wakeup_fd(self._wakeup_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPWR, signal.SIGRTMIN + 3, signal.SIGRTMIN + 4):
            signal.signal(number, lambda *_: self.power("off"))
        signal.signal(signal.SIGRTMIN + 5, lambda *_: self.power("restart"))

    def _wait_for_unlock(self) -> bool:
        """Wait for the password, at the screen or by ssh, and tell whether the network was started for that."""
        has_sshd = preboot.has_sshd(self.state)
        server = None
        if has_sshd:
            boot.start_network(self.state, self.log)
            server = preboot.start(self.state, self.log)
        boot.announce(self.state, "preboot")
        while self.action is None and not boot.take_unlock(self.state):
            wait([], time.monotonic() + PREBOOT_POLL_SECONDS)
        preboot.stop(server)
        return has_sshd

    def _serve(self, server: Server) -> None:
        while self.action is None:
            due = [moment for moment in (self.supervisor.deadline(), server.deadline()) if moment is not None]
            ready = wait([self._wakeup, server.fileno()], min(due, default=None))
            self._reap()
            self.supervisor.tick()
            if server.fileno() in ready:
                server.accept()
            server.settle()

    def _reap(self) -> None:
        try:
            while os.read(self._wakeup, 4096):
                pass
        except BlockingIOError:
            pass
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.supervisor.reaped(pid, os.waitstatus_to_exitcode(status))

    def _go_down(self) -> None:
        boot.announce(self.state, "down")
        self.supervisor.remove_all()
        limit = time.monotonic() + SHUTDOWN_SECONDS
        while self.supervisor.jobs and time.monotonic() < limit:
            wait([self._wakeup], min(limit, self.supervisor.deadline() or limit))
            self._reap()
            self.supervisor.tick()
        boot.end_everything()
        boot.leave(self.action or "off")


def main() -> None:
    """Run as the first process."""
    os.environ["PATH"] = "/usr/bin:/bin:/usr/sbin:/sbin"
    Launchd().run()
