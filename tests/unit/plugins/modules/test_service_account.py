# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service whose user is not as wanted is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.systemd import make_unit

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UNIT = "hybrid-ai-meter.service"
FILE = f"etc/systemd/system/{UNIT}"
SYSTEMCTL = "/usr/bin/systemctl"
PROPERTIES = ["ActiveState", "SubState", "MainPID", "UnitFileState", "NeedDaemonReload", "ExecMainStatus"]
SHOW = [SYSTEMCTL, "show", *[word for name in PROPERTIES for word in ("-p", name)], UNIT]
UNKNOWN = call(SHOW, out="ActiveState=inactive\nMainPID=0\nUnitFileState=\n")
RUNNING = call(SHOW, out="ActiveState=active\nMainPID=42\nUnitFileState=enabled\n")
NEW = [call([SYSTEMCTL, *words]) for words in (["daemon-reload"], ["enable", UNIT], ["start", UNIT])]
STOPPING = [
    call([SYSTEMCTL, "stop", UNIT]),
    call([SYSTEMCTL, "disable", UNIT]),
    call([SYSTEMCTL, "daemon-reload"]),
    UNKNOWN,
]
METER = {"name": "meter", "arguments": ["/opt/meter"], "user": "root"}
UNTOUCHED = (False, [], False)


def wanted(host: dict[str, Any], **changed: Any) -> dict[str, Any]:
    account = {"name": "_meter", "description": "Meter", "home": "/opt/m", "shell": "/usr/sbin/nologin"}
    return {**METER, "account": {**account, "directories": [host["path"]], **changed}}


def outcome(result: dict[str, Any]) -> tuple[bool, list[str], bool]:
    return result["changed"], result["steps"], result["restarted"]


@pytest.fixture
def host(account_host: dict[str, Any], host_files: Path) -> dict[str, Any]:
    """A host with the user as wanted, and nothing of the service."""
    account_host["user"].update(pw_gecos="Meter", pw_dir="/opt/m", pw_shell="/usr/sbin/nologin")
    (host_files / FILE).parent.mkdir(parents=True)
    return account_host


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
@pytest.mark.parametrize("state", ["started", "stopped"])
@pytest.mark.parametrize(
    ("broken", "missing"),
    [
        pytest.param({"group": None, "user": None}, ["group", "user", "directory"], id="bare"),
        pytest.param({"user": None}, ["user", "directory"], id="no user"),
        pytest.param({"directory": None}, ["directory"], id="no directory"),
    ],
)
def test_nothing_is_touched_without_the_account(
    *,
    run_module: Callable[..., dict[str, Any]],
    host: dict[str, Any],
    host_files: Path,
    check: bool,
    state: str,
    broken: dict[str, None],
    missing: list[str],
) -> None:
    args = {**wanted(host), "state": state}
    if "directory" in broken:
        host["directory"].rmdir()
    host.update({key: value for key, value in broken.items() if key != "directory"})
    result = run_module("service", args, check=check, system="Linux")
    assert outcome(result) == UNTOUCHED
    assert result["account_missing"] == [host["path"] if name == "directory" else name for name in missing]
    assert not (host_files / FILE).exists()


def test_a_mac_shows_the_user(run_module: Callable[..., dict[str, Any]], host: dict[str, Any]) -> None:
    look = call(["/usr/bin/dscl", ".", "-read", "/Users/_meter", "IsHidden"], out="dsAttrTypeNative:IsHidden: 0\n")
    result = run_module("service", wanted(host, hidden=True), [look])
    assert outcome(result) == UNTOUCHED
    assert result["account_missing"] == ["user", host["path"]]


@pytest.mark.parametrize("account", [True, False], ids=["account as wanted", "no account"])
def test_a_new_service(
    run_module: Callable[..., dict[str, Any]], host: dict[str, Any], host_files: Path, account: bool
) -> None:
    args = wanted(host) if account else METER
    if not account:
        host.update(user=None, group=None)
    steps = ["write", "reload", "enable", "start"]
    predicted = run_module("service", args, [UNKNOWN], check=True, system="Linux")
    result = run_module("service", args, [UNKNOWN, *NEW, RUNNING, RUNNING, RUNNING], system="Linux")
    for one in (predicted, result):
        assert outcome(one) == (True, steps, True)
        assert one["account_missing"] == []
    # The account is not who runs it.
    assert "User=root\n" in (host_files / FILE).read_text()


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_nothing_to_do(
    run_module: Callable[..., dict[str, Any]], host: dict[str, Any], host_files: Path, check: bool
) -> None:
    put(host_files)
    result = run_module("service", wanted(host), [RUNNING], check=check, system="Linux")
    assert (outcome(result), result["account_missing"]) == (UNTOUCHED, [])


def test_a_service_without_its_user_is_removed(
    run_module: Callable[..., dict[str, Any]], host: dict[str, Any], host_files: Path
) -> None:
    put(host_files)
    host.update(user=None, group=None)
    calls: list[Call] = [RUNNING, *STOPPING]
    result = run_module("service", {**wanted(host), "state": "absent"}, calls, system="Linux")
    assert (result["changed"], result["account_missing"]) == (True, [])
    assert not (host_files / FILE).exists()


def test_an_account_without_a_shell_is_refused(run_module: Callable[..., dict[str, Any]], host: dict[str, Any]) -> None:
    args = wanted(host)
    del args["account"]["shell"]
    result = run_module("service", args, system="Linux")
    assert (result.get("failed"), result["msg"]) == (True, "missing required arguments: shell found in account")


def put(host_files: Path) -> None:
    (host_files / FILE).write_text(make_unit(Description("meter", "meter", ["/opt/meter"])))
    (host_files / FILE).chmod(0o644)
