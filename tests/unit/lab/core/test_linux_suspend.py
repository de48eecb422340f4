# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A Linux host leaves an order where its keeper looks for it, and offers to suspend to memory."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from lab import keeper, linux_suspend, names
from lab.disk import Disk
from lab.topology import Host

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

LINUX = Host("gpu1", "linux", "10.66.1.20")
MAC = Host("olab1", "macos", "10.66.1.11")


def test_the_keeper_looks_where_the_host_leaves_it() -> None:
    disk = Disk("desk", LINUX, ())
    (text, _) = linux_suspend.FILES["etc/systemd/system/systemd-suspend.service.d/hybrid-lab.conf"]
    assert f": > /{keeper._sleep_order(disk).relative_to(disk.root)};" in text
    mac = Disk("desk", MAC, ())
    assert keeper._sleep_order(mac).relative_to(mac.root).parent.as_posix() == names.SIMULATOR_DATABASE


def test_what_orders_it_goes_on_when_the_order_was_taken(tmp_path: Path) -> None:
    (text, _) = linux_suspend.FILES["etc/systemd/system/systemd-suspend.service.d/hybrid-lab.conf"]
    # An empty line first: a drop-in adds to what there is.
    start = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    assert start[0] == ""
    script = re.fullmatch(r"/bin/sh -c '(.*)'", start[1])
    assert script is not None
    order = tmp_path / "order"
    process = subprocess.Popen(["/bin/sh", "-c", script[1].replace(f"/{linux_suspend.ORDER}", str(order))])
    while not order.exists():
        assert process.poll() is None
    order.unlink()
    assert process.wait(timeout=10) == 0


def test_a_host_offers_to_suspend_to_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux_suspend, "STATES", tmp_path)
    (option,) = linux_suspend.binding(tmp_path)
    source, _, target = option.removeprefix("--bind=").partition(":")
    assert target == str(tmp_path)
    assert "mem" in (tmp_path / "power-states").read_text(encoding="ascii").split()
    assert source == str(tmp_path / "power-states")


def test_where_the_kernel_has_no_list_there_is_nothing_to_lay_it_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linux_suspend, "STATES", tmp_path / "none")
    assert linux_suspend.binding(tmp_path) == []
