# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service on a Mac is told to read its configuration again: what launchd runs passes the signal on."""

from __future__ import annotations

import plistlib
import sys
import time
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import runner
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.launchd import make_plist
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.reloading import Reload

if TYPE_CHECKING:
    from lab.macos.simulator.launchd.supervisor import Supervisor

LABEL = "hybrid-ai.meter"
PLIST = f"/Library/LaunchDaemons/{LABEL}.plist"
PROGRAM = (
    "import signal, time; signal.signal(signal.SIGUSR2, lambda *_: print('again', flush=True));"
    " print('ready', flush=True); time.sleep(60); time.sleep(60)"
)


class SimulatedMac(Commands):
    """Runs the Mac's programs."""

    def __init__(self, mac) -> None:
        self._mac = mac

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        done = self._mac.run(argv[0].rpartition("/")[2], *argv[1:])
        return Result(done.rc, done.out, done.err)


def test_its_program_hears_of_it(mac, real_launchd: Supervisor) -> None:
    logs = mac.path("/logs")
    logs.mkdir()
    reload = Reload("USR2", "/s", "show info", "new")
    description = Description("meter", "Meter", [sys.executable, "-c", PROGRAM], user="root", reload=reload)
    plist = make_plist(description, LABEL, runner.__file__)
    # Where the files lie on this scratch Mac, and nobody to become.
    words = plist["ProgramArguments"]
    for option, path in (("--log", logs / "meter.log"), ("--memory", logs / ".group")):
        words[words.index(option) + 1] = str(path)
    plist["StandardErrorPath"] = str(logs / "launchd.log")
    del plist["UserName"]
    mac.write(PLIST, plistlib.dumps(plist).decode()).chmod(0o644)
    log = logs / "meter.log"

    def wait_for(text: str) -> None:
        deadline = time.monotonic() + 20
        while not log.exists() or log.read_text() != text:
            assert time.monotonic() < deadline, log.read_text() if log.exists() else "the program did not start"
            time.sleep(0.02)

    launchd = Launchd(SimulatedMac(mac))
    assert mac.run("launchctl", "bootstrap", "system", PLIST).rc == 0
    try:
        wait_for("ready\n")
        before = launchd.job(LABEL)
        launchd.send_signal(LABEL, reload.signal)
        wait_for("ready\nagain\n")
        assert launchd.job(LABEL) == before
    finally:
        mac.run("launchctl", "bootout", f"system/{LABEL}")
