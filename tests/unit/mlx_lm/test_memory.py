# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a Mac says about its memory, and what dead processes have left in it."""

from __future__ import annotations

import pytest

GB = 1024**3
# As macOS 26 prints it.
VM_STAT = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               65536.
Pages active:                            500000.
Pages inactive:                           65536.
Pages speculative:                            0.
Pages throttled:                              0.
Pages wired down:                        {wired}.
Pages purgeable:                              0.
"Translation faults":                 123456789.
"""


def vm_stat(gigabytes):
    return VM_STAT.format(wired=gigabytes * GB // 16384)


def test_reads_pages(front):
    found = front("memory").parse_vm_stat(vm_stat(3))
    assert (found["Pages wired down"], found["Pages free"]) == (3 * GB, GB)
    assert front("memory").parse_vm_stat("Usage: vm_stat") == {}


def test_reads_what_linux_could_give(front):
    assert front("memory").parse_meminfo("MemFree: 1 kB\nMemAvailable:    2048 kB\n") == 2 * 1024**2
    assert front("memory").parse_meminfo("") is None


@pytest.mark.parametrize(
    ("size", "free", "fits"), [(4, 7.1, True), (4, 6.9, False), (0.1, 2.0, False), (1, None, False)]
)
def test_a_second_model_needs_room_to_spare(front, size, free, fits):
    assert front("memory").fits_beside(int(size * GB), None if free is None else int(free * GB)) is fits


@pytest.fixture
def mac(front, monkeypatch):
    """A Mac whose wired memory and boot a test sets."""
    state = {"wired": 3, "boot": "{ sec = 1, usec = 0 }"}

    def output(*argv):
        return vm_stat(state["wired"]) if argv == ("/usr/bin/vm_stat",) else state["boot"]

    monkeypatch.setattr(front("memory"), "_output", output)
    monkeypatch.setattr(front("memory").platform, "system", lambda: "Darwin")
    return state


def test_memory_that_is_held_by_nobody_is_told_across_restarts_of_the_service(front, mac, tmp_path):
    held = front("memory").Held(tmp_path / "wired.json")
    held.note()
    assert held.by_nobody() == 0
    mac["wired"] = 24
    again = front("memory").Held(tmp_path / "wired.json")
    again.note()
    assert again.by_nobody() == 21 * GB
    assert front("memory").gigabytes(again.by_nobody()) == "21 GB"
    mac["wired"] = 4
    assert again.by_nobody() == 0


def test_after_a_reboot_nothing_is_held(front, mac, tmp_path):
    front("memory").Held(tmp_path / "wired.json").note()
    mac.update(wired=24, boot="{ sec = 2, usec = 0 }")
    held = front("memory").Held(tmp_path / "wired.json")
    held.note()
    assert held.by_nobody() == 0


def test_what_nobody_says_is_unknown(front, mac, monkeypatch, tmp_path):
    monkeypatch.setattr(front("memory"), "_output", lambda *_: "")
    held = front("memory").Held(tmp_path / "wired.json")
    held.note()
    assert held.by_nobody() is None
    assert not (tmp_path / "wired.json").exists()


def test_linux_has_no_wired_memory_of_a_gpu(front, monkeypatch):
    monkeypatch.setattr(front("memory").platform, "system", lambda: "Linux")
    assert front("memory").wired() is None
