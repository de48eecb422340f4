# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A false line about a service names a log that is there and says something."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import launchd, systemd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description

from tests.unit.plugins.harness import call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

PRINT = ["/bin/launchctl", "print", "system/hybrid-ai.exo"]
STOPPED = call(PRINT, out="x = {\n\tstate = not running\n\tlast exit code = 78\n}\n")
ABSENT = call(PRINT, rc=113)
SHOW = ["systemctl", "show", "--property=LoadState,ActiveState,MainPID,ActiveEnterTimestamp", "hybrid-ai-exo.service"]
EXO = {"checks": [{"capability": "exo", "check": "service", "name": "exo"}]}
# Where the service itself writes, as its property list says.
SUPERVISOR = launchd.LaunchdService(None, Description("exo", arguments=["/exo"]))  # type: ignore[arg-type]
LOG, LAUNCHD_LOG = SUPERVISOR.log, str(SUPERVISOR._plist["StandardErrorPath"])


@pytest.fixture(autouse=True)
def runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launchd, "runner_source", lambda: b"")


def put(root: Path, path: str, text: str) -> None:
    (root / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
    (root / path.lstrip("/")).write_text(text)


@pytest.mark.parametrize(
    ("logs", "advised"),
    [
        pytest.param({LOG: "no model\n"}, f"Read {LOG}.", id="its log"),
        pytest.param({LOG: "", LAUNCHD_LOG: "no runner\n"}, f"Read {LAUNCHD_LOG}.", id="the log of launchd"),
        pytest.param({LOG: "", LAUNCHD_LOG: ""}, f"Ask `{' '.join(PRINT)[5:]}`.", id="nothing was written"),
        pytest.param({}, f"Ask `{' '.join(PRINT)[5:]}`.", id="no log"),
    ],
)
def test_a_service_of_a_mac_that_stopped(run_module: Run, host_files: Path, logs: dict[str, str], advised: str) -> None:
    for path, text in logs.items():
        put(host_files, path, text)
    (line,) = run_module("node_report", EXO, [STOPPED])["lines"]
    assert not line["ok"]
    missing = [path for path in re.findall(r"(/var/\S+\w)", line["advice"]) if not (host_files / path[1:]).exists()]
    assert missing == []
    assert line["advice"] == advised


def test_a_service_of_a_mac_that_is_not_there(run_module: Run) -> None:
    (line,) = run_module("node_report", EXO, [ABSENT])["lines"]
    assert (line["ok"], line["advice"]) == (False, "Repeat site.yml.")


@pytest.mark.parametrize(
    ("state", "advised"),
    [
        ("LoadState=loaded\nActiveState=failed\n", "Read `journalctl -u hybrid-ai-exo.service`."),
        ("LoadState=not-found\n", "Repeat site.yml."),
    ],
    ids=["failed", "not there"],
)
def test_a_service_of_a_linux_machine(run_module: Run, state: str, advised: str) -> None:
    (line,) = run_module("node_report", EXO, [call(SHOW, out=state)], system="Linux")["lines"]
    assert (line["ok"], line["advice"]) == (False, advised)
    supervisor = systemd.SystemdService(None, Description("exo", arguments=["/exo"]))  # type: ignore[arg-type]
    assert supervisor.log == "the journal of hybrid-ai-exo.service"


@pytest.mark.parametrize(
    ("check", "system", "calls", "advised"),
    [
        pytest.param(
            {"label": "com.openssh.sshd"},
            "Darwin",
            [call(["/bin/launchctl", "print", "system/com.openssh.sshd"], out="x = {\n\tstate = not running\n}\n")],
            "Ask `launchctl print system/com.openssh.sshd`.",
            id="of launchd",
        ),
        pytest.param(
            {"unit": "ssh.service"},
            "Linux",
            [call([*SHOW[:-1], "ssh.service"], out="LoadState=loaded\nActiveState=failed\n")],
            "Read `journalctl -u ssh.service`.",
            id="of systemd",
        ),
    ],
)
def test_a_service_that_is_not_ours(
    run_module: Run, check: dict[str, str], system: str, calls: list[Any], advised: str
) -> None:
    checks = {"checks": [{**EXO["checks"][0], **check}]}
    assert run_module("node_report", checks, calls, system=system)["lines"][0]["advice"] == advised
