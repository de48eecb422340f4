# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The fixture ``mac``: run a simulated program in this process on a Mac that is only a scratch directory."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from lab.macos.simulator.launchd.control import handle
from lab.macos.simulator.launchd.supervisor import Supervisor
from lab.macos.simulator.profile import Profile
from lab.macos.simulator.spawn import Completed
from lab.macos.simulator.state import DIRECTORY, State
from lab.macos.simulator.tool import Context, call
from lab.macos.simulator.tools import launchctl

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass
class Result:
    """What a program did."""

    rc: int
    out: str
    err: str


HOST: dict[str, Any] = {
    "name": "olab1",
    "release": "26.5",
    "model": "Mac16,10",
    "memory_gigabytes": 16,
    "serial": "C07XXXXXXX01",
    "hardware_uuid": "5B4D5D7C-0000-5000-8000-000000000001",
    "users": [{"name": "admin", "full_name": "Admin", "uid": 501}],
    "interfaces": {
        "en0": {"port": "Ethernet", "address": "1c:f6:4c:00:00:01"},
        "en1": {"port": "Wi-Fi", "address": "1c:f6:4c:00:00:02"},
        "en2": {"port": "Thunderbolt 1", "receptacle": 1, "address": "36:e3:5e:f0:6d:80"},
        "en3": {"port": "Thunderbolt 2", "receptacle": 2, "address": "36:e3:5e:f0:6d:84"},
        "en4": {"port": "Thunderbolt 3", "receptacle": 3, "address": "36:e3:5e:f0:6d:88"},
    },
    "dhcp": {
        "en0": {
            "address": "10.66.1.11",
            "netmask": "255.255.255.0",
            "router": "10.66.1.1",
            "dns": ["10.66.1.1"],
        }
    },
    "thunderbolt": {
        "domain_uuid": "3D589BC7-F32A-4054-BE1A-F8253AD4FE51",
        "switch_uid": "0x05AC51E771159CF2",
    },
}


class Mac:
    """A scratch Mac. Hidden real programs are not run: calls are noted, answers are given beforehand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = State(str(root))
        self.calls: list[list[str]] = []
        self.executed: list[list[str]] = []
        self._answers: list[tuple[list[str], Completed]] = []
        self.directory = root / DIRECTORY.lstrip("/")
        (self.directory / "state").mkdir(parents=True)
        self.host()

    def host(self, **changes: Any) -> None:
        """Describe the machine as the lab does: the default host with changes."""
        (self.directory / "host.json").write_text(json.dumps({**HOST, **changes}))

    def cables(self, **ends: Any) -> None:
        """Plug cables in: receptacle number (as ``r1=``…) -> far end."""
        (self.directory / "cables.json").write_text(json.dumps({key.lstrip("r"): end for key, end in ends.items()}))

    def path(self, absolute: str) -> Path:
        """Where a path of the Mac is on this machine."""
        return self.root / absolute.lstrip("/")

    def write(self, absolute: str, text: str = "") -> Path:
        """Make a file of the Mac, with its directories."""
        path = self.path(absolute)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def answer(self, *argv: str, out: str = "", err: str = "", rc: int = 0) -> None:
        """Say what a hidden program (whose arguments begin so) answers; the latest matching answer counts."""
        self._answers.insert(0, (list(argv), Completed(list(argv), rc, out, err)))

    def _hidden(self, *argv: str, stdin: str = "", check: bool = False) -> Completed:
        self.calls.append(list(argv))
        for start, completed in self._answers:
            if list(argv[: len(start)]) == start:
                if check and completed.returncode:
                    raise RuntimeError(f"{' '.join(argv)}: {completed.stderr}")
                return completed
        return Completed(list(argv), 0)

    def _execute(self, *argv: str) -> int:
        self.executed.append(list(argv))
        return 0

    def context(
        self,
        program: str,
        *argv: str,
        uid: int = 0,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        release: str | None = None,
        model: str | None = None,
    ) -> Context:
        """A call that is not made yet; ``release`` and ``model`` count for this call only."""
        context = Context(
            list(argv),
            program,
            uid=uid,
            state=self.state,
            stdin=io.StringIO(stdin),
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            environment={"HOME": "/Users/admin" if uid else "/var/root"} if environment is None else environment,
        )
        context.profile = Profile(self.state)
        changes = {"release": release, "model": model}
        context.profile.host = {**context.profile.host, **{key: value for key, value in changes.items() if value}}
        context.run = self._hidden  # type: ignore[method-assign]
        context.execute = self._execute  # type: ignore[method-assign]
        return context

    def run(self, program: str, *argv: str, **options: Any) -> Result:
        """Run a program and say what it did; the options are those of ``context``."""
        context = self.context(program, *argv, **options)
        status = call(context)
        return Result(status, context.stdout.getvalue(), context.stderr.getvalue())  # type: ignore[attr-defined]


@pytest.fixture
def mac(tmp_path: Path) -> Mac:
    """A scratch Mac: ``mac.run("pmset", "-g", "custom", uid=0, release="26.5")``."""
    return Mac(tmp_path)


@pytest.fixture
def real_launchd(mac: Any, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """Really start what property lists say."""
    supervisor = Supervisor(mac.state)

    def ask(context: Context, operation: str, **arguments: Any) -> dict[str, Any]:
        return handle(supervisor, {"operation": operation, **arguments}, context.uid, lambda _action: None)

    monkeypatch.setattr(launchctl, "ask", ask)
    return supervisor
