# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Fixtures for modules: run `main()` with arguments against a list of expected commands."""

from __future__ import annotations

import grp
import importlib
import json
import os
import platform
import pwd
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils import _internal as ansible_internal
from ansible.module_utils.common import warnings as ansible_warnings
from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.testing import patch_module_args
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _command, _files, _wait

from tests.unit.plugins.harness import Call, Clock, Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

COLLECTION = "ansible_collections.hybrid_ai.cluster.plugins"


@pytest.fixture
def replay() -> Callable[[Sequence[Call]], Replay]:
    """Make a command port that answers from a list; call its `finish()` at the end."""
    return lambda calls: Replay(list(calls))


@pytest.fixture
def host_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move the files a module touches below a temporary directory, whoever runs the test."""
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    owners: dict[tuple[int, int], tuple[int, int]] = {}

    def mode_and_owner(path: str) -> tuple[int, int, int] | None:
        try:
            status = _files.real(path).lstat()
        except FileNotFoundError:
            return None
        return status.st_mode & 0o7777, *owners.get((status.st_dev, status.st_ino), (0, 0))

    def fchown(descriptor: int, uid: int, gid: int) -> None:
        status = os.fstat(descriptor)
        owners[status.st_dev, status.st_ino] = (uid, gid)

    monkeypatch.setattr(os, "fchown", fchown)
    monkeypatch.setattr(_files, "mode_and_owner", mode_and_owner)
    return tmp_path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the clock of the modules by one that needs no time."""
    clock = Clock()
    monkeypatch.setattr(_wait, "now", clock.now)
    monkeypatch.setattr(_wait, "sleep", clock.sleep)
    return clock


@pytest.fixture
def account_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """Have a host with the user of a service and one directory of its own; change an entry to break it."""
    user = {"pw_uid": os.getuid(), "pw_gid": os.getgid(), "pw_gecos": "exo", "pw_dir": "/opt/exo"}
    state: dict[str, Any] = {"user": {**user, "pw_shell": "/usr/bin/false"}, "group": os.getgid()}

    def getpwnam(name: str) -> pwd.struct_passwd:
        if state["user"] is None:
            raise KeyError(name)
        entry = state["user"]
        words = (entry["pw_gecos"], entry["pw_dir"], entry["pw_shell"])
        return pwd.struct_passwd((name, "x", entry["pw_uid"], entry["pw_gid"], *words))

    def getgrnam(name: str) -> grp.struct_group:
        if state["group"] is None:
            raise KeyError(name)
        return grp.struct_group((name, "x", state["group"], []))

    monkeypatch.setattr(pwd, "getpwnam", getpwnam)
    monkeypatch.setattr(grp, "getgrnam", getgrnam)
    state["path"], state["directory"] = "/home", tmp_path / "home"
    state["directory"].mkdir(mode=0o750)
    state["directory"].chmod(0o750)
    return state


@pytest.fixture
def run_module(
    host_files: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    """Run a module's `main()` and return what it reports.

    `run_module("macos_headless", {"power": {"sleep": 0}}, [call(["/usr/bin/pmset", "-g", "custom"], out=TEXT)])`

    The commands must be run in exactly this order with exactly these words and this standard input; one more or one
    less fails the test. Files lie below `host_files`, time stands still, `system` is what `platform.system()` says.
    """
    monkeypatch.delenv("SSH_CONNECTION", raising=False)

    def run(
        name: str,
        args: dict[str, Any],
        calls: Sequence[Call] = (),
        *,
        check: bool = False,
        diff: bool = False,
        system: str = "Darwin",
        uid: int = 0,
    ) -> dict[str, Any]:
        port = Replay(list(calls))
        monkeypatch.setattr(_command.Commands, "run", lambda self, *words, **named: port.run(*words, **named))
        monkeypatch.setattr(platform, "system", lambda: system)
        monkeypatch.setattr(os, "geteuid", lambda: uid)
        monkeypatch.setattr(ansible_warnings, "_global_warnings", {})
        monkeypatch.setattr(ansible_internal, "is_controller", False)  # it is once a controller plugin was imported
        module = importlib.import_module(f"{COLLECTION}.modules.{name}")
        asked = {"_ansible_check_mode": check, "_ansible_diff": diff}
        if "inject_invocation" in PASS_VARS:
            # ansible-core from 2.20 on shows a module's options only where that is asked for.
            asked["_ansible_inject_invocation"] = True
        with patch_module_args({**args, **asked}):
            capsys.readouterr()
            with pytest.raises(SystemExit):
                module.main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        assert "exception" not in result, f"the module died: {result['exception']}"
        port.finish()
        return result

    return run
