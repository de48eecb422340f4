# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""apt_ready: who holds apt is waited for and named, and what a run left half-done is finished; texts of dpkg 1.21."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _apt
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apt import CONFIGURE, GET, STATES, Holder

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

SETTLED = "dkms\tinstalled\nlinux-image-6.8.0-85-generic\tinstalled\nold\tconfig-files\n"
HALF = SETTLED.replace("generic\tinstalled", "generic\thalf-configured")
NO_SPACE = """Setting up linux-image-6.8.0-85-generic (6.8.0-85.87) ...
update-initramfs: Generating /boot/initrd.img-6.8.0-85-generic
zstd: error 70 : Write error : cannot write block : No space left on device
dpkg: error processing package linux-image-6.8.0-85-generic (--configure):
 installed linux-image-6.8.0-85-generic package post-installation script subprocess returned error exit status 1
"""
FIX = [*GET, "--simulate", "--fix-broken", "install"]


def states(text: str = SETTLED) -> Call:
    return call(STATES, out=text)


def test_a_host_at_rest_is_ready(run_module: Run) -> None:
    assert run_module("apt_ready", {}, [states()]) == {
        "changed": False,
        "held_by": None,
        "finished": [],
        "invocation": {"module_args": {"timeout": 900}},
    }


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have apt held by a fresh host's upgrade, as often as it is asked."""

    def hold(times: int) -> None:
        answers = [Holder(311, "unattended-upgrade")] * times
        monkeypatch.setattr(_apt, "holder", lambda: answers.pop() if answers else None)

    return hold


def test_who_holds_apt_is_waited_for(run_module: Run, held: Callable[[int], None]) -> None:
    held(100)
    result = run_module("apt_ready", {}, [states()])
    assert (result["changed"], result["held_by"]) == (False, "unattended-upgrade (pid 311)")


def test_without_time_it_only_says_who(run_module: Run, held: Callable[[int], None]) -> None:
    held(2)
    assert run_module("apt_ready", {"timeout": 0})["held_by"] == "unattended-upgrade (pid 311)"


def test_waiting_has_a_limit(run_module: Run, held: Callable[[int], None]) -> None:
    held(10_000)
    result = run_module("apt_ready", {"timeout": 60})
    assert result["msg"] == (
        "apt is held by unattended-upgrade (pid 311) for more than 60 seconds: look what it does, and run this again"
        " when it has ended."
    )


def test_half_configured_packages_are_finished_first(run_module: Run) -> None:
    result = run_module("apt_ready", {}, [states(HALF), call(CONFIGURE), states()])
    assert (result["changed"], result["finished"]) == (True, ["linux-image-6.8.0-85-generic"])


def test_check_mode_says_what_it_would_finish(run_module: Run) -> None:
    result = run_module("apt_ready", {}, [states(HALF)], check=True)
    assert (result["changed"], result["finished"]) == (True, ["linux-image-6.8.0-85-generic"])


def test_an_interrupted_dpkg_is_finished(run_module: Run, host_files: Path) -> None:
    journal = host_files / "var/lib/dpkg/updates"
    journal.mkdir(parents=True)
    (journal / "0001").touch()
    calls = [states(), call(CONFIGURE, effect=(journal / "0001").unlink), states()]
    assert run_module("apt_ready", {}, calls)["changed"]


def test_what_cannot_be_finished_is_one_sentence(run_module: Run) -> None:
    failed = call(CONFIGURE, rc=1, err=NO_SPACE)
    again = call([*GET, "--fix-broken", "install"], rc=100, err=NO_SPACE)
    result = run_module("apt_ready", {}, [states(HALF), failed, states(HALF), call(FIX), again, states(HALF)])
    assert result["msg"].startswith(
        "linux-image-6.8.0-85-generic is left half-done by an earlier run and cannot be finished: dpkg: error"
        " processing package"
    )
    assert result["msg"].endswith("until `sudo dpkg --configure -a` succeeds.")


def test_nothing_is_removed_to_finish_it(run_module: Run) -> None:
    removal = call(FIX, out="Remv ubuntu-desktop [1.539]\n")
    result = run_module("apt_ready", {}, [states(HALF), call(CONFIGURE, rc=1), states(HALF), removal])
    assert "apt would remove ubuntu-desktop to mend that: decide it on the host" in result["msg"]


HOLD = """
import fcntl, sys
with open(sys.argv[1], "w") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_real_lock_is_seen_with_its_process_and_not_taken(host_files: Path) -> None:
    lock = host_files / "var/lib/dpkg/lock-frontend"
    lock.parent.mkdir(parents=True)
    lock.touch()
    assert _apt.holder() is None
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        command = host_files / f"proc/{process.pid}/cmdline"
        command.parent.mkdir(parents=True)
        command.write_bytes(b"/usr/bin/python3\0/usr/bin/unattended-upgrade\0--download-only\0")
        assert _apt.holder() == Holder(process.pid, "unattended-upgrade")
        process.communicate("")
    with lock.open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert _apt.holder() in (None, Holder(os.getpid(), "another process"))


@pytest.mark.parametrize(
    ("text", "installs", "removes"),
    [
        pytest.param(
            "Inst libnvidia-compute-580 [575.1-0ubuntu1] (580.173.02-0ubuntu1 NVIDIA:x86_64 [amd64])\n"
            "Inst dkms (3.0.11-1ubuntu13 Ubuntu:24.04/noble [all])\n"
            "Remv libnvidia-gl-575:i386 [575.1-0ubuntu1]\n"
            "Remv ubuntu-desktop [1.539]\n"
            "Conf dkms (3.0.11-1ubuntu13 Ubuntu:24.04/noble [all])\n",
            {"libnvidia-compute-580": "580.173.02-0ubuntu1", "dkms": "3.0.11-1ubuntu13"},
            ["libnvidia-gl-575", "ubuntu-desktop"],
            id="mixed",
        ),
        pytest.param("Purg nvidia-dkms-580-open [580.173.02-0ubuntu1] []\n", {}, ["nvidia-dkms-580-open"], id="purged"),
        pytest.param("NOTE: This is only a simulation!\n", {}, [], id="nothing"),
    ],
)
def test_what_apt_would_do_is_read(text: str, installs: dict[str, str], removes: list[str]) -> None:
    found = _apt.parse(text)
    assert (found.installs, found.removes) == (installs, removes)
