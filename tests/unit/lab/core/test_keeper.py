# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The keeper waits for its host, and sends it to sleep when the host asks for it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lab import cgroups, keeper, names
from lab.disk import Disk
from lab.topology import Host

if TYPE_CHECKING:
    from pathlib import Path

MAC = Host("olab1", "macos", "10.66.1.11")


@pytest.mark.parametrize("status", [0, 133])
def test_it_returns_how_the_host_ended(tmp_path: Path, status: int) -> None:
    machine = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({status})"])
    assert keeper.watch(machine, tmp_path / "sleep", lambda: pytest.fail("nobody asked for it")) == status


def test_an_order_to_sleep_is_obeyed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_LOOK_SECONDS", 0.01)
    order = tmp_path / "sleep"
    order.write_text("{}", encoding="ascii")
    machine = subprocess.Popen(["sleep", "100"])
    seen = []

    def sleep() -> None:
        seen.append(order.exists())
        machine.kill()

    assert keeper.watch(machine, order, sleep) < 0
    assert seen == [False]


def test_it_is_done_from_outside_the_hosts_control_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr(cgroups, "create", lambda *parts: done.append(parts) or [tmp_path])
    monkeypatch.setattr(keeper.subprocess, "Popen", lambda argv, **_named: done.append(argv[-6:]))
    keeper._send_to_sleep(Disk("desk", MAC, ()))
    assert done == [
        ("desk", names.CARDS_CGROUP, "olab1"),
        ["-m", "lab", "--name", "desk", "sleep", "olab1"],
    ]
