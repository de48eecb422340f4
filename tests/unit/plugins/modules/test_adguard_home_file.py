# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The part of adguard_home_configuration that runs on the host."""

from __future__ import annotations

import base64
import json
import pwd
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _adguard_host, _command

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., dict[str, Any]]

DIRECTORY = "opt/hybrid-ai/adguard-home"
FILE = f"{DIRECTORY}/work/AdGuardHome.yaml"
PLACE = {"path": f"/{FILE}", "owner": "_adguard", "service": "adguard-home"}
UNIT = "hybrid-ai-adguard-home.service"
ACTIVE = call(["/usr/bin/systemctl", "is-active", UNIT], out="active\n")
INACTIVE = call(["/usr/bin/systemctl", "is-active", UNIT], out="inactive\n", rc=3)
STOP = call(["/usr/bin/systemctl", "stop", UNIT])
START = call(["/usr/bin/systemctl", "start", UNIT])
PRINT = ["/bin/launchctl", "print", "system/hybrid-ai.adguard-home"]
BOOTOUT = call(["/bin/launchctl", "bootout", "system/hybrid-ai.adguard-home"])
BOOTSTRAP = call(["/bin/launchctl", "bootstrap", "system", "/Library/LaunchDaemons/hybrid-ai.adguard-home.plist"])
LOADED = call(PRINT, out="x = {\n\tstate = running\n\tpid = 42\n}\n")
UNLOADED = call(PRINT, rc=113)
OLD, NEW = b"dns: {port: 53}\n", "dns: {port: 54}\n"


@pytest.fixture(autouse=True)
def owner(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> Any:
        if name != "_adguard":
            raise KeyError(name)
        return SimpleNamespace(pw_uid=452, pw_gid=452)

    monkeypatch.setattr(pwd, "getpwnam", find)


@pytest.fixture
def there(host_files: Path) -> Path:
    path = host_files / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(OLD)
    return path


def replace(**changes: Any) -> dict[str, Any]:
    digest = _adguard_host.digest(OLD)
    return {
        **PLACE,
        "operation": "replace",
        "content": NEW,
        "digest": digest,
        "remembered": {"rules": ["x"]},
        **changes,
    }


def test_reads_nothing_where_nothing_is(run_module: Run) -> None:
    result = run_module("adguard_home_file", {**PLACE, "operation": "read"}, system="Linux")
    assert result["state"] == {"content": None, "digest": "", "remembered": {}, "unfinished": False}


def test_reads(run_module: Run, there: Path) -> None:
    state = run_module("adguard_home_file", {**PLACE, "operation": "read"}, system="Linux")["state"]
    assert base64.b64decode(state["content"]) == OLD
    assert state["digest"] == _adguard_host.digest(OLD)


@pytest.mark.parametrize(
    ("system", "calls"),
    [
        pytest.param("Linux", [ACTIVE, STOP, START], id="systemd"),
        pytest.param("Linux", [INACTIVE], id="systemd, not running"),
        pytest.param("Darwin", [LOADED, BOOTOUT, UNLOADED, BOOTSTRAP, LOADED], id="launchd"),
        pytest.param("Darwin", [UNLOADED], id="launchd, not loaded"),
    ],
)
def test_the_program_is_stopped_while_its_file_is_replaced(
    run_module: Run, there: Path, host_files: Path, system: str, calls: list[Call]
) -> None:
    result = run_module("adguard_home_file", replace(), calls, system=system)
    assert result["changed"]
    assert not result["stale"]
    assert there.read_text() == NEW
    assert there.stat().st_mode & 0o777 == 0o600
    assert json.loads((host_files / f"{DIRECTORY}.managed.json").read_text()) == {"rules": ["x"]}


def test_a_file_that_is_another_one_by_now_is_left_alone_and_the_program_runs_again(
    run_module: Run, there: Path
) -> None:
    result = run_module("adguard_home_file", replace(digest="other"), [ACTIVE, STOP, START], system="Linux")
    assert result["stale"]
    assert not result["changed"]
    assert there.read_bytes() == OLD


def test_check_mode_touches_nothing(run_module: Run, there: Path) -> None:
    assert run_module("adguard_home_file", replace(), check=True, system="Linux")["changed"]
    assert there.read_bytes() == OLD


def test_without_its_user_the_program_goes_on_as_before(run_module: Run, there: Path) -> None:
    result = run_module("adguard_home_file", replace(owner="nobody-there"), [ACTIVE, STOP, START], system="Linux")
    assert "there is no user nobody-there" in result["msg"]
    assert there.read_bytes() == OLD


def test_restore_brings_back_the_file_and_what_was_remembered(run_module: Run, there: Path, host_files: Path) -> None:
    managed = host_files / f"{DIRECTORY}.managed.json"
    managed.write_text('{"rules": ["old"]}')
    run_module("adguard_home_file", replace(), [INACTIVE], system="Linux")
    # A second change before a commit does not make us forget the file that worked.
    again = replace(content="third: 1\n", digest=_adguard_host.digest(NEW.encode()))
    run_module("adguard_home_file", again, [INACTIVE], system="Linux")
    result = run_module("adguard_home_file", {**PLACE, "operation": "restore"}, [ACTIVE, STOP, START], system="Linux")
    assert result["changed"]
    assert there.read_bytes() == OLD
    assert json.loads(managed.read_text()) == {"rules": ["old"]}


def test_a_kept_file_comes_back_after_the_program_rewrote_it(run_module: Run, there: Path) -> None:
    keep = {**PLACE, "operation": "keep"}
    assert run_module("adguard_home_file", keep, check=True, system="Linux")["changed"]
    assert run_module("adguard_home_file", keep, system="Linux")["changed"]
    assert not run_module("adguard_home_file", keep, system="Linux")["changed"]
    there.write_text("schema_version: 35\n")
    run_module("adguard_home_file", {**PLACE, "operation": "restore"}, [ACTIVE, STOP, START], system="Linux")
    assert there.read_bytes() == OLD


def test_restore_leaves_no_file_where_there_was_none_and_starts_no_wizard(run_module: Run, host_files: Path) -> None:
    run_module("adguard_home_file", replace(digest=""), [INACTIVE], system="Linux")
    run_module("adguard_home_file", {**PLACE, "operation": "restore"}, [ACTIVE, STOP], system="Linux")
    assert not (host_files / FILE).exists()


def test_restore_without_a_change_does_nothing(run_module: Run, there: Path) -> None:
    result = run_module("adguard_home_file", {**PLACE, "operation": "restore"}, [INACTIVE], system="Linux")
    assert not result["changed"]
    assert there.read_bytes() == OLD


def test_commit(run_module: Run, there: Path, host_files: Path) -> None:
    run_module("adguard_home_file", replace(), [INACTIVE], system="Linux")
    assert run_module("adguard_home_file", {**PLACE, "operation": "commit"}, system="Linux")["changed"]
    assert not (host_files / f"{DIRECTORY}.before.json").exists()
    assert not run_module("adguard_home_file", {**PLACE, "operation": "commit"}, system="Linux")["changed"]


def test_commit_keeps_what_the_program_made(run_module: Run, there: Path, host_files: Path) -> None:
    commit = {**PLACE, "operation": "commit", "remembered": {"rules": [], "made": {"dns.port": [53, "53"]}}}
    run_module("adguard_home_file", commit, system="Linux")
    assert json.loads((host_files / f"{DIRECTORY}.managed.json").read_text()) == commit["remembered"]


@pytest.mark.parametrize(
    ("result", "ok", "last"),
    [
        (_command.Result(0, err="2026/11/21 12:00:00.000000 [info] file is ok"), True, "file is ok"),
        (_command.Result(1, err="2026/11/21 12:00:00.000000 [error] line 3: bad"), False, "line 3: bad"),
        (_command.Result(1), False, "it printed nothing"),
    ],
    ids=["ok", "refused", "silent"],
)
def test_the_program_checks_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, result: _command.Result, ok: bool, last: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen = []

    class Program(_command.Commands):
        def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> _command.Result:
            seen.append(argv)
            assert Path(argv[3]).read_text() == NEW
            return result

    state = _adguard_host.check(Program(), "/opt/AdGuardHome", NEW)
    (argv,) = seen
    assert argv[:3] == ["/opt/AdGuardHome", "--check-config", "-c"]
    assert argv[4:] == ["-w", argv[3].rpartition("/")[0]]
    assert (state["ok"], state["said"], state["migrated"]) == (ok, last, None)
    assert list(tmp_path.iterdir()) == []


def test_what_the_program_makes_of_an_older_file_is_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    class Program(_command.Commands):
        def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> _command.Result:
            Path(argv[3]).write_text("schema_version: 34\n")
            return _command.Result(0)

    state = _adguard_host.check(Program(), "/opt/AdGuardHome", "schema_version: 25\n")
    assert base64.b64decode(state["migrated"]) == b"schema_version: 34\n"
