# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A secret of a service on a Mac: its program finds it, and neither launchctl nor the list of processes shows it."""

from __future__ import annotations

import json
import plistlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import runner
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import make_description
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.environment import json_format
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.launchd import make_plist

if TYPE_CHECKING:
    from lab.macos.simulator.launchd.supervisor import Supervisor

LABEL = "hybrid-ai.meter"
PLIST = f"/Library/LaunchDaemons/{LABEL}.plist"
SECRETS = {"HF_TOKEN": "canary-0123456789", "PROXY": 'http://u:it\'s "$HOME"\n`x`\\ü@proxy/'}
OPTIONS: dict[str, Any] = {
    **dict.fromkeys(("description", "group", "restart_token", "limits", "log", "wait_for_paths", "replaces", "reload")),
    "name": "meter",
    "state": "started",
    "user": "root",
    "environment": {"MODE": "fast"},
    "secret_environment": SECRETS,
    "secret_files": [],
    "working_directory": "/",
    "low_ports": False,
    "notifies": False,
    "restart": "never",
    "stop_seconds": 30,
}
PROGRAM = "import json, os, time; print(json.dumps(dict(os.environ)), flush=True); time.sleep(60)"


def test_it_arrives_and_is_not_seen(mac, real_launchd: Supervisor) -> None:
    logs, place = mac.path("/logs"), mac.path("/environment")
    logs.mkdir()
    description = make_description({**OPTIONS, "arguments": [sys.executable, "-c", PROGRAM]})
    plist = make_plist(description, LABEL, runner.__file__)
    # Where the file lies on this scratch Mac, and nobody to become.
    words = plist["ProgramArguments"]
    for option, path in (("--environment", place), ("--log", logs / "meter.log"), ("--memory", logs / ".group")):
        words[words.index(option) + 1] = str(path)
    plist["StandardErrorPath"] = str(logs / "launchd.log")
    del plist["UserName"]
    place.write_bytes(json_format(description.secret_environment))
    mac.write(PLIST, plistlib.dumps(plist).decode()).chmod(0o644)

    assert mac.run("launchctl", "bootstrap", "system", PLIST).rc == 0
    try:
        log, deadline = logs / "meter.log", time.monotonic() + 20
        while not log.exists() or "\n" not in log.read_text():
            assert time.monotonic() < deadline, "the program did not start"
            time.sleep(0.02)
        found = json.loads(log.read_text())
        assert {name: found[name] for name in (*SECRETS, "MODE")} == {**SECRETS, "MODE": "fast"}

        shown = mac.run("launchctl", "print", f"system/{LABEL}")
        assert (shown.rc, "MODE => fast" in shown.out) == (0, True)
        arguments = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        for secret in SECRETS.values():
            assert secret not in shown.out
            assert not any(secret.encode() in line for line in arguments)
            assert secret not in mac.path(PLIST).read_text()
    finally:
        mac.run("launchctl", "bootout", f"system/{LABEL}")
