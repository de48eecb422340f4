# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""macos_headless: what was before the first change is remembered, and set back where nobody has changed it since."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

RECORD = "var/db/hybrid-ai/macos_headless.before.json"
UPDATES = "/Library/Preferences/com.apple.SoftwareUpdate"
RESTORED = {"record": "macos_headless", "state": "restored"}
STARTUP = ["/", "/System/Volumes/Data"]
DISKS = ["/Volumes/Here", "/Volumes/Gone"]
MOUNTED = call(["/sbin/mount"], out="/dev/disk3s1s1 on / (apfs, local)\n/dev/disk5s1 on /Volumes/Here (apfs, local)\n")
BACKUP = ["/usr/bin/defaults", "read", "/Library/Preferences/com.apple.TimeMachine", "AutoBackup"]
TITLES = {
    "power": "power settings",
    "power_on_battery": "power settings on battery",
    "restart_after_power_failure": "when power comes back",
    "restart_on_freeze": "restart after a freeze",
    "time_zone": "time zone",
    "network_time_server": "time server",
    "network_time": "clock set by the network",
    "spotlight": "Spotlight indexing",
    "spotlight_may_index": "Spotlight on other volumes",
    "time_machine": "automatic Time Machine backups",
    "automatic_updates": "automatic updates",
    "system_memory_gigabytes": "GPU memory ceiling",
    "maximum_processes": "limit of processes",
    "maximum_open_files": "limit of open files",
}


def power(**settings: int) -> Call:
    rows = "".join(f" {name:<20} {value}\n" for name, value in settings.items())
    return call(["/usr/bin/pmset", "-g", "custom"], out=f"AC Power:\n{rows}")


def spotlight(state: str) -> Call:
    return call(["/usr/bin/mdutil", "-s", *STARTUP], out=f"/:\n\tIndexing {state}.\n")


def update(key: str, value: str | None) -> Call:
    argv = ["/usr/bin/defaults", "read", UPDATES, key]
    if value is None:
        return call(argv, rc=1, err=f"The domain/default pair of ({UPDATES}, {key}) does not exist\n")
    return call(argv, out=f"{value}\n")


def updates(download: str | None, install: str | None) -> list[Call]:
    return [update("AutomaticDownload", download), update("AutomaticallyInstallMacOSUpdates", install)]


def freeze(value: str) -> Call:
    return call(["/usr/sbin/systemsetup", "-getrestartfreeze"], out=f"Restart After Freeze: {value}\n")


def noted(before: Any, after: Any) -> dict[str, Any]:
    return {"before": before, "after": after}


def put(host: Path, remembered: dict[str, Any]) -> None:
    (host / RECORD).parent.mkdir(parents=True)
    (host / RECORD).write_text(json.dumps(remembered))


def unknown(*known: str) -> str:
    return f"{', '.join(title for name, title in TITLES.items() if name not in known)}: no change is remembered"


def test_only_what_changes_is_remembered_before_it_changes(run_module: Run, host_files: Path) -> None:
    seen: list[str] = []
    wanted = {"power": {"sleep": 0, "womp": 1}, "spotlight": False, "record": "macos_headless"}
    reads = [power(sleep=10, womp=1), spotlight("disabled")]
    run_module("macos_headless", wanted, reads, check=True)
    assert not (host_files / RECORD).exists()
    write = call(["/usr/bin/pmset", "-a", "sleep", "0"], effect=lambda: seen.append((host_files / RECORD).read_text()))
    calls = [*reads, write, power(sleep=0, womp=1)]
    assert run_module("macos_headless", wanted, calls)["changed_settings"] == ["power"]
    assert [json.loads(text) for text in seen] == [{"power": {"sleep": noted(10, 0)}}]
    # Without a change, and without a record, nothing is written.
    run_module("macos_headless", wanted, [power(sleep=0, womp=1), spotlight("disabled")])
    assert (host_files / RECORD).read_text() == seen[0]


# (what is remembered, what is read before, what is run, what is read afterwards, what is left and why)
CASES = [
    pytest.param(
        {"power": {"sleep": noted(10, 0), "womp": noted(0, 1)}},
        [power(sleep=0, womp=1)],
        [call(["/usr/bin/pmset", "-a", "sleep", "10", "womp", "0"])],
        [power(sleep=10, womp=0)],
        [unknown("power")],
        id="power",
    ),
    pytest.param(
        {"restart_after_power_failure": {"restart_after_power_failure": noted("never", "after_failure")}},
        [power(autorestart=1)],
        [call(["/usr/bin/pmset", "-a", "autorestart", "0"])],
        [power(autorestart=0)],
        [unknown("restart_after_power_failure")],
        id="when-power-comes-back",
    ),
    pytest.param(
        {"power": {"sleep": noted(10, 0), "displaysleep": noted(10, 0)}},
        [power(sleep=5, displaysleep=0)],
        [call(["/usr/bin/pmset", "-a", "displaysleep", "10"])],
        [power(sleep=5, displaysleep=10)],
        ["power settings, sleep: somebody has changed it since", unknown("power")],
        id="one-that-somebody-has-changed-since",
    ),
    pytest.param(
        {
            "automatic_updates": {
                "AutomaticDownload": noted(None, False),
                "AutomaticallyInstallMacOSUpdates": noted(True, False),
            }
        },
        updates("0", "0"),
        [
            call(["/usr/bin/defaults", "delete", UPDATES, "AutomaticDownload"]),
            call(["/usr/bin/defaults", "write", UPDATES, "AutomaticallyInstallMacOSUpdates", "-bool", "true"]),
        ],
        updates(None, "1"),
        [unknown("automatic_updates")],
        id="updates-that-nobody-had-set",
    ),
    pytest.param(
        {"restart_on_freeze": {"restart_on_freeze": noted(before=False, after=True)}},
        [freeze("On")],
        [call(["/usr/sbin/systemsetup", "-setrestartfreeze", "off"])],
        [freeze("Off")],
        [unknown("restart_on_freeze")],
        id="restart-on-freeze",
    ),
    pytest.param(
        {"spotlight": {"spotlight": noted(before=True, after=False)}},
        [spotlight("disabled")],
        [call(["/usr/bin/mdutil", "-i", "on", "/"])],
        [spotlight("enabled")],
        [unknown("spotlight")],
        id="spotlight",
    ),
    pytest.param(
        {"spotlight_may_index": {disk: noted(before=True, after=False) for disk in DISKS}},
        [MOUNTED, call(["/usr/bin/mdutil", "-s", DISKS[0]], out=f"{DISKS[0]}:\n\tIndexing disabled.\n")],
        [call(["/usr/bin/mdutil", "-i", "on", DISKS[0]])],
        [MOUNTED, call(["/usr/bin/mdutil", "-s", DISKS[0]], out=f"{DISKS[0]}:\n\tIndexing enabled. \n")],
        ["Spotlight on other volumes, /Volumes/Gone: it is not connected", unknown("spotlight_may_index")],
        id="spotlight-on-a-disk-that-is-there",
    ),
    pytest.param(
        {"time_machine": {"time_machine": noted(True, False)}},
        [call(BACKUP, out="0\n")],
        [call(["/usr/bin/tmutil", "enable"])],
        [call(BACKUP, out="1\n")],
        [unknown("time_machine")],
        id="time-machine",
    ),
    pytest.param(
        {"spotlight": {"spotlight": noted(True, False)}},
        [spotlight("enabled")],
        [],
        [],
        [unknown("spotlight")],
        id="as-before",
    ),
    pytest.param(
        {"spotlight": {"spotlight": noted(True, False)}},
        [call(["/usr/bin/mdutil", "-s", *STARTUP], out="Error: unknown state.\n")],
        [],
        [],
        [
            'Spotlight indexing: mdutil says "Error: unknown state.", so whether Spotlight indexes / is unknown.',
            unknown("spotlight"),
        ],
        id="cannot-be-told",
    ),
    pytest.param(None, [], [], [], [unknown()], id="nothing-is-remembered"),
]


@pytest.mark.parametrize(("remembered", "reads", "writes", "reads_back", "kept"), CASES)
def test_what_is_remembered_is_set_back_and_forgotten(
    *,
    remembered: dict[str, Any] | None,
    reads: list[Call],
    writes: list[Call],
    reads_back: list[Call],
    kept: list[str],
    run_module: Run,
    host_files: Path,
) -> None:
    if remembered is not None:
        put(host_files, remembered)
    # What the others say does not count.
    args = {**RESTORED, "name": "olab1", "power": {"sleep": 0}}
    predicted = run_module("macos_headless", args, reads, check=True)
    assert (predicted["changed"], predicted["kept"]) == (bool(writes), kept)
    assert (host_files / RECORD).exists() is (remembered is not None)
    result = run_module("macos_headless", args, [*reads, *writes, *reads_back])
    assert (result["changed"], result["kept"]) == (bool(writes), kept)
    assert not (host_files / RECORD).exists()


def test_what_does_not_show_is_a_failure_and_stays_remembered(run_module: Run, host_files: Path) -> None:
    put(host_files, {"power": {"sleep": noted(10, 0)}, "spotlight": {"spotlight": noted(True, False)}})
    calls = [
        *[power(sleep=0), call(["/usr/bin/pmset", "-a", "sleep", "10"]), power(sleep=0)],
        *[spotlight("disabled"), call(["/usr/bin/mdutil", "-i", "on", "/"]), spotlight("enabled")],
    ]
    result = run_module("macos_headless", RESTORED, calls)
    assert (result["failed"], result["changed_settings"]) == (True, ["spotlight"])
    assert result["msg"].startswith("The change did not take effect: sleep is 0 instead of 10.")
    assert (host_files / RECORD).exists()


def test_it_has_to_be_told_where_to_look(run_module: Run) -> None:
    result = run_module("macos_headless", {"state": "restored"})
    assert result["msg"] == "Give record, the name under which the settings from before are remembered."
