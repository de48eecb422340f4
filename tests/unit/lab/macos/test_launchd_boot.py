# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Starting up: what is made for this start, and when a disk with FileVault waits for its password."""

from __future__ import annotations

import plistlib
import socket
import threading
import time
from typing import Any

import pytest

from lab.macos.simulator.launchd import boot, control
from lab.macos.simulator.launchd.client import ask
from lab.macos.simulator.launchd.supervisor import Supervisor


@pytest.mark.parametrize(
    ("vault", "locked", "after"),
    [
        pytest.param({}, False, {}, id="never touched"),
        pytest.param({"enabled": False}, False, {"enabled": False}, id="off"),
        pytest.param({"enabled": True}, True, {"enabled": True}, id="on"),
        pytest.param(
            {"enabled": True, "authrestart": True}, False, {"enabled": True, "authrestart": False}, id="passes once"
        ),
    ],
)
def test_file_vault(mac, vault: dict[str, Any], locked: bool, after: dict[str, Any]) -> None:
    if vault:
        with mac.state.edit("filevault") as data:
            data.update(vault)
    assert boot.is_locked(mac.state) is locked
    assert mac.state.read("filevault") == after


def test_the_password_counts_once(mac) -> None:
    assert boot.take_unlock(mac.state) is False
    mac.write("/private/var/db/simulator/unlock")
    assert boot.take_unlock(mac.state) is True
    assert boot.take_unlock(mac.state) is False


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param({}, "olab1.local", id="new Mac"),
        pytest.param({"LocalHostName": "mini"}, "mini.local", id="Bonjour's name"),
        pytest.param({"LocalHostName": "mini", "HostName": "mini.olab"}, "mini.olab", id="host name"),
    ],
)
def test_prepare(mac, monkeypatch: pytest.MonkeyPatch, names: dict[str, str], expected: str) -> None:
    given: list[str] = []
    monkeypatch.setattr(socket, "sethostname", given.append)
    with mac.state.edit("names") as data:
        data.update(names)
    for name in ("/private/var/run/x/left", "/private/tmp/left", "/private/var/log/kept"):
        mac.write(name)
    mac.path("/System/Library/CoreServices").mkdir(parents=True)
    boot.prepare(mac.state)
    assert given == [expected]
    assert not list(mac.path("/private/var/run").iterdir())
    assert not list(mac.path("/private/tmp").iterdir())
    assert mac.path("/private/var/log/kept").exists()
    version = plistlib.loads(mac.path(boot.VERSION_PLIST).read_bytes())
    assert (version["ProductVersion"], version["ProductBuildVersion"]) == ("26.5.2", "25F84")
    assert mac.path("/private/var/db/simulator/uname").read_text().splitlines()[1] == "25.5.0"


def test_a_network_that_fails_does_not_stop_the_start(mac, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_context: object) -> None:
        raise RuntimeError("no link")

    module = pytest.importorskip("lab.macos.simulator.network.apply")
    monkeypatch.setattr(module, "apply", fail)
    lines: list[str] = []
    boot.start_network(mac.state, lines.append)
    assert lines == ["network: RuntimeError: no link"]


def test_socket(mac, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request of launchctl travels over the real socket; a slow bootout is answered when patience ends."""
    monkeypatch.setattr(control, "BOOTOUT_PATIENCE", 0.05)
    mac.path("/private/var/run").mkdir(parents=True)
    path = mac.write("/Library/LaunchDaemons/x.plist", "")
    path.write_bytes(plistlib.dumps({"Label": "x", "ProgramArguments": ["/bin/x"], "RunAtLoad": True}))
    path.chmod(0o644)
    supervisor = Supervisor(mac.state, spawn=lambda *_: 4242, kill=lambda *_: None)
    supervisor.load_daemons()
    server = control.Server(supervisor, lambda _action: None, str(mac.path(control.PATH)))
    answers: list[dict[str, Any]] = []

    def client() -> None:
        context = mac.context("launchctl")
        answers.append(ask(context, "print", domain="system", label="x"))
        answers.append(ask(context, "bootout", domain="system", label="x"))
        answers.append(ask(context, "nonsense"))

    thread = threading.Thread(target=client)
    thread.start()
    while thread.is_alive():
        if server.fileno() in control.wait([server.fileno()], server.deadline() or time.monotonic() + 0.05):
            server.accept()
        server.settle()
    thread.join()
    assert (answers[0]["pid"], answers[1]["error"], answers[2]["error"]) == (4242, 36, 3)
