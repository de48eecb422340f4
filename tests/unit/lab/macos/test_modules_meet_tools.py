# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real modules on a scratch Mac: each change is predicted, made, and found made."""

from __future__ import annotations

import importlib
import json
import os
import platform
from typing import Any

import pytest
from ansible.module_utils import _internal as ansible_internal
from ansible.module_utils.common import warnings as ansible_warnings
from ansible.module_utils.testing import patch_module_args
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _command, _files, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power_text import parse_custom

from lab.macos.simulator import passwords, power, volumes

COLLECTION = "ansible_collections.hybrid_ai.cluster.plugins"
POWER = {"sleep": 0, "displaysleep": 0, "disksleep": 10, "womp": True, "powernap": False}
FILEVAULT = {"filevault": "disabled", "filevault_user": "admin", "filevault_password": "correct horse"}
BOOT_ARGS = {"boot_arguments": {"present": ["serverperfmode=1"]}}


@pytest.fixture
def bare(mac, monkeypatch):
    """A Mac as it comes: FileVault is on, an administrator's password is known, nothing is ever waited for."""
    mac.write("/etc/shadow", f"admin:{passwords._crypt('correct horse', '$6$saltstring$')}:1::::::\n")
    (mac.root / "private/tmp").mkdir(parents=True)
    (mac.root / "Library/LaunchDaemons").mkdir(parents=True)
    (mac.root / "tmp").symlink_to("private/tmp")
    for area, changes in {
        "filevault": {"enabled": True, "decryption_seconds": 0},
        "softwareupdate": {"pace": 0, "failures": 1},
    }.items():
        with mac.state.edit(area) as data:
            data.update(changes)
    monkeypatch.setattr(_files, "ROOT", str(mac.root))
    monkeypatch.setattr(_wait, "sleep", lambda seconds: None)
    return mac


@pytest.fixture
def apply(bare, monkeypatch, capsys):
    """Run a module whose commands are the simulator's."""

    def run_command(_self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> _command.Result:
        result = bare.run(argv[0], *argv[1:], stdin=stdin or "")
        return _command.Result(result.rc, result.out, result.err)

    def run(name: str, args: dict[str, Any], *, check: bool = False) -> dict[str, Any]:
        monkeypatch.setattr(_command.Commands, "run", run_command)
        monkeypatch.setattr(platform, "system", lambda: "Darwin")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(ansible_warnings, "_global_warnings", {})
        monkeypatch.setattr(ansible_internal, "is_controller", False)
        module = importlib.import_module(f"{COLLECTION}.modules.{name}")
        with patch_module_args({**args, "_ansible_check_mode": check}):
            capsys.readouterr()
            with pytest.raises(SystemExit):
                module.main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        return result

    return run


CASES = [
    *(
        pytest.param("macos_headless", {name: value}, id=name)
        for name, value in {
            "name": "mini-one",
            "power": POWER,
            "restart_after_power_failure": "always",
            "restart_on_freeze": False,
            "time_zone": "Europe/Paris",
            "network_time_server": "ntp.example.org",
            "network_time": False,
            "spotlight": False,
            "time_machine": True,
            "automatic_updates": False,
            "system_memory_gigabytes": 4,
        }.items()
    ),
    pytest.param("macos_headless", FILEVAULT, id="filevault"),
    pytest.param("macos_command_line_tools", {}, id="command-line-tools-after-a-failed-download"),
]


@pytest.mark.parametrize("release", ["15.7", "26.5", "27.0"])
@pytest.mark.parametrize(("name", "args"), CASES)
def test_predicted_made_and_found_made(bare, apply, name, args, release) -> None:
    bare.host(release=release)
    predicted = apply(name, args, check=True)
    assert (predicted.get("failed"), predicted["changed"]) == (None, True)
    made = apply(name, args)
    assert (made.get("failed"), made["changed"]) == (None, True)
    again = apply(name, args)
    assert (again.get("failed"), again["changed"]) == (None, False)
    assert "correct horse" not in json.dumps([predicted, made, again])


@pytest.mark.parametrize("target", ["never", "after_failure", "always"])
@pytest.mark.parametrize("start", ["never", "after_failure", "always"])
def test_every_way_round_the_tri_state(apply, start, target) -> None:
    apply("macos_headless", {"restart_after_power_failure": start})
    result = apply("macos_headless", {"restart_after_power_failure": target})
    assert (result.get("failed"), result["changed"]) == (None, start != target)
    assert not apply("macos_headless", {"restart_after_power_failure": target})["changed"]


@pytest.mark.parametrize("start", ["autorestart 0 autorestartatconnect 0", "autorestart 0 autorestartatconnect 1"])
@pytest.mark.parametrize("model", ["Mac14,3", "Mac14,12"])
def test_an_older_mac_asked_to_start_always_restarts_at_least(bare, apply, model, start) -> None:
    bare.host(model=model)
    bare.run("pmset", "-a", *start.split())
    result = apply("macos_headless", {"restart_after_power_failure": "always"})
    assert (result.get("failed"), result["changed"]) == (None, True)
    assert f"{model} is an older one" in str(result["warnings"])
    settings = power.settings(bare.state)
    assert power.starts_when_power_returns(settings, bare.context("pmset").profile.hardware, was_running=True)
    assert not apply("macos_headless", {"restart_after_power_failure": "always"})["changed"]


@pytest.mark.parametrize("model", ["Mac16,10", "Mac16,11"])
@pytest.mark.parametrize("wanted", [{"lowpowermode": 0}, {"powermode": 0}])
def test_a_slow_mac_is_made_fast_by_either_name(bare, apply, model, wanted) -> None:
    bare.host(model=model)
    bare.run("pmset", "-a", "powermode", "1")
    assert apply("macos_headless", {"power": wanted}, check=True)["changed"]
    assert "warnings" not in apply("macos_headless", {"power": wanted})
    assert power.settings(bare.state)["powermode"] == 0
    assert not apply("macos_headless", {"power": wanted})["changed"]


SERVER = {"power": {"sleep": 0, "displaysleep": 0, "womp": 1}, "laptop": "refused"}


def profiles(mac: Any) -> dict[str, dict[str, int | str]]:
    return parse_custom(mac.run("pmset", "-g", "custom").out)


def test_a_laptop_is_no_server_until_it_is_allowed_and_keeps_its_battery(bare, apply) -> None:
    bare.host(model="Mac16,1")
    before = profiles(bare)
    assert "This Mac is a laptop" in apply("macos_headless", SERVER)["msg"]
    assert profiles(bare) == before
    assert apply("macos_headless", {**SERVER, "laptop": "allowed"})["changed"]
    assert profiles(bare)["AC Power"]["sleep"] == 0
    assert profiles(bare)["Battery Power"] == before["Battery Power"]
    on_battery = {"power_on_battery": {"sleep": 30, "displaysleep": 5}}
    assert apply("macos_headless", on_battery)["changed"]
    assert not apply("macos_headless", on_battery)["changed"]
    assert (profiles(bare)["Battery Power"]["sleep"], profiles(bare)["AC Power"]["sleep"]) == (30, 0)


def test_a_ups_is_set_and_set_back(bare, apply) -> None:
    bare.host(ups=True)
    before = profiles(bare)
    args = {**SERVER, "record": "test"}
    assert apply("macos_headless", args, check=True)["changed"]
    assert profiles(bare) == before
    assert apply("macos_headless", args)["changed"]
    assert (profiles(bare)["AC Power"]["sleep"], profiles(bare)["UPS Power"]["sleep"]) == (0, 0)
    assert not apply("macos_headless", args)["changed"]
    assert apply("macos_headless", {"record": "test", "state": "restored"})["changed"]
    assert profiles(bare) == before


def test_limits_of_the_kernel_are_set_and_set_back(bare, apply) -> None:
    limits = {"maximum_processes": 6000, "maximum_open_files": 500000, "record": "test"}
    assert apply("macos_headless", limits, check=True)["changed"]
    assert bare.run("sysctl", "-n", "kern.maxproc").out == "4000\n"
    assert apply("macos_headless", limits)["changed"]
    assert bare.run("sysctl", "-n", "kern.maxproc", "kern.maxfiles").out == "6000\n500000\n"
    assert not apply("macos_headless", limits)["changed"]
    assert len(list((bare.root / "Library/LaunchDaemons").glob("*.maximum-*.plist"))) == 2
    assert apply("macos_headless", {"record": "test", "state": "restored"})["changed"]
    assert bare.run("sysctl", "-n", "kern.maxproc").out == "4000\n"
    assert not list((bare.root / "Library/LaunchDaemons").glob("*.maximum-*.plist"))


@pytest.mark.parametrize("allowed", [True, False], ids=["Permissive Security", "normal security"])
def test_server_performance_mode_keeps_other_boot_arguments(bare, apply, *, allowed: bool) -> None:
    bare.host(boot_args_allowed=allowed)
    asked = {"server_performance_mode": True, "boot_arguments": {"present": ["-v"]}}
    first = apply("macos_headless", asked)
    assert first["changed"] is allowed
    assert first["settings"]["server_performance_mode"]["needs_recovery"] is not allowed
    said = bare.run("nvram", "boot-args")
    assert said.out == ("boot-args\t-v serverperfmode=1\n" if allowed else "")
    assert not apply("macos_headless", asked)["changed"]


def test_a_ups_that_is_gone_is_not_asked(bare, apply) -> None:
    bare.host(ups=True)
    apply("macos_headless", SERVER)
    bare.host()
    assert not apply("macos_headless", SERVER)["changed"]


def test_deferred_filevault_is_ended(bare, apply) -> None:
    with bare.state.edit("filevault") as data:
        data.update(enabled=False, deferred_user="alex")
    assert apply("macos_headless", {"filevault": "disabled"}, check=True)["changed"]
    assert apply("macos_headless", {"filevault": "disabled"})["changed_settings"] == ["filevault"]
    assert bare.run("fdesetup", "status").out == "FileVault is Off.\n"
    assert not apply("macos_headless", {"filevault": "disabled"})["changed"]


def test_spotlight_without_its_server(bare, apply) -> None:
    with bare.state.edit("spotlight") as data:
        data["server"] = "disabled"
    result = apply("macos_headless", {"spotlight": False, **FILEVAULT})
    assert (result.get("failed"), result["changed_settings"], result["unknown_settings"]) == (None, ["filevault"], {})


def test_spotlight_that_changes_for_a_while(bare, apply) -> None:
    with bare.state.edit("spotlight") as data:
        data["passing_after_a_change"] = 3
    assert apply("macos_headless", {"spotlight": False})["settings"] == {
        "spotlight": {"spotlight": False, "/System/Volumes/Data": False}
    }


def test_spotlight_where_only_the_other_half_has_an_index(bare, apply) -> None:
    with bare.state.edit("spotlight") as data:
        data["/"] = "read_only"
    result = apply("macos_headless", {"spotlight": False})
    assert (result.get("failed"), result["changed_settings"]) == (None, ["spotlight"])
    assert not apply("macos_headless", {"spotlight": False})["changed"]


def test_spotlight_on_disks(bare, apply) -> None:
    for point, kind in {"/Volumes/My Models": "disk", "/Volumes/Photos": "disk", "/Volumes/share": "share"}.items():
        volumes.connect(bare.state, point, kind)
    args = {"spotlight_may_index": ["/Volumes/Photos"]}
    result = apply("macos_headless", args)
    assert (result["changed"], result["settings"]) == (True, {"spotlight_may_index": {"/Volumes/My Models": False}})
    assert "Indexing disabled." in bare.run("mdutil", "-s", "/Volumes/My Models").out
    assert "Indexing enabled." in bare.run("mdutil", "-s", "/Volumes/Photos").out
    assert not apply("macos_headless", args)["changed"]


def test_spotlight_on_a_disk_in_riddles(bare, apply) -> None:
    for point in ("/Volumes/A", "/Volumes/B"):
        volumes.connect(bare.state, point)
    with bare.state.edit("spotlight") as data:
        data["riddles"] = {"/Volumes/A": "Error: kMDConfigSearchLevelOnAPlanet"}
    result = apply("macos_headless", {"spotlight_may_index": []})
    assert (result.get("failed"), result["settings"]) == (None, {"spotlight_may_index": {"/Volumes/B": False}})


def test_spotlight_in_riddles_stops_nothing_else(bare, apply) -> None:
    with bare.state.edit("spotlight") as data:
        data["riddles"] = dict.fromkeys(("/", "/System/Volumes/Data"), "Error: kMDConfigSearchLevelOnAPlanet")
    result = apply("macos_headless", {"power": {"sleep": 0}, "spotlight": False, **FILEVAULT})
    assert (result.get("failed"), result["changed_settings"]) == (None, ["power", "filevault"])
    assert result["unknown_settings"]["spotlight"].startswith('mdutil says "/: Error: kMDConfigSearchLevelOnAPlanet ')


def test_time_machine_that_may_not_be_read_is_not_off(bare, apply) -> None:
    assert not apply("macos_headless", {"time_machine": False})["changed"]
    bare.run("tmutil", "enable")
    with bare.state.edit("privacy") as data:
        data["full_disk_access"] = False
    result = apply("macos_headless", {"power": {"sleep": 0}, "time_machine": False})
    assert (result.get("failed"), result["changed_settings"]) == (None, ["power"])
    assert "Full Disk Access" in result["unknown_settings"]["time_machine"]
    with bare.state.edit("privacy") as data:
        data["full_disk_access"] = True
    assert apply("macos_headless", {"time_machine": False})["changed_settings"] == ["time_machine"]


def test_boot_args_need_recovery_at_normal_security(apply) -> None:
    result = apply("macos_headless", BOOT_ARGS)
    assert (result["changed"], result["settings"]["boot_arguments"]["needs_recovery"]) == (False, True)


def test_boot_args_are_merged_where_they_may_be_set(bare, apply) -> None:
    bare.host(boot_args_allowed=True)
    bare.run("nvram", "boot-args=-v")
    assert apply("macos_headless", BOOT_ARGS)["changed"]
    assert bare.run("nvram", "boot-args").out == "boot-args\t-v serverperfmode=1\n"
    assert not apply("macos_headless", BOOT_ARGS)["changed"]


def test_a_wrong_password_fails_without_being_told(apply) -> None:
    result = apply("macos_headless", {**FILEVAULT, "filevault_password": "wrong horse"})
    assert result["failed"]
    assert "wrong horse" not in result["msg"]
