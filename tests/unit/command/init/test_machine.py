# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What machines answer, and what they are taken for; what is not understood is unknown."""

from __future__ import annotations

import subprocess

import pytest

from hybrid_cluster.command.init import asking, machine
from tests.unit.command.init import macs

LINUX = """
@@cluster-init kernel
Linux
@@cluster-init name
gpu1.home.arpa
@@cluster-init release
Debian GNU/Linux 12 (bookworm)
@@cluster-init memory
65843052 kB
@@cluster-init route
[{"dst":"default","gateway":"192.168.1.1","dev":"enp5s0","protocol":"dhcp","metric":100,"flags":[]}]
@@cluster-init interface
[{"ifname":"lo","address":"00:00:00:00:00:00","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8}]},
{"ifname":"enp5s0","address":"00:11:22:33:44:55","addr_info":[{"family":"inet6","local":"fe80::1","prefixlen":64},
{"family":"inet","local":"192.168.1.20","prefixlen":24}]}]
@@cluster-init cards
0x8086 0x060000
0x10de 0x030000
@@cluster-init end
"""


def test_a_mac():
    text = macs.answer("Admins-Mac-mini", 11, macs.profile(*macs.buses("a", [{"a": 1, "b": 3}])))
    found = machine.parse(text)
    assert found is not None
    assert (found.is_mac, found.name, found.release) == (True, "Admins-Mac-mini", "26.5.2")
    assert (str(found.interface), found.gateway) == ("192.168.1.11/24", "192.168.1.1")
    assert (found.mac_address, found.memory_gigabytes) == ("1c:f6:4c:00:00:0b", 16)
    assert [port.receptacle for port in found.ports or ()] == [1, 2, 3]
    assert found.shown == "Mac mini, Apple M4, 16 GB, macOS 26.5.2"
    # A terminal ends lines with two characters.
    assert machine.parse(text.replace("\n", "\r\n")) == found


def test_a_linux_machine():
    found = machine.parse(LINUX)
    assert found is not None
    assert (found.is_linux, found.name, found.memory_gigabytes, found.has_nvidia) == (True, "gpu1", 62.8, True)
    assert (str(found.interface), found.gateway, found.mac_address) == (
        "192.168.1.20/24",
        "192.168.1.1",
        "00:11:22:33:44:55",
    )
    assert found.ports is None
    other = machine.parse(LINUX.replace("0x10de 0x030000", "0x10de 0x0c0330"))
    assert other is not None
    assert not other.has_nvidia, "a controller of NVIDIA's is no card"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Last login: Mon\n", id="a greeting alone"),
        pytest.param(LINUX.replace("@@cluster-init end", ""), id="cut short"),
        pytest.param("@@cluster-init kernel\n\n@@cluster-init end\n", id="no kernel"),
    ],
)
def test_no_answer_is_no_machine(text):
    assert machine.parse(text) is None


def test_parts_that_are_not_understood_are_unknown():
    text = macs.answer("mini1", 11, "system_profiler: something went wrong").replace("17179869184", "a lot")
    found = machine.parse(text.replace("inet 192", "inet6 192").replace("gateway:", "index:"))
    assert found is not None
    assert (found.ports, found.memory_gigabytes, found.interface, found.gateway, found.model) == (None,) * 5
    found = machine.parse(LINUX.replace("[{", "{[").replace("kB", "stone"))
    assert found is not None
    assert (found.memory_gigabytes, found.interface, found.gateway, found.mac_address) == (None,) * 4


def test_the_script_runs_here():
    done = subprocess.run(["/bin/sh", "-c", machine.SCRIPT], capture_output=True, text=True, check=True)
    found = machine.parse(done.stdout)
    assert found is not None
    assert (found.is_linux or found.is_mac, done.stderr) == (True, "")
    assert found.memory_gigabytes


def test_the_script_means_nothing_to_templates():
    assert not any(mark in machine.SCRIPT for mark in ("{{", "{%", "{#"))


LOCKED = (
    "it is locked and waits for the FileVault password; run playbooks/unlock.yml, or unlock it at its screen, and then "
    "it starts."
)
REFUSED = (
    "10.0.0.1 lets nobody log in; switch Remote Login on at its screen, in System Settings under General, Sharing."
)
FAILED = "Task failed: Failed to connect to the host via ssh: "


def login(tmp_path, password=None):
    return asking.Login("admin", tmp_path / "known_hosts", None, password)


@pytest.mark.parametrize(
    ("said", "password", "expected"),
    [
        (
            f"{FAILED}admin@10.0.0.1: Permission denied (publickey,password).",
            None,
            "it does not let admin in with no key; give its password, or Remote Login is not on for this user.",
        ),
        (
            f"{FAILED}admin@10.0.0.1: Permission denied (publickey,password).",
            "secret",
            "it does not let admin in with this password, or Remote Login is not on for this user.",
        ),
        (
            f"{FAILED}This system is locked. To unlock it, use a local account name and password. Permission denied",
            "secret",
            LOCKED,
        ),
        (
            f"{FAILED}ssh: connect to host 10.0.0.1 port 22: No route to host",
            None,
            "10.0.0.1 does not answer; see that it is on, awake and cabled, and that ansible_host is right.",
        ),
        (
            f"{FAILED}ssh: connect to host 10.0.0.1 port 22: Connection refused",
            None,
            REFUSED,
        ),
    ],
)
def test_who_says_nothing_has_a_reason(tmp_path, said, password, expected):
    found = asking.answers(["new0"], {"new0": {"unreachable": True, "msg": said}}, login(tmp_path, password))
    assert found.silent == {"new0": expected}


def test_an_answer_that_is_none_and_another_kernel_are_said(tmp_path):
    other = "@@cluster-init kernel\nFreeBSD\n@@cluster-init end\n"
    results = {"new0": {"stdout": "welcome"}, "new1": {"stdout": other}, "new2": {"failed": True, "msg": "timed  out"}}
    found = asking.answers(["new0", "new1", "new2", "new3"], results, login(tmp_path))
    assert found.machines == {}
    assert found.silent == {
        "new0": "its answer is not understood.",
        "new1": "its kernel is FreeBSD; only macOS and Linux are served.",
        "new2": "its answer is not understood: timed out.",
        "new3": "its answer is not understood.",
    }


def test_a_password_is_in_no_representation(tmp_path):
    assert "secret" not in repr(login(tmp_path, "secret"))
